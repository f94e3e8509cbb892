"""How well the foreground of masks agrees with the truth, pixel by pixel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from napari_unet.images.metrics.comparable import comparable, share


class Pixels(NamedTuple):
    """How many pixels are foreground in two masks."""

    found: int
    real: int
    both: int
    looked_at: int

    @property
    def iou(self) -> float:
        """Intersection over union."""
        return share(self.both, self.found + self.real - self.both)

    @property
    def dice(self) -> float:
        """2 intersection / (sum of both)."""
        return share(2 * self.both, self.found + self.real)

    @property
    def error(self) -> float:
        """The share of pixels that are foreground in one mask alone."""
        return (self.found + self.real - 2 * self.both) / max(self.looked_at, 1)


def iou(labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None) -> float:
    """How much of the foreground of two masks is shared: intersection over union.

    Parameters
    ----------
    labels, truth
        Integers or bool of one shape; 0 is background.
    known
        Only where this is not 0 the pixels are looked at; None is everywhere.
    """
    return count_pixels(labels, truth, known).iou


def dice(labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None) -> float:
    """How much of the foreground of two masks is shared: 2 intersection / (sum of both).

    Parameters are those of `iou`.
    """
    return count_pixels(labels, truth, known).dice


def pixel_error(labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None) -> float:
    """The share of pixels that are foreground in one mask and background in the other; 0 is best.

    Parameters are those of `iou`.
    """
    return count_pixels(labels, truth, known).error


def count_pixels(labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None) -> Pixels:
    """Count the foreground of two masks; parameters are those of `iou`."""
    labels, truth = comparable(labels, truth, known)
    found, real = labels != 0, truth != 0
    return Pixels(
        found=int(np.count_nonzero(found)),
        real=int(np.count_nonzero(real)),
        both=int(np.count_nonzero(found & real)),
        looked_at=int(found.size if known is None else np.count_nonzero(known)),
    )
