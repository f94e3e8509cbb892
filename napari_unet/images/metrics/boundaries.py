"""How much of the outlines of objects lies where it should."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from napari_unet.images.metrics.comparable import comparable, share
from napari_unet.images.overlaps import neighbours

TOLERANCE_PX = 2.0


class OutlinePixels(NamedTuple):
    """How many pixels lie along outlines, and how many of them near an outline of the other mask.

    Those of several images can be added up, one by one.
    """

    found: int
    found_right: int
    real: int
    real_found: int

    @property
    def f1(self) -> float:
        """2 precision x recall / (precision + recall); 1 where there is no outline at all."""
        if not self.found and not self.real:
            return 1.0
        precision, recall = share(self.found_right, self.found), share(self.real_found, self.real)
        return share(2 * precision * recall, precision + recall) if precision and recall else 0.0


def boundary_f1(
    labels: np.ndarray,
    truth: np.ndarray,
    known: np.ndarray | None = None,
    tolerance_px: float = TOLERANCE_PX,
) -> float:
    """One number for outlines that are missed, made up or in the wrong place.

    The F-score of the pixels along outlines: of those found, which share lies at most
    ``tolerance_px`` from a true one, and the other way round (Csurka et al. 2013, BMVC 32; there
    of classes, here of objects, so that a missing line between two touching objects counts).

    Parameters
    ----------
    labels, truth
        Integers of one shape, (y, x); 0 is background.
    known
        Only where this is not 0 the pixels are looked at; where it ends is no outline.
    tolerance_px
        Distance between the centres of pixels.
    """
    return outline_pixels(labels, truth, known, tolerance_px).f1


def outline_pixels(
    labels: np.ndarray,
    truth: np.ndarray,
    known: np.ndarray | None = None,
    tolerance_px: float = TOLERANCE_PX,
) -> OutlinePixels:
    """Count the pixels along the outlines of two masks; parameters are those of `boundary_f1`."""
    labels, truth = comparable(labels, truth, known)
    looked_at = np.ones(truth.shape, bool) if known is None else np.asarray(known) != 0
    found, real = _outline(labels, looked_at), _outline(truth, looked_at)
    near = _disk(tolerance_px)
    return OutlinePixels(
        found=int(found.sum()),
        found_right=int((found & ndimage.binary_dilation(real, near)).sum()),
        real=int(real.sum()),
        real_found=int((real & ndimage.binary_dilation(found, near)).sum()),
    )


def _outline(labels: np.ndarray, looked_at: np.ndarray) -> np.ndarray:
    """Pixels of objects that share a side with anything else; both have to be looked at."""
    edge = np.zeros(labels.shape, bool)
    for before, after in neighbours(labels.ndim):
        differs = (labels[before] != labels[after]) & looked_at[before] & looked_at[after]
        edge[before] |= differs
        edge[after] |= differs
    return np.asarray(edge & (labels != 0))


def _disk(radius: float) -> np.ndarray:
    reach = int(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(y**2 + x**2 <= radius**2)
