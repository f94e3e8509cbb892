"""How well an image is divided: pairs of pixels that were rightly kept together or apart.

The scores of the ISBI 2012 challenge for images divided by membranes (Arganda-Carreras et al. 2015,
Frontiers in Neuroanatomy 9, 142), with the conventions of the software that the challenge
published: only pixels that lie in a true region are looked at, and each of them that was found to
be membrane is a region of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.special import xlogy

from napari_unet.images.metrics.comparable import comparable, share
from napari_unet.images.overlaps import indices


class Partitions(NamedTuple):
    """How the pixels of the true regions were divided; counts of pixels, float64."""

    shared: np.ndarray
    """One for each pair of a true and a found region that share pixels."""
    true: np.ndarray
    """One for each true region."""
    found: np.ndarray
    """One for each found region."""
    alone: int
    """Pixels of true regions that lie in no found region; each is a region of its own."""


def v_rand(labels: np.ndarray, truth: np.ndarray, alpha: float = 0.5) -> float:
    """How well an image is divided into regions: an F-score of pairs of pixels, 1 is perfect.

    It falls when regions are merged (precision) and when they are split (recall); where a border
    runs hardly matters. The foreground-restricted Rand score V(Rand, alpha) of Arganda-Carreras et
    al. 2015; the challenge thins the found membranes first (`thinned`).

    Parameters
    ----------
    labels, truth
        Integers of one shape: regions; 0 is membrane.
    alpha
        What merged regions cost against split ones, 0 to 1: at 0 only splits count (recall), at 1
        only mergers (precision).
    """
    return rand_f_score(divide(labels, truth), alpha)


def rand_error(labels: np.ndarray, truth: np.ndarray) -> float:
    """How badly an image is divided into regions: 1 - F-score of pairs of pixels, 0 is perfect.

    The foreground-restricted Rand error by which the challenge ranked at first, and which the
    U-Net paper gives: of two different pixels each, membranes not thinned. Parameters are those of
    `v_rand`. It is `skimage.metrics.adapted_rand_error` if there each pixel that was found to be
    membrane has an id of its own.
    """
    return pair_error(divide(labels, truth))


def v_info(labels: np.ndarray, truth: np.ndarray) -> float:
    """How much the found regions tell about the true ones, and these about them; 1 is all.

    The foreground-restricted information theoretic score V(Info) of Arganda-Carreras et al. 2015:
    twice the mutual information over the sum of the entropies. Parameters are those of `v_rand`.
    """
    return information_f_score(divide(labels, truth))


def divide(labels: np.ndarray, truth: np.ndarray) -> Partitions:
    """Count how the pixels of the true regions were divided; parameters are those of `v_rand`."""
    labels, truth = comparable(labels, truth, None)
    inside = truth != 0
    rows, columns = indices(truth[inside])[0], indices(labels[inside])[0]
    shape = (rows.max(initial=0) + 1, columns.max(initial=0) + 1)
    table = coo_array((np.ones(len(rows)), (rows, columns)), shape=shape).tocsc()
    found = table[:, 1:]
    return Partitions(
        shared=found.tocoo().data,
        true=np.asarray(table.sum(axis=1)).ravel(),
        found=np.asarray(found.sum(axis=0)).ravel(),
        alone=int((columns == 0).sum()),
    )


def rand_f_score(parts: Partitions, alpha: float = 0.5) -> float:
    """`v_rand` of counts."""
    together = _squares(parts.shared) + parts.alone
    of_found, of_true = _squares(parts.found) + parts.alone, _squares(parts.true)
    return share(together, alpha * of_found + (1 - alpha) * of_true)


def pair_error(parts: Partitions) -> float:
    """`rand_error` of counts."""
    together, of_found, of_true = (
        _squares(counts) - float(counts.sum()) for counts in (parts.shared, parts.found, parts.true)
    )
    return 1 - share(2 * together, of_found + of_true)


def information_f_score(parts: Partitions) -> float:
    """`v_info` of counts."""
    pixels = float(parts.true.sum())
    of_true = _entropy(parts.true, pixels)
    alone = parts.alone * np.log(pixels) / pixels if parts.alone else 0.0
    of_found = _entropy(parts.found, pixels) + alone
    of_both = _entropy(parts.shared, pixels) + alone
    return share(2 * max(0.0, of_true + of_found - of_both), of_true + of_found)


def _squares(counts: np.ndarray) -> float:
    return float(counts @ counts)


def _entropy(counts: np.ndarray, pixels: float) -> float:
    part = counts / max(pixels, 1)
    return abs(float(xlogy(part, part).sum()))
