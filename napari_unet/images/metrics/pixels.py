"""How well the foreground of masks agrees with the truth, pixel by pixel."""

from __future__ import annotations

import numpy as np

from napari_unet.images.metrics.comparable import comparable, share


def iou(labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None) -> float:
    """How much of the foreground of two masks is shared: intersection over union.

    Parameters
    ----------
    labels, truth
        Integers or bool of one shape; 0 is background.
    known
        Only where this is not 0 the pixels are looked at; None is everywhere.
    """
    found, real = foregrounds(labels, truth, known)
    return share(int((found & real).sum()), int((found | real).sum()))


def dice(labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None) -> float:
    """How much of the foreground of two masks is shared: 2 intersection / (sum of both).

    Parameters are those of `iou`.
    """
    found, real = foregrounds(labels, truth, known)
    return share(2 * int((found & real).sum()), int(found.sum()) + int(real.sum()))


def pixel_error(labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None) -> float:
    """The share of pixels that are foreground in one mask and background in the other; 0 is best.

    Parameters are those of `iou`.
    """
    found, real = foregrounds(labels, truth, known)
    looked_at = found.size if known is None else int(np.count_nonzero(known))
    return int((found ^ real).sum()) / max(looked_at, 1)


def foregrounds(
    labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Both masks as bool, false where the truth is not known."""
    labels, truth = comparable(labels, truth, known)
    return labels != 0, truth != 0
