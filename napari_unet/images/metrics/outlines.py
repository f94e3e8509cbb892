"""How far the outlines of objects lie from the true ones."""

from __future__ import annotations

import numpy as np
import scipy  # loads its parts when they are needed

from napari_unet.images.metrics.comparable import comparable
from napari_unet.images.overlaps import Overlaps, neighbours, overlaps


def hausdorff_95(
    labels: np.ndarray,
    truth: np.ndarray,
    known: np.ndarray | None = None,
    pixel_size_um: float | None = None,
) -> float | None:
    """How far outlines lie apart where they are worst, the very worst left out: mean of objects.

    Of each object that was found (IoU above 0.5) 95 % of its outline lie no farther than this from
    the true outline, and the other way round: the larger of the two directed distances of
    Huttenlocher et al. 1993 (IEEE TPAMI 15, 850) at the 95th percentile, between the centres of
    the pixels along both outlines. The rim of the image is part of an outline.

    Parameters
    ----------
    labels, truth
        Integers of one shape; 0 is background.
    known
        Only where this is not 0 the pixels are looked at; None is everywhere.
    pixel_size_um
        The side of a pixel; None gives pixels.

    Returns
    -------
    float or None
        In micrometres if the size of a pixel is given, else in pixels; None if no object was found.
    """
    labels, truth = comparable(labels, truth, known)
    distances = outline_distances(labels, truth, overlaps(labels, truth))
    return float(distances.mean()) * (pixel_size_um or 1.0) if len(distances) else None


def outline_distances(labels: np.ndarray, truth: np.ndarray, pairs: Overlaps) -> np.ndarray:
    """`hausdorff_95` of each object that was found, in pixels.

    Parameters
    ----------
    labels, truth
        Integers of one shape.
    pairs
        Their table of overlaps.

    Returns
    -------
    np.ndarray
        float64, one value for each object with an IoU above 0.5.
    """
    found = pairs.iou > 0.5
    if not found.any():
        return np.zeros(0)
    outlines = _outlines(labels, pairs.first[found]), _outlines(truth, pairs.second[found])
    one_way, other_way = (_percentile_95(*_nearest(a, b)) for a, b in (outlines, outlines[::-1]))
    return np.asarray(np.maximum(one_way, other_way))


def _outlines(labels: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Pixels along the outlines of objects: (pixel, coordinates and place of the object's id)."""
    edge = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        np.moveaxis(edge, axis, 0)[[0, -1]] = True
    for before, after in neighbours(labels.ndim):
        differs = labels[before] != labels[after]
        edge[before] |= differs
        edge[after] |= differs
    pixels = np.argwhere(edge & (labels != 0))
    their_ids, order = labels[tuple(pixels.T)], np.argsort(ids)
    places = order[np.searchsorted(ids, their_ids, sorter=order).clip(max=len(ids) - 1)]
    return np.asarray(np.column_stack([pixels, places])[ids[places] == their_ids])


def _nearest(here: np.ndarray, there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each pixel of an outline the object, and how far the other outline of that object is."""
    # One tree for all objects: they are so far apart along an axis of their own that the nearest
    # pixel is always one of the same object.
    apart = np.ones(here.shape[1])
    apart[-1] = 1 + (here[:, :-1].max(axis=0) + there[:, :-1].max(axis=0)).sum()
    return here[:, -1], scipy.spatial.KDTree(there * apart).query(here * apart)[0]


def _percentile_95(objects: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """The 95th percentile of each object's distances, as `numpy.percentile` takes it."""
    distances = distances[np.lexsort((distances, objects))]
    sizes = np.bincount(objects)
    rank = np.cumsum(sizes) - sizes + 0.95 * (sizes - 1)
    low, high = np.floor(rank).astype(int), np.ceil(rank).astype(int)
    return np.asarray(distances[low] + (rank - low) * (distances[high] - distances[low]))
