"""Settings that outlive the window: napari keeps them, and shows them in its preferences."""

from __future__ import annotations

from typing import Any, TypeVar

from napari.settings import get_plugin_settings

from napari_unet.schema.settings import Record

PLUGIN = "napari-unet-finetune"
R = TypeVar("R", bound=Record)


def remembered(record: R, category: str) -> R:
    """A record with the values that the user left it with, as far as they were kept."""
    kept = _category(category)
    if kept is None:
        return record
    names = type(record).model_fields.keys() & type(kept).model_fields.keys()
    values = {name: getattr(kept, name) for name in names}
    try:
        return type(record).model_validate({**record.model_dump(), **values})
    except ValueError:  # written by hand, or by another version
        return record


def remember(record: Record, category: str) -> None:
    """Keep the values of a record for the next window."""
    kept = _category(category)
    if kept is None:
        return
    for name in type(record).model_fields.keys() & type(kept).model_fields.keys():
        if getattr(kept, name) != getattr(record, name):
            setattr(kept, name, getattr(record, name))


def _category(name: str) -> Any:
    """What napari keeps under a heading of our manifest; None where the plugin is not installed."""
    try:
        return getattr(get_plugin_settings(PLUGIN), name, None)
    except KeyError:
        return None
