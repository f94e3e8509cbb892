"""Repairs of a mask that a brush is clumsy at: delete, merge and encircle objects.

Each is a pure function of one plane of labels. It gives the pixels that change and their new
values, so that whoever owns the plane can write them as one edit that can be undone. So do those
in `napari_unet.session.splitting` and `napari_unet.session.holes`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from napari_unet.session.objects import Repair, changed, cut_out, id_at, ids_under
from napari_unet.session.strokes import Point, enclosed


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
    id_ = id_at(labels, at)
    if not id_:
        raise ValueError("There is no object here: click on the object that should go.")
    return Repair.of(cutout.give(cutout.mask, 0) for cutout in cut_out(labels, [id_]))


def delete_in(labels: np.ndarray, outline: Sequence[Point]) -> Repair:
    """Remove the objects that lie with more than half of their pixels within an outline.

    Parameters
    ----------
    labels
        (y, x) integers, 0 is background.
    outline
        Points of a freehand line, or the corners of a box.

    Raises
    ------
    ValueError
        If no object lies there.
    """
    (top, left), inside = enclosed(outline, labels.shape)
    within = labels[top : top + inside.shape[0], left : left + inside.shape[1]]
    ids, counts = np.unique(within[inside], return_counts=True)
    share = {id_: n for id_, n in zip(ids.tolist(), counts.tolist(), strict=True) if id_}
    found = cut_out(labels, list(share))
    gone = [c.give(c.mask, 0) for c in found if 2 * share[c.id_] > np.count_nonzero(c.mask)]
    if not gone:
        raise ValueError("No object lies in here: draw around the objects that should go.")
    return Repair.of(gone)


def merge_objects(labels: np.ndarray, stroke: Sequence[Point]) -> Repair:
    """Make the objects under a stroke one object, which keeps the id of the first.

    Raises
    ------
    ValueError
        If the stroke touches fewer than two objects.
    """
    return _merged(labels, ids_under(labels, stroke), "drag from the one onto the other.")


def merge_clicked(labels: np.ndarray, points: Sequence[Point]) -> Repair:
    """Make the objects that were clicked one object, which keeps the id of the first.

    What lies between the clicks stays as it is.

    Raises
    ------
    ValueError
        If fewer than two objects were clicked.
    """
    ids = [id_ for id_ in dict.fromkeys(id_at(labels, at) for at in points) if id_]
    return _merged(labels, ids, "click on the one, then on the other.")


def encircle(labels: np.ndarray, outline: Sequence[Point], new_id: int) -> Repair:
    """Make a new object of what was drawn around; other objects keep all of their pixels.

    Where they cut the new one apart, its largest piece is taken.

    Raises
    ------
    ValueError
        If the outline goes around nothing, or around other objects only.
    """
    (top, left), inside = enclosed(outline, labels.shape)
    if not ndimage.binary_erosion(inside).any():
        raise ValueError("This line encloses nothing: draw all around the object.")
    free = inside & (labels[top : top + inside.shape[0], left : left + inside.shape[1]] == 0)
    pieces, count = ndimage.label(free)
    if not count:
        raise ValueError("Other objects fill this place: delete what is wrong, then draw.")
    largest = np.bincount(pieces.ravel())[1:].argmax() + 1
    return changed((top, left), pieces == largest, new_id)


def _merged(labels: np.ndarray, ids: list[int], how: str) -> Repair:
    if len(ids) < 2:
        raise ValueError(f"Merging needs two objects: {how}")
    return Repair.of(c.give(c.mask, ids[0]) for c in cut_out(labels, ids[1:]))
