"""Which objects of two masks lie on each other, and which pixels lie beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array

_PIECE_PX = 4_000_000
"""So many pixels are counted in some milliseconds."""


@dataclass(frozen=True)
class Overlaps:
    """Every pair of objects of two masks that share a pixel.

    The arrays have one value for each pair.
    """

    first: np.ndarray
    """Id of the object in the first mask."""
    second: np.ndarray
    """Id of the object in the second mask."""
    pixels: np.ndarray
    """Pixels that the two share."""
    iou: np.ndarray
    """float64, intersection over union of the two."""
    first_area: np.ndarray
    """Pixels of the object in the first mask."""
    second_area: np.ndarray
    """Pixels of the object in the second mask."""
    n_first: int
    """Objects in the whole first mask."""
    n_second: int
    """Objects in the whole second mask."""
    first_px: int
    """Pixels of all objects of the first mask."""
    second_px: int
    """Pixels of all objects of the second mask."""


def overlaps(first: np.ndarray, second: np.ndarray) -> Overlaps:
    """Find every pair of objects of two masks that share a pixel, and how much they share.

    Parameters
    ----------
    first, second
        Integers or bool of one shape; 0 is background, other ids can be any.
    """
    rows, first_ids = indices(first)
    columns, second_ids = indices(second)
    object_pixels = (rows > 0) | (columns > 0)
    where = (rows[object_pixels], columns[object_pixels])
    shape = (len(first_ids), len(second_ids))
    table = coo_array((np.ones(len(where[0]), np.int64), where), shape=shape).tocsr()
    first_areas, second_areas = table.sum(axis=1), table.sum(axis=0)
    cells = table.tocoo()
    row, column = cells.coords
    shared = (row > 0) & (column > 0)
    row, column, pixels = row[shared], column[shared], cells.data[shared]
    return Overlaps(
        first=first_ids[row],
        second=second_ids[column],
        pixels=pixels,
        iou=pixels / (first_areas[row] + second_areas[column] - pixels),
        first_area=first_areas[row],
        second_area=second_areas[column],
        n_first=int(np.count_nonzero(first_areas[1:])),
        n_second=int(np.count_nonzero(second_areas[1:])),
        first_px=int(first_areas[1:].sum()),
        second_px=int(second_areas[1:].sum()),
    )


def indices(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Small numbers in place of ids, so that they can index a table.

    Returns
    -------
    tuple of np.ndarray
        The numbers, flat; and the id of each number, of which the first is 0. Numbers of which
        no pixel has the id may be among them.
    """
    flat = labels.ravel()
    if not flat.size or (flat.min() >= 0 and flat.max() <= flat.size):
        return flat.astype(np.int64), np.arange(int(flat.max(initial=0)) + 1)
    index = np.zeros(flat.size, np.int64)
    ids, inverse = np.unique(flat[flat != 0], return_inverse=True)
    index[flat != 0] = inverse + 1
    return index, np.concatenate([np.zeros(1, flat.dtype), ids])


def counts(numbers: np.ndarray) -> np.ndarray:
    """How many pixels have each number, from 0 to the highest; int64.

    Piece by piece: while `numpy.bincount` counts, no other thread runs, and the window waits.
    """
    flat = numbers.reshape(-1)
    found = np.zeros(int(flat.max(initial=0)) + 1, np.int64)
    for first in range(0, flat.size, _PIECE_PX):
        part = np.bincount(flat[first : first + _PIECE_PX])
        found[: len(part)] += part
    return found


def firsts(numbers: np.ndarray, n: int) -> np.ndarray:
    """Where each number from 0 to n comes first, counted in pixels line by line; int64."""
    flat = numbers.reshape(-1)
    begins = np.flatnonzero(flat[1:] != flat[:-1])[::-1] + 1
    met = np.zeros(n + 1, np.int64)
    met[flat[begins]] = begins  # written backwards: the first is what remains
    met[flat[:1]] = 0
    return met


def neighbours(ndim: int) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Two views of an array for each axis: every pixel, and the next one along that axis."""
    for axis in range(ndim):
        before, after = [slice(None)] * ndim, [slice(None)] * ndim
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        yield tuple(before), tuple(after)
