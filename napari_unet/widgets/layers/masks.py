"""The layer of masks: napari's own, but its undo is that of everything a person did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import napari.layers
import numpy as np

from napari_unet.session.runs import Runs


class Labels(napari.layers.Labels):
    """Labels whose undo and redo go through our history, whether by key or by call.

    napari's own history holds a hundred strokes and nothing else: no confirmation, no new
    prediction; and it outlives the data that it belongs to. The name is that of napari's layer
    because napari saves, copies and draws layers by the name of their class.
    """

    on_undo: Callable[[], None] = staticmethod(lambda: None)
    on_redo: Callable[[], None] = staticmethod(lambda: None)

    @property
    def is_drawing(self) -> bool:
        """Whether a stroke has begun that napari tells of when it ends.

        That can be long after the mouse was let go: napari's encircling needs no button.
        """
        return bool(getattr(self, "_block_history", False))  # napari says it nowhere else

    def undo(self) -> None:
        """Take back what was done last."""
        self.on_undo()

    def redo(self) -> None:
        """Do again what was taken back last."""
        self.on_redo()


def runs_of(stroke: list[Any], shape: tuple[int, ...]) -> Runs:
    """The pixels that a stroke changes, from what napari's event ``paint`` says of it.

    The event comes before the change, or after it, so the array is not looked at: what a pixel
    was is in the first dab that touches it, what it becomes in the last.

    Parameters
    ----------
    stroke
        The value of the event: for each dab of the brush a box, a mask in it, the old values and
        the new one; or indices, old and new values.
    shape
        Of the layer.
    """
    if len(stroke) == 1 and hasattr(stroke[0], "slice_key"):
        return _runs_of_dab(stroke[0], shape)
    places, old, new = zip(*(_changes(dab, shape) for dab in stroke), strict=True)
    pixels, before, after = np.concatenate(places), np.concatenate(old), np.concatenate(new)
    order = np.argsort(pixels, kind="stable")  # dabs that touch the same pixel stay in order
    pixels = pixels[order]
    first, last = np.diff(pixels, prepend=-1) != 0, np.diff(pixels, append=-1) != 0
    return Runs.of_pixels(pixels[first], before[order][first], after[order][last])


def _changes(dab: Any, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places in the flattened array, old values, new values."""
    if hasattr(dab, "slice_key"):
        corner = [s.start for s in dab.slice_key]
        size = tuple(s.stop - s.start for s in dab.slice_key)
        mask = np.ones(size, bool) if dab.mask is None else dab.mask
        where = tuple(np.asarray(i) + at for i, at in zip(np.nonzero(mask), corner, strict=True))
        before, after = np.asarray(dab.old_values).ravel(), dab.new_value
    else:
        where, before, after = dab
        where = tuple(np.asarray(i).ravel() for i in where)
    pixels = np.ravel_multi_index(where, shape)
    # in uint32 nothing wraps when neighbours are compared
    old = np.ravel(before).astype(np.uint32)
    return pixels, old, np.full(pixels.shape, np.ravel(after), np.uint32)


def _runs_of_dab(dab: Any, shape: tuple[int, ...]) -> Runs:
    """The same for a single box, without a list of its pixels: a fill can change millions."""
    size = tuple(s.stop - s.start for s in dab.slice_key)
    before = np.full(size, dab.new_value, np.uint32)
    before[... if dab.mask is None else dab.mask] = np.asarray(dab.old_values).reshape(
        size if dab.mask is None else -1
    )
    after = np.full(size[-2:], dab.new_value, np.uint32)
    (y, x), front = dab.slice_key[-2:], dab.slice_key[:-2]
    box = (y.start, x.start, y.stop, x.stop)
    found = [
        Runs.of_box(
            shape, [s.start + i for s, i in zip(front, at, strict=True)], box, before[at], after
        )
        for at in np.ndindex(size[:-2])
    ]
    return Runs.joined(found)
