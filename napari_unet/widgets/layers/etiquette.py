"""Good manners of a plugin: the user's selection stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from napari.components import ViewerModel


@contextmanager
def selection_kept(viewer: ViewerModel) -> Iterator[None]:
    """Leave the user's selected layers as they are; a new layer would take their place."""
    selected = set(viewer.layers.selection)
    yield
    viewer.layers.selection = selected
