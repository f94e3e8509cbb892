"""Repairs of a mask that a brush is clumsy at: delete, merge and split objects.

Each is a pure function of one plane of labels. It gives the pixels that change and their new
values, so that whoever owns the plane can write them as one step that can be undone.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage.draw import line
from skimage.morphology import disk

Point = tuple[float, float]
"""A place on a plane: y, x, in pixels; (0, 0) is the middle of the first pixel."""


class Repair(NamedTuple):
    """The pixels of a plane that a repair changes, and what they become."""

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    """One id for each pixel."""


def delete_object(labels: np.ndarray, at: Point) -> Repair:
    """Remove the object that was clicked.

    Parameters
    ----------
    labels
        (y, x) integers, 0 is background.
    at
        The place of the click.

    Raises
    ------
    ValueError
        If there is no object at that place.
    """
    ids = _crossed(labels, [at])
    if not ids:
        raise ValueError("There is no object here: click on the object that should go.")
    rows, columns = np.nonzero(labels == ids[0])
    return Repair(rows, columns, np.zeros(len(rows), labels.dtype))


def merge_objects(labels: np.ndarray, stroke: list[Point]) -> Repair:
    """Make the objects under a stroke one object, which keeps the id of the first.

    Raises
    ------
    ValueError
        If the stroke touches fewer than two objects.
    """
    ids = _crossed(labels, stroke)
    if len(ids) < 2:
        raise ValueError("Merging needs two objects: drag from the one onto the other.")
    rows, columns = np.nonzero(np.isin(labels, ids[1:]))
    return Repair(rows, columns, np.full(len(rows), ids[0], labels.dtype))


def split_objects(labels: np.ndarray, stroke: list[Point], new_id: int) -> Repair:
    """Cut the objects that a stroke crosses from side to side.

    The largest piece keeps its id, the others get ``new_id`` and the ids after it. The pixels under
    the stroke go to the nearest piece, so that no gap is left.

    Raises
    ------
    ValueError
        If the stroke cuts no object in two.
    """
    cut = pixels_under(stroke, labels.shape)
    changes: list[tuple[np.ndarray, ...]] = []
    for id_ in _crossed(labels, stroke):
        pieces = _pieces(labels, id_, cut)
        changes += [_give(piece, new_id + len(changes) + i) for i, piece in enumerate(pieces)]
    if not changes:
        raise ValueError("Nothing was cut: draw the line across an object, from edge to edge.")
    return Repair(*(np.concatenate(parts) for parts in zip(*changes, strict=True)))


def pixels_under(
    stroke: list[Point], shape: tuple[int, ...], width_px: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels under a stroke, none outside of the plane.

    With a width of one pixel they come in the order of the stroke.
    """
    points = np.round(stroke).astype(int)
    lines = [np.array(line(*a, *b)) for a, b in pairwise(points)]
    lines = [points[:1].T, *lines]
    rows, columns = np.concatenate(lines, axis=1)
    if width_px > 1:
        brush = np.argwhere(disk(width_px / 2)) - (width_px // 2)
        pixels = (np.stack([rows, columns], axis=1)[:, None] + brush).reshape(-1, 2)
        rows, columns = np.unique(pixels, axis=0).T
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    return rows[inside], columns[inside]


def _crossed(labels: np.ndarray, stroke: list[Point]) -> list[int]:
    """Ids of the objects under a stroke, in the order in which it meets them."""
    values = labels[pixels_under(stroke, labels.shape)]
    return [id_ for id_ in dict.fromkeys(values.tolist()) if id_ != 0]


def _pieces(
    labels: np.ndarray, id_: int, cut: tuple[np.ndarray, np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows and columns of all pieces but the largest that a cut makes of an object."""
    rows, columns = np.nonzero(labels == id_)
    y, x = rows.min(), columns.min()
    whole = labels[y : rows.max() + 1, x : columns.max() + 1] == id_
    knife = np.zeros_like(labels, bool)
    knife[cut] = True
    apart = whole & ~knife[y : y + whole.shape[0], x : x + whole.shape[1]]
    # four neighbours: a line of pixels that touch at their corners is already a cut
    parts, count = ndimage.label(apart)
    if count <= ndimage.label(whole)[1]:
        return []
    nearest = ndimage.distance_transform_edt(
        parts == 0, return_distances=False, return_indices=True
    )
    parts = np.where(whole, parts[tuple(nearest)], 0)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    others = [part for part in range(1, count + 1) if part != sizes.argmax() + 1]
    found = [np.nonzero(parts == part) for part in others]
    return [(rows + y, columns + x) for rows, columns in found]


def _give(pixels: tuple[np.ndarray, np.ndarray], id_: int) -> tuple[np.ndarray, ...]:
    return (*pixels, np.full(len(pixels[0]), id_))
