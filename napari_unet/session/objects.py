"""Single objects, cut out of a plane: work on one costs what it is large, not what the plane is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from napari_unet.session.strokes import Point, pixels_under

_ROWS = 256
"""Rows that are looked at together: few enough to stay in the processor's cache."""


class Repair(NamedTuple):
    """The pixels of a plane that a repair changes, none of them twice, and what they become."""

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    """uint32: one id for each pixel."""

    @classmethod
    def of(cls, parts: Iterable[Repair]) -> Repair:
        """Several repairs as one; they share no pixel."""
        return cls(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


class Cutout(NamedTuple):
    """One object in the smallest box that holds it."""

    id_: int
    top: int
    left: int
    mask: np.ndarray
    """bool, (y, x): the object's pixels in the box."""

    @property
    def box(self) -> tuple[slice, slice]:
        """Where the box lies on the plane."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    def give(self, where: np.ndarray, id_: int) -> Repair:
        """Give an id to some pixels of the box, bool (y, x)."""
        return changed((self.top, self.left), where, id_)


def changed(at: tuple[int, int], where: np.ndarray, id_: int) -> Repair:
    """Give an id to the pixels where a bool mask is true, whose first pixel lies at ``at``."""
    rows, columns = np.nonzero(where)
    return Repair(rows + at[0], columns + at[1], np.full(len(rows), id_, np.uint32))


def ids_under(labels: np.ndarray, stroke: Sequence[Point]) -> list[int]:
    """Ids of the objects under a stroke, in the order in which it meets them."""
    values = labels[pixels_under(stroke, labels.shape)]
    return [id_ for id_ in dict.fromkeys(values.tolist()) if id_ != 0]


def id_at(labels: np.ndarray, at: Point) -> int:
    """Id of the object at a place; 0 is background, and what lies outside of the plane."""
    return next(iter(ids_under(labels, [at])), 0)


def cut_out(labels: np.ndarray, ids: Sequence[int] | None = None) -> Iterator[Cutout]:
    """Cut objects out of a plane, in the order of their ids.

    Parameters
    ----------
    labels
        (y, x) integers, 0 is background.
    ids
        Which objects; None is all. One that the plane does not have is left out.
    """
    if ids is not None and not ids:
        return
    top, left, bottom, right = (0, 0, *labels.shape) if ids is None else _around(labels, ids)
    crop = labels[top:bottom, left:right]
    wanted = None if ids is None else set(ids)
    for id_, (y, x) in _boxes(crop):
        if wanted is None or id_ in wanted:
            yield Cutout(id_, top + y.start, left + x.start, crop[y, x] == id_)


def _around(labels: np.ndarray, ids: Sequence[int]) -> tuple[int, int, int, int]:
    """The smallest box around some objects, in one pass over the plane: y0, x0, y1, x1."""
    rows, columns = [], np.zeros(labels.shape[1], bool)
    for first in range(0, len(labels), _ROWS):
        part = labels[first : first + _ROWS]
        hit = part == ids[0] if len(ids) == 1 else np.isin(part, ids)
        if hit.any():
            rows += (first + np.flatnonzero(hit.any(axis=1))[[0, -1]]).tolist()
            columns |= hit.any(axis=0)
    found = np.flatnonzero(columns)
    return (rows[0], int(found[0]), rows[-1] + 1, int(found[-1]) + 1) if rows else (0, 0, 0, 0)


def _boxes(labels: np.ndarray) -> Iterator[tuple[int, tuple[slice, slice]]]:
    """Each id of a plane and its box."""
    ids = None
    if labels.dtype.itemsize > 2 and labels.max(initial=0) > np.iinfo(np.uint16).max:
        # the list of boxes is as long as the highest id
        ids, small = np.unique(labels, return_inverse=True)
        labels = small.reshape(labels.shape) + (ids[0] != 0)
        ids = ids if ids[0] == 0 else np.concatenate([ids[:1], ids])
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is not None:
            yield (number if ids is None else int(ids[number])), box
