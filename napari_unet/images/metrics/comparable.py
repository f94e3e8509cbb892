"""Two masks that can be compared, and shares of what there is."""

from __future__ import annotations

import numpy as np


def share(part: float, whole: float) -> float:
    """A part of the whole; 1 where there is nothing, since there nothing is wrong."""
    return part / whole if whole else 1.0


def comparable(
    labels: np.ndarray, truth: np.ndarray, known: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays of integers, 0 where the truth is not known.

    Raises
    ------
    ValueError
        If their shapes differ or they are no integers.
    """
    labels, truth = np.asarray(labels), np.asarray(truth)
    looked_at = np.True_ if known is None else np.asarray(known) != 0
    if labels.shape != truth.shape or looked_at.shape not in ((), labels.shape):
        raise ValueError(
            f"The labels {labels.shape} have another shape than their truth {truth.shape} or the "
            "known pixels; compare masks of one and the same image."
        )
    if labels.dtype.kind not in "bui" or truth.dtype.kind not in "bui":
        raise ValueError("Masks are compared as integers; turn probabilities into labels first.")
    if known is None:
        return labels, truth
    return np.where(looked_at, labels, 0), np.where(looked_at, truth, 0)
