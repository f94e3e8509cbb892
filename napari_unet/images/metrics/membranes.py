"""The scores of the ISBI 2012 challenge, for images that membranes divide into regions.

Arganda-Carreras et al. 2015, Frontiers in Neuroanatomy 9, 142; the conventions are those of the
software that the challenge published: a threshold for all sections, each section scored by itself
in two dimensions, the mean over sections, the best over thresholds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import ndimage
from skimage import segmentation

from napari_unet.images.metrics.partitions import (
    divide,
    information_f_score,
    pair_error,
    rand_f_score,
)
from napari_unet.images.metrics.pixels import dice, pixel_error
from napari_unet.images.metrics.warping import splits_and_mergers, warp
from napari_unet.schema.membrane_scores import MembraneScores

CHALLENGE_THRESHOLDS = tuple(step / 10 for step in range(10))
"""0, 0.1 ... 0.9, as the challenge's software goes through them."""

MembraneCurve = dict[str, np.ndarray]
"""Every score of one section by its name, one value for each threshold."""

_BEST = {
    "v_rand": max,
    "v_info": max,
    "rand_error": min,
    "pixel_error": min,
    "pixel_f_error": min,
    "warping_error": min,
    "split_merge_error": min,
}


def regions(interior: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Cut a section into its regions where the network sees membrane.

    Parameters
    ----------
    interior
        (y, x), the probability of not being membrane.
    threshold
        Pixels with a higher probability are interior.

    Returns
    -------
    np.ndarray
        int32, (y, x): regions whose pixels are joined at their sides; 0 is membrane.
    """
    return np.asarray(ndimage.label(np.asarray(interior) > threshold)[0])


def thinned(labels: np.ndarray) -> np.ndarray:
    """Let regions grow until only a line one pixel wide divides them.

    So that wide and narrow membranes are judged alike; the challenge does the same with a
    watershed (its "border thinning").

    Parameters
    ----------
    labels
        Integers, (y, x); 0 is membrane.
    """
    flat = np.zeros(labels.shape, np.uint8)
    return np.asarray(segmentation.watershed(flat, labels, connectivity=1, watershed_line=True))


def membrane_scores(
    interior: np.ndarray | Iterable[np.ndarray],
    truth: np.ndarray | Iterable[np.ndarray],
    thresholds: Sequence[float] = CHALLENGE_THRESHOLDS,
) -> MembraneScores:
    """All scores of the challenge for one section or several.

    Parameters
    ----------
    interior
        Probability of not being membrane: (y, x), (section, y, x), or one array for each section.
    truth
        True regions, integers, 0 is membrane; as many arrays of the same shapes.
    thresholds
        Those that are tried.

    Raises
    ------
    ValueError
        If there is no section or no threshold, or shapes differ.
    """
    curves = [
        membrane_curve(one, its_truth, thresholds)
        for one, its_truth in zip(_sections(interior), _sections(truth), strict=True)
    ]
    return best_of(curves, thresholds)


def membrane_curve(
    interior: np.ndarray, truth: np.ndarray, thresholds: Sequence[float] = CHALLENGE_THRESHOLDS
) -> MembraneCurve:
    """Every score of one section at every threshold; hand those of several to `best_of`.

    Parameters are those of `membrane_scores`, (y, x).
    """
    if np.ndim(interior) != 2 or np.shape(interior) != np.shape(truth):
        raise ValueError(
            f"The probabilities {np.shape(interior)} and the true regions {np.shape(truth)} are "
            "no planes of one shape; hand over one plane (y, x) of both."
        )
    rows = [_at_threshold(np.asarray(interior), np.asarray(truth), t) for t in thresholds]
    return {name: np.array([row[name] for row in rows]) for name in _BEST}


def best_of(curves: Sequence[MembraneCurve], thresholds: Sequence[float]) -> MembraneScores:
    """The mean of each score over sections, at the threshold where that is best."""
    if not curves or not len(thresholds):
        raise ValueError("There is nothing to score; give at least one section and one threshold.")
    means = {name: np.mean([curve[name] for curve in curves], axis=0) for name in _BEST}
    return MembraneScores(
        **{name: float(choose(means[name])) for name, choose in _BEST.items()},
        threshold=float(thresholds[int(np.argmax(means["v_rand"]))]),
        sections=len(curves),
    )


def _at_threshold(interior: np.ndarray, truth: np.ndarray, threshold: float) -> dict[str, float]:
    found = regions(interior, threshold)
    after_thinning = divide(thinned(found), truth)
    warped = warp(truth != 0, found != 0, np.abs(interior - threshold))
    mistakes = warped != (found != 0)
    return {
        "v_rand": rand_f_score(after_thinning),
        "v_info": information_f_score(after_thinning),
        "rand_error": pair_error(divide(found, truth)),
        "pixel_error": pixel_error(found, truth),
        "pixel_f_error": 1 - dice(found, truth),
        "warping_error": float(mistakes.mean()),
        "split_merge_error": splits_and_mergers(warped, mistakes) / mistakes.size,
    }


def _sections(planes: np.ndarray | Iterable[np.ndarray]) -> list[np.ndarray]:
    return [planes] if isinstance(planes, np.ndarray) and planes.ndim == 2 else list(planes)
