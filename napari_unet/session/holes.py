"""Repairs that fill the holes of objects."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from napari_unet.session.objects import Repair, changed, cut_out, id_at
from napari_unet.session.strokes import Point

_LOOK_PX = (64, 256, 1024, 4096)
"""Sides of the squares in which a hole is looked for; what the last does not hold is no hole."""


def fill_holes(labels: np.ndarray, at: Point | None = None) -> Repair:
    """Fill the holes of one object, one hole, or all holes of all objects.

    Only background is filled: an object that lies within another one stays.

    Parameters
    ----------
    labels
        (y, x) integers, 0 is background.
    at
        A place on an object, whose holes are filled, or in a hole; None is everywhere.

    Raises
    ------
    ValueError
        If there is no hole.
    """
    if at is None:
        filled = list(_filled(labels))
        lacking = "No object has a hole: there is nothing to fill."
    elif id_ := id_at(labels, at):
        filled = list(_filled(labels, [id_]))
        lacking = "This object has no hole: click on one that has, or into the hole."
    else:
        filled = list(_filled_at(labels, at))
        lacking = "This is no hole of one object: click where one object goes all around."
    if not filled:
        raise ValueError(lacking)
    return Repair.of(filled)


def _filled(labels: np.ndarray, ids: list[int] | None = None) -> Iterator[Repair]:
    """For each object that has holes, the background in them; of two around it the inner one's."""
    background = labels == 0
    for cutout in sorted(cut_out(labels, ids), key=lambda one: one.mask.size):
        hole = _holes(cutout.mask)
        hole &= background[cutout.box]
        if hole.any():
            background[cutout.box] &= ~hole
            yield cutout.give(hole, cutout.id_)


def _holes(mask: np.ndarray) -> np.ndarray:
    """The false pixels of a bool mask that it cuts off from its edges."""
    spaces, count = ndimage.label(~mask)
    is_hole = np.ones(count + 1, bool)
    is_hole[0] = False
    is_hole[_edges(spaces)] = False
    found: np.ndarray = is_hole[spaces]
    return found


def _filled_at(labels: np.ndarray, at: Point) -> Iterator[Repair]:
    """The hole around a place on background, if one object alone goes all around it."""
    y, x = np.round(at).astype(int).tolist()
    if not (0 <= y < labels.shape[0] and 0 <= x < labels.shape[1]):
        return
    for side in _LOOK_PX:
        top, left = max(0, y - side // 2), max(0, x - side // 2)
        window = labels[top : y + side // 2 + 1, left : x + side // 2 + 1]
        spaces, _ = ndimage.label(window == 0)
        hole = spaces == spaces[y - top, x - left]
        if not _edges(hole).any():
            around = np.unique(window[ndimage.binary_dilation(hole) & ~hole])
            if len(around) == 1:
                yield changed((top, left), hole, int(around[0]))
            return


def _edges(array: np.ndarray) -> np.ndarray:
    return np.concatenate([array[0], array[-1], array[:, 0], array[:, -1]])
