"""Repairs that take objects apart: along a line, between two clicks, or where they fall apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from scipy import ndimage

from napari_unet.session.objects import Cutout, Repair, cut_out, id_at, ids_under
from napari_unet.session.strokes import Point, pixels_under
from napari_unet.session.waist import halves


def split_objects(labels: np.ndarray, stroke: Sequence[Point], new_id: int) -> Repair:
    """Cut the objects that a stroke crosses from side to side.

    The largest piece keeps its id, the others get ``new_id`` and the ids after it. The pixels under
    the stroke go to the nearest piece, so that no gap is left.

    Raises
    ------
    ValueError
        If the stroke cuts no object in two.
    """
    rows, columns = pixels_under(stroke, labels.shape)
    crossed = cut_out(labels, ids_under(labels, stroke))
    cut = ((cutout, _cut(cutout, rows, columns)) for cutout in crossed)
    changes = list(_renamed(cut, new_id))
    if not changes:
        raise ValueError("Nothing was cut: draw the line across an object, from edge to edge.")
    return Repair.of(changes)


def split_between(labels: np.ndarray, points: tuple[Point, Point], new_id: int) -> Repair:
    """Cut an object in two between two places on it: at its waist, or else halfway.

    The larger half keeps its id, the other gets ``new_id``.

    Parameters
    ----------
    labels
        (y, x) integers, 0 is background.
    points
        A place in each of the future objects.
    new_id
        An id that is not used yet.

    Raises
    ------
    ValueError
        If the two places are not two pixels of one object.
    """
    here, there = np.round(points).astype(int).tolist()
    id_ = id_at(labels, here)
    if not id_ or id_at(labels, there) != id_ or here == there:
        raise ValueError("Click on two places of one object: it is cut between them.")
    (cutout,) = cut_out(labels, [id_])
    seeds = [(y - cutout.top, x - cutout.left) for y, x in (here, there)]
    return Repair.of(_renamed([(cutout, halves(cutout.mask, seeds))], new_id))


def tidy(
    labels: np.ndarray, new_id: int, at: Point | None = None, *, min_size_px: int = 0
) -> Repair:
    """Make an object of each piece of the objects that have fallen apart.

    Pieces that meet only at a corner are two. The largest piece keeps the id, the others get
    ``new_id`` and the ids after it.

    Parameters
    ----------
    labels
        (y, x) integers, 0 is background.
    new_id
        It and all above it are not used yet.
    at
        A place on the only object that is tidied; None is all.
    min_size_px
        Pieces, and whole objects, with fewer pixels are removed.

    Raises
    ------
    ValueError
        If there is nothing to tidy.
    """
    id_ = None if at is None else id_at(labels, at)
    if id_ == 0:
        raise ValueError("There is no object here: click on the object that has fallen apart.")
    found = cut_out(labels, None if id_ is None else [id_])
    apart = ((cutout, ndimage.label(cutout.mask)[0]) for cutout in found)
    changes = list(_renamed(apart, new_id, min_size_px))
    if not changes:
        raise ValueError("There is nothing to tidy: every object is in one piece.")
    return Repair.of(changes)


def _renamed(
    apart: Iterable[tuple[Cutout, np.ndarray]], new_id: int, min_size_px: int = 0
) -> Iterator[Repair]:
    """Give each piece of an object but the largest a new id, and remove those that are too small.

    Parameters
    ----------
    apart
        Objects, and for each pixel of their boxes the number of its piece; 0 stays as it is.
    new_id, min_size_px
        See `tidy`.

    Yields
    ------
    For each object that has more than one piece, or that is too small, what changes.
    """
    for cutout, pieces in apart:
        sizes = np.bincount(pieces.ravel())
        sizes[0] = 0
        is_new = sizes >= max(1, min_size_px)
        is_new[sizes.argmax()] = False
        ids = np.where(sizes < min_size_px, 0, cutout.id_).astype(np.uint32)
        ids[is_new] = new_id + np.arange(np.count_nonzero(is_new))
        ids[0] = cutout.id_
        new_id += int(np.count_nonzero(is_new))
        after = ids[pieces]
        rows, columns = np.nonzero(after != cutout.id_)
        if len(rows):
            yield Repair(rows + cutout.top, columns + cutout.left, after[rows, columns])


def _cut(cutout: Cutout, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The pieces that a cut makes of an object: one number for each pixel of its box."""
    mask = cutout.mask
    rows, columns = rows - cutout.top, columns - cutout.left
    inside = (rows >= 0) & (rows < mask.shape[0]) & (columns >= 0) & (columns < mask.shape[1])
    left = mask.copy()
    left[rows[inside], columns[inside]] = False
    # four neighbours: a line of pixels that touch at their corners is already a cut
    pieces, count = ndimage.label(left)
    if count <= ndimage.label(mask)[1]:
        return mask.astype(int)
    nearest = ndimage.distance_transform_edt(
        pieces == 0, return_distances=False, return_indices=True
    )
    found: np.ndarray = np.where(mask, pieces[tuple(nearest)], 0)
    return found
