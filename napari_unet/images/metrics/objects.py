"""How well masks agree with the truth: pixels (IoU, Dice) and objects (F1, average precision).

An object is found when its IoU with a true object is *greater than* a threshold, as in the 2018
Data Science Bowl (Caicedo et al. 2019, Nature Methods 16, 1247). All object counts of one image
come from one table of overlaps, so thousands of objects cost milliseconds. Where there is nothing
to find and nothing was found, the agreement is perfect: 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from napari_unet.images.metrics.comparable import comparable, share
from napari_unet.images.metrics.pixels import dice, iou
from napari_unet.images.overlaps import Overlaps, overlaps
from napari_unet.schema.model_card import Scores

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


@dataclass(frozen=True)
class Agreement:
    """What one image adds to the scores of many: made by `compare`, added up by `combine`."""

    iou: float
    dice: float
    counts: tuple[Counts, ...]
    """One for each of `THRESHOLDS`."""

    @property
    def mean_ap(self) -> float:
        """Mean of TP / (TP + FP + FN) over `THRESHOLDS`."""
        return sum(counts.ap for counts in self.counts) / len(self.counts)


def object_counts(
    labels: np.ndarray,
    truth: np.ndarray,
    threshold: float = 0.5,
    known: np.ndarray | None = None,
) -> Counts:
    """How many objects were found, invented and missed.

    Each object is matched with one other at most, so that as many as possible are matched at an
    IoU greater than ``threshold``. Parameters are those of `iou`.
    """
    return _counts(overlaps(*comparable(labels, truth, known)), threshold)


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

    Parameters are those of `iou`.
    """
    return compare(labels, truth, known).mean_ap


def compare(labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None) -> Agreement:
    """All that is counted about one image; hand those of many images to `combine`.

    Parameters are those of `iou`.
    """
    pairs = overlaps(*comparable(labels, truth, known))
    counts = tuple(_counts(pairs, threshold) for threshold in THRESHOLDS)
    return Agreement(iou(labels, truth, known), dice(labels, truth, known), counts)


def combine(agreements: Sequence[Agreement]) -> Scores:
    """The scores of many images together.

    IoU, Dice and mean AP are means over images; the object F1 is that of all objects together.

    Raises
    ------
    ValueError
        If there is no image.
    """
    if not agreements:
        raise ValueError("There is no image to score; give at least one with its true labels.")
    tp, fp, fn = (sum(column) for column in zip(*(a.counts[0] for a in agreements), strict=True))
    n = len(agreements)
    return Scores(
        iou=sum(a.iou for a in agreements) / n,
        dice=sum(a.dice for a in agreements) / n,
        f1_50=Counts(tp, fp, fn).f1,
        mean_ap=sum(a.mean_ap for a in agreements) / n,
        images=n,
    )


def score(labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None) -> Scores:
    """All scores of one image.

    Parameters are those of `iou`.
    """
    return combine([compare(labels, truth, known)])


def _counts(pairs: Overlaps, threshold: float) -> Counts:
    hits = pairs.iou > threshold
    # Above 0.5 an object has one partner at most: the hits are the matching.
    tp = int(hits.sum()) if threshold >= 0.5 else _largest_matching(pairs, hits)
    return Counts(tp, pairs.n_first - tp, pairs.n_second - tp)


def _largest_matching(pairs: Overlaps, hits: np.ndarray) -> int:
    if not hits.any():
        return 0
    _, rows = np.unique(pairs.first[hits], return_inverse=True)
    _, columns = np.unique(pairs.second[hits], return_inverse=True)
    graph = coo_array((np.ones(len(rows), np.uint8), (rows, columns))).tocsr()
    return int((maximum_bipartite_matching(graph) >= 0).sum())
