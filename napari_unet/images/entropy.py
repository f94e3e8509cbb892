"""How unsure a model is of each pixel."""

from __future__ import annotations

import numpy as np


def entropy(probabilities: np.ndarray) -> np.ndarray:
    """How unsure a model is of each pixel, whatever the threshold of the mask.

    The entropy of Shannon (1948) in units of the largest one, so that 0 is sure and 1 is a guess.
    Of probabilities that are the mean of several views (the heads of a UNet++, the flips and turns
    of an image) it counts where the views differ, too.

    Parameters
    ----------
    probabilities
        Float, (class, y, x), between 0 and 1; a single class is that of objects. Where all of
        several classes are 0, nothing was predicted, and nothing is unsure.

    Returns
    -------
    np.ndarray
        float32, (y, x), from 0 to 1.
    """
    several = len(probabilities) > 1
    unsure = np.zeros(probabilities.shape[1:], np.float32)
    for one in probabilities if several else (probabilities[0], 1 - probabilities[0]):
        unsure -= one * np.log2(np.maximum(one, np.float32(1e-12)))
    scale = np.float32(np.log2(len(probabilities)) if several else 1)
    found: np.ndarray = np.clip(unsure / scale, 0, 1)
    return found
