"""The base of all records, and what their fields are called on the command line."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


def option(field: str) -> str:
    """The name of the option for a field: ``tile_px`` is ``tile``.

    Units are said in the help; the command line is typed by hand.
    """
    return field.removesuffix("_px").strip("_").replace("_", "-")


class Record(BaseModel):
    """A frozen record: two that hold the same values are the same thing."""

    model_config = ConfigDict(frozen=True, extra="forbid")
