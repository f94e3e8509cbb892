"""Good manners of a plugin: the user's selection, tools and undo stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from napari.components import ViewerModel
from napari.layers import Labels


@contextmanager
def selection_kept(viewer: ViewerModel) -> Iterator[None]:
    """Leave the user's selected layers as they are; a new layer would take their place."""
    selected = set(viewer.layers.selection)
    yield
    viewer.layers.selection = selected


def forget_history(masks: Labels) -> None:
    """Clear the undo history, which would write old pixels into a new mask.

    napari clears it when a layer stops being editable, which also changes its mode.
    """
    mode = masks.mode
    masks.editable = False
    masks.editable = True
    masks.mode = mode
