"""All scores of one image, and of many images together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_unet.images.metrics.comparable import comparable
from napari_unet.images.metrics.objects import THRESHOLDS, Counts, aggregated_jaccard, counts
from napari_unet.images.metrics.outlines import outline_distances
from napari_unet.images.metrics.pixels import Pixels, count_pixels
from napari_unet.images.overlaps import overlaps
from napari_unet.schema.model_card import Scores


@dataclass(frozen=True)
class Agreement:
    """What one image adds to the scores of many: made by `compare`, added up by `combine`."""

    pixels: Pixels
    counts: tuple[Counts, ...]
    """One for each of `THRESHOLDS`."""
    aji: float
    distances_px: tuple[float, ...] | None = None
    """The Hausdorff-95 of each object that was found; None if nobody measured them."""

    @property
    def iou(self) -> float:
        """Intersection over union of the foregrounds."""
        return self.pixels.iou

    @property
    def dice(self) -> float:
        """Dice coefficient of the foregrounds."""
        return self.pixels.dice

    @property
    def mean_ap(self) -> float:
        """Mean of TP / (TP + FP + FN) over `THRESHOLDS`."""
        return sum(counts.ap for counts in self.counts) / len(self.counts)


def compare(
    labels: np.ndarray,
    truth: np.ndarray,
    known: np.ndarray | None = None,
    outlines: bool = False,
) -> Agreement:
    """All that is counted about one image; hand those of many images to `combine`.

    Parameters
    ----------
    labels, truth
        Integers or bool of one shape; 0 is background.
    known
        Only where this is not 0 the pixels are looked at; None is everywhere.
    outlines
        Also measure how far outlines lie apart, which takes some ten times as long as all the rest.
    """
    pixels = count_pixels(labels, truth, known)
    labels, truth = comparable(labels, truth, known)
    pairs = overlaps(labels, truth)
    return Agreement(
        pixels=pixels,
        counts=tuple(counts(pairs, threshold) for threshold in THRESHOLDS),
        aji=aggregated_jaccard(pairs),
        distances_px=tuple(outline_distances(labels, truth, pairs)) if outlines else None,
    )


def combine(agreements: Sequence[Agreement]) -> Scores:
    """The scores of many images together.

    IoU, Dice, pixel error, mean AP and AJI are means over images; the object F1 and Hausdorff-95
    are those of all objects together.

    Raises
    ------
    ValueError
        If there is no image.
    """
    if not agreements:
        raise ValueError("There is no image to score; give at least one with its true labels.")
    tp, fp, fn = (sum(column) for column in zip(*(a.counts[0] for a in agreements), strict=True))
    distances = [px for a in agreements for px in a.distances_px or ()]
    n = len(agreements)
    return Scores(
        iou=sum(a.iou for a in agreements) / n,
        dice=sum(a.dice for a in agreements) / n,
        f1_50=Counts(tp, fp, fn).f1,
        mean_ap=sum(a.mean_ap for a in agreements) / n,
        pixel_error=sum(a.pixels.error for a in agreements) / n,
        aji=sum(a.aji for a in agreements) / n,
        hausdorff_95_px=sum(distances) / len(distances) if distances else None,
        images=n,
    )


def score(labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None) -> Scores:
    """All scores of one image; parameters are those of `compare`."""
    return combine([compare(labels, truth, known, outlines=True)])
