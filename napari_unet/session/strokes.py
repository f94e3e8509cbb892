"""What was drawn with the mouse, as pixels of a plane."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from skimage.draw import line

Point = tuple[float, float]
"""A place on a plane: y, x, in pixels; (0, 0) is the middle of the first pixel."""


def pixels_under(
    stroke: Sequence[Point], shape: tuple[int, ...], width_px: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels under a stroke, none outside of the plane.

    With a width of one pixel they come in the order of the stroke.
    """
    rows, columns = _path(np.round(stroke).astype(int))
    if width_px > 1:
        from skimage.morphology import disk  # slow to load, and only needed here

        brush = np.argwhere(disk(width_px / 2)) - (width_px // 2)
        pixels = (np.stack([rows, columns], axis=1)[:, None] + brush).reshape(-1, 2)
        rows, columns = np.unique(pixels, axis=0).T
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    return rows[inside], columns[inside]


def outline(first: Point, last: Point) -> list[Point]:
    """The stroke around a box, from one of its corners to the other and back."""
    (y0, x0), (y1, x1) = first, last
    return [(y0, x0), (y0, x1), (y1, x1), (y1, x0), (y0, x0)]


def enclosed(
    outline: Sequence[Point], shape: tuple[int, ...]
) -> tuple[tuple[int, int], np.ndarray]:
    """Pixels within an outline that was drawn freehand, and under it.

    Its end is joined to its beginning by a straight line. Loops count as inside too.

    Parameters
    ----------
    outline
        Its points in the order in which they were drawn; they may lie outside of the plane.
    shape
        Of the plane.

    Returns
    -------
    tuple of (int, int), np.ndarray
        Where on the plane the first pixel lies; bool (y, x), no larger than it needs to be.
    """
    # One pixel beyond the plane is outside, however far away the mouse went.
    points = np.clip(np.round(outline).astype(int), -1, np.array(shape))
    rows, columns = _path(np.concatenate([points, points[:1]]))
    top, left = rows.min(), columns.min()
    size = (rows.max() - top + 1, columns.max() - left + 1)
    # How often the outline runs around a pixel: steps down less steps up to the left of it.
    turns = np.zeros(size, np.int16)
    steps = np.diff(rows)
    lower, right = np.maximum(rows[:-1], rows[1:]), np.maximum(columns[:-1], columns[1:])
    np.add.at(turns, (lower - top, right - left), steps)
    inside = np.cumsum(turns, axis=1, dtype=np.int16, out=turns) != 0
    inside[rows - top, columns - left] = True
    y0, x0 = max(top, 0), max(left, 0)
    return (int(y0), int(x0)), inside[y0 - top : shape[0] - top, x0 - left : shape[1] - left]


def _path(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of all pixels from point to point, in order."""
    lines = [np.array(line(*a, *b)) for a, b in pairwise(points)]
    rows, columns = np.concatenate([points[:1].T, *lines], axis=1)
    return rows, columns
