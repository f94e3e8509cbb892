"""Whether objects that touch are told apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from skimage import segmentation

from napari_unet.images.metrics.comparable import comparable
from napari_unet.images.overlaps import neighbours, overlaps


class Touching(NamedTuple):
    """Pairs of true objects that touch, and those of them that are one object in the mask."""

    pairs: int
    merged: int


def touching_pairs(
    labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None
) -> Touching:
    """Count the true objects that touch, two by two, and those that the mask takes for one.

    Two objects touch when at most two pixels of background lie between them, since many people
    leave such a gap when they draw. They are merged when one found object covers more than half of
    each.

    Parameters
    ----------
    labels, truth
        Integers of one shape, (y, x); 0 is background.
    known
        Only where this is not 0 the pixels are looked at.
    """
    labels, truth = comparable(labels, truth, known)
    one, other = _beside(segmentation.expand_labels(truth, 1))
    pairs = overlaps(labels, truth)
    most = 2 * pairs.pixels > pairs.second_area
    ids, order = np.unique(pairs.second[most], return_index=True)
    owners = pairs.first[most][order]
    owner_one, owner_other = (_looked_up(ids, owners, these) for these in (one, other))
    merged = (owner_one == owner_other) & (owner_one != 0)
    return Touching(len(one), int(np.count_nonzero(merged)))


def _beside(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every two objects that share the side of a pixel, once."""
    found = []
    for before, after in neighbours(labels.ndim):
        a, b = labels[before], labels[after]
        meet = (a != b) & (a != 0) & (b != 0)
        found.append(np.sort(np.column_stack([a[meet], b[meet]]), axis=1))
    pairs = np.unique(np.concatenate(found), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _looked_up(ids: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The value of each wanted id, 0 where it has none."""
    if not len(ids):
        return np.zeros(len(wanted), int)
    places = np.searchsorted(ids, wanted).clip(max=len(ids) - 1)
    return np.asarray(np.where(ids[places] == wanted, values[places], 0))
