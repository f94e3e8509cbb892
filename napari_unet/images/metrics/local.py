"""What is right and wrong around each object, so that it can be told how sure a score is."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_unet.images.metrics.comparable import comparable
from napari_unet.images.overlaps import overlaps

_FINE_PX = 500_000
"""In larger images, which object is the nearest is looked up on a coarser grid."""
_BLOCK_PX = 32


def local_counts(
    labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None
) -> np.ndarray:
    """Count what is right and wrong in the surroundings of each true object.

    To the surroundings of an object belong all pixels to which it is the nearest one. They depend
    on the truth alone, so two masks can be compared place by place. An invented object belongs
    where its centre lies. Without a true object there is one place.

    Parameters
    ----------
    labels, truth
        Integers of one shape, (y, x); 0 is background.
    known
        Only where this is not 0 the pixels are looked at.

    Returns
    -------
    np.ndarray
        int64, (place, 7): objects found (IoU above 0.5), invented and missed; pixels that are
        background in both masks, object in the truth only, in the labels only, and in both.
    """
    looked_at = np.ones(np.shape(truth), bool) if known is None else np.asarray(known) != 0
    labels, truth = comparable(labels, truth, known)
    ids = np.unique(truth[truth != 0])
    places = _places(truth, ids)
    pairs = overlaps(labels, truth)
    hits = pairs.iou > 0.5
    table = np.zeros((max(1, len(ids)), 7), np.int64)
    found = np.isin(ids, pairs.second[hits])
    table[: len(ids), 0], table[: len(ids), 2] = found, ~found
    invented = np.setdiff1d(np.unique(labels[labels != 0]), pairs.first[hits])
    np.add.at(table[:, 1], places[_centres(labels, invented)], 1)
    table[:, 3:] = _kinds(labels, truth, looked_at, places, len(table))
    return table


def block_counts(
    labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None
) -> np.ndarray:
    """Count right and wrong pixels in squares of 32 x 32, whatever objects they belong to.

    Parameters are those of `local_counts`.

    Returns
    -------
    np.ndarray
        int64, (square, 4): the last four columns of `local_counts`, of each square with a pixel
        that is looked at.
    """
    looked_at = np.ones(np.shape(truth), bool) if known is None else np.asarray(known) != 0
    rows, columns = (np.arange(side) // _BLOCK_PX for side in looked_at.shape)
    places = rows[:, None] * (columns[-1] + 1) + columns
    table = _kinds(labels, truth, looked_at, places, int(places[-1, -1]) + 1)
    return table[table.any(axis=1)]


def _kinds(
    labels: np.ndarray, truth: np.ndarray, looked_at: np.ndarray, places: np.ndarray, count: int
) -> np.ndarray:
    """How many pixels of each place are background in both, object in one of them, in both."""
    kind = 2 * (np.asarray(labels) != 0) + (np.asarray(truth) != 0)
    counted = np.bincount((4 * places + kind)[looked_at], minlength=4 * count)
    return counted.reshape(-1, 4)


def _places(truth: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Of each pixel the place of the nearest object among all objects."""
    if not len(ids):
        return np.zeros(truth.shape, np.int64)
    step = int(np.ceil((truth.size / _FINE_PX) ** 0.5))
    coarse = truth[::step, ::step]
    if not coarse.any():
        coarse, step = truth, 1
    y, x = ndimage.distance_transform_edt(coarse == 0, return_distances=False, return_indices=True)
    nearest = np.searchsorted(ids, coarse[y, x])
    if step > 1:
        nearest = nearest.repeat(step, 0).repeat(step, 1)[: truth.shape[0], : truth.shape[1]]
    objects = np.searchsorted(ids, truth).clip(max=len(ids) - 1)
    return np.asarray(np.where(truth != 0, objects, nearest))


def _centres(labels: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pixel in the middle of each object, (y,) and (x,)."""
    pixels = np.argwhere(np.isin(labels, ids) & (labels != 0))
    owners = np.searchsorted(ids, labels[tuple(pixels.T)])
    sizes = np.bincount(owners, minlength=len(ids)).clip(min=1)
    y, x = (np.bincount(owners, along, len(ids)) / sizes for along in pixels.T)
    return np.rint(y).astype(int), np.rint(x).astype(int)
