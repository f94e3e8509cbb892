"""Where a model is not sure of itself."""

from __future__ import annotations

import numpy as np


def entropy(probabilities: np.ndarray) -> np.ndarray:
    """Say for each pixel how undecided a model is: 0 is sure, 1 is a coin toss.

    The entropy of the classes, divided by that of a pixel to which all are equally likely.

    Parameters
    ----------
    probabilities
        Float, (class, y, x); one class is the probability of object against background.

    Returns
    -------
    np.ndarray
        float32, (y, x), between 0 and 1.
    """
    p = np.asarray(probabilities, np.float32)
    if len(p) == 1:
        p = np.concatenate([1 - p, p])
    surprise = -np.log(np.clip(p, np.finfo(np.float32).tiny, 1))
    return np.asarray((p * surprise).sum(axis=0) / np.float32(np.log(len(p))))
