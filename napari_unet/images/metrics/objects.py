"""How well objects are found: F1, average precision, aggregated Jaccard.

An object is found when its IoU with a true object is *greater than* a threshold, as in the 2018
Data Science Bowl (Caicedo et al. 2019, Nature Methods 16, 1247). All scores of one image come from
one table of overlaps, so thousands of objects cost milliseconds. Where there is nothing to find and
nothing was found, the agreement is perfect: 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array

from napari_unet.images.metrics.comparable import comparable, share
from napari_unet.images.overlaps import Overlaps, overlaps

THRESHOLDS = tuple(step / 20 for step in range(10, 20))
"""IoU 0.5, 0.55 ... 0.95, over which `mean_ap` averages."""


class Counts(NamedTuple):
    """Objects found (tp), invented (fp) and missed (fn)."""

    tp: int
    fp: int
    fn: int

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN)."""
        return share(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def ap(self) -> float:
        """TP / (TP + FP + FN), the Data Science Bowl's precision at one threshold."""
        return share(self.tp, self.tp + self.fp + self.fn)


def object_counts(
    labels: np.ndarray,
    truth: np.ndarray,
    threshold: float = 0.5,
    known: np.ndarray | None = None,
) -> Counts:
    """How many objects were found, invented and missed.

    Each object is matched with one other at most, so that as many as possible are matched at an
    IoU greater than ``threshold``. Parameters are those of `napari_unet.images.metrics.iou`.
    """
    return counts(overlaps(*comparable(labels, truth, known)), threshold)


def f1(
    labels: np.ndarray,
    truth: np.ndarray,
    threshold: float = 0.5,
    known: np.ndarray | None = None,
) -> float:
    """One number for missed and invented objects: 2 TP / (2 TP + FP + FN).

    Parameters are those of `object_counts`.
    """
    return object_counts(labels, truth, threshold, known).f1


def mean_ap(labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None) -> float:
    """How well objects are found and outlined: TP / (TP + FP + FN), mean over `THRESHOLDS`.

    Parameters are those of `napari_unet.images.metrics.iou`.
    """
    pairs = overlaps(*comparable(labels, truth, known))
    return sum(counts(pairs, threshold).ap for threshold in THRESHOLDS) / len(THRESHOLDS)


def aji(labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None) -> float:
    """How much of all objects is right, object by object: aggregated Jaccard index.

    Each true object is compared with the found one of highest IoU; what they share is divided by
    what they cover together with all objects that were missed or invented (Kumar et al. 2017, IEEE
    TMI 36, 1550, algorithm 1). A found object may be compared with several true ones, so merged
    objects cost much. Parameters are those of `napari_unet.images.metrics.iou`.
    """
    return aggregated_jaccard(overlaps(*comparable(labels, truth, known)))


def aggregated_jaccard(pairs: Overlaps) -> float:
    """`aji` of a table of overlaps of found objects (first) with true ones (second)."""
    by_truth = np.lexsort((-pairs.iou, pairs.second))
    compared = by_truth[np.unique(pairs.second[by_truth], return_index=True)[1]]
    used = compared[np.unique(pairs.first[compared], return_index=True)[1]]
    shared = pairs.pixels[compared].sum()
    together = (pairs.first_area + pairs.second_area)[compared].sum() - shared
    missed = pairs.second_px - pairs.second_area[compared].sum()
    invented = pairs.first_px - pairs.first_area[used].sum()
    return share(int(shared), int(together + missed + invented))


def counts(pairs: Overlaps, threshold: float) -> Counts:
    """`object_counts` of a table of overlaps of found objects (first) with true ones (second)."""
    hits = pairs.iou > threshold
    # Above 0.5 an object has one partner at most: the hits are the matching.
    tp = int(hits.sum()) if threshold >= 0.5 else _largest_matching(pairs, hits)
    return Counts(tp, pairs.n_first - tp, pairs.n_second - tp)


def _largest_matching(pairs: Overlaps, hits: np.ndarray) -> int:
    if not hits.any():
        return 0
    from scipy.sparse.csgraph import maximum_bipartite_matching  # rarely needed, slow to load

    _, rows = np.unique(pairs.first[hits], return_inverse=True)
    _, columns = np.unique(pairs.second[hits], return_inverse=True)
    graph = coo_array((np.ones(len(rows), np.uint8), (rows, columns))).tocsr()
    return int((maximum_bipartite_matching(graph) >= 0).sum())
