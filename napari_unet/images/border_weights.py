"""Border weights of the U-Net paper and of its plugin: what keeps touching cells apart."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from napari_unet.images.two_nearest import two_nearest

_NEGLIGIBLE = 1e-7


def reach_px(w0: float, sigma_px: float) -> float:
    """The sum of distances beyond which a border weight is below 1e-7, in pixels."""
    return sigma_px * math.sqrt(2 * math.log(w0 / _NEGLIGIBLE)) if w0 > _NEGLIGIBLE else 0.0


def border_weights(labels: np.ndarray, w0: float = 10.0, sigma_px: float = 5.0) -> np.ndarray:
    """Make the narrow gaps between neighbouring objects count more in training.

    Each background pixel gets ``1 + w0 exp(-(d1 + d2)^2 / (2 sigma^2))``, where d1 and d2 are its
    distances to the nearest and the second nearest object; pixels of objects get 1. The values
    are exact to 1e-6: distances are measured only as far as they could matter. How many objects
    there are makes no difference to the time.

    Parameters
    ----------
    labels
        (y, x) integers, 0 is background. Separate touching objects first (`targets.open_gaps`).
    w0
        How much a pixel in the narrowest gap counts more.
    sigma_px
        How wide a gap still counts, in pixels.

    Returns
    -------
    float32, (y, x), at least 1.

    Notes
    -----
    Ronneberger, Fischer and Brox (2015), equation 2, with w_c = 1; see `class_balance` for w_c.
    There d1 and d2 are distances to the borders of cells.
    """
    reach = reach_px(w0, sigma_px)
    nearest, second = two_nearest(labels, reach)
    total = nearest + second
    weights = np.ones(labels.shape, dtype=np.float32)
    near = (labels == 0) & (total < reach)
    weights[near] += w0 * np.exp(-(total[near] ** 2) / (2 * sigma_px**2))
    return weights


def border_weights_2019(
    labels: np.ndarray,
    background: float = 0.1,
    w0: float = 50.0,
    gap_sigma_px: float = 6.0,
    rim_sigma_px: float = 10.0,
) -> np.ndarray:
    """Make gaps count most, what surrounds objects as much as objects, and the rest little.

    Objects get 1. Each background pixel gets ``v + w0 exp(-(d1 + d2)^2 / (2 gap^2)) +
    (1 - v) exp(-d1^2 / (2 rim^2))``, where d1 and d2 are its distances to the nearest and the
    second nearest object.

    Parameters
    ----------
    labels
        (y, x) integers, 0 is background. Separate touching objects first (`targets.open_gaps`).
    background
        v: what background counts that is far from everything.
    w0
        How much a pixel in the narrowest gap counts more.
    gap_sigma_px
        How wide a gap still counts, in pixels.
    rim_sigma_px
        How far around an object background still counts, in pixels.

    Returns
    -------
    float32, (y, x); positive unless ``background`` is 0.

    Notes
    -----
    Falk et al. (2019), as their Fiji plugin computes it for images of 0.5 um a pixel.
    """
    gaps = border_weights(labels, w0, gap_sigma_px) - 1
    if not (labels > 0).any():
        return np.full(labels.shape, background, dtype=np.float32)
    nearest = ndimage.distance_transform_edt(labels == 0)
    rims = (1 - background) * np.exp(-(nearest**2) / (2 * rim_sigma_px**2))
    return np.where(labels > 0, 1, background + gaps + rims).astype(np.float32)
