"""Bring the grey values of any image to the same range."""

from __future__ import annotations

import numpy as np

_SAMPLE = 1_000_000
"""Percentiles of larger images are taken from about so many regularly spaced pixels."""


def normalize(
    image: np.ndarray,
    percentiles: tuple[float, float] = (1.0, 99.8),
    *,
    inverted: bool = False,
) -> np.ndarray:
    """Stretch the grey values of an image so that networks see dark as 0 and bright as 1.

    The two percentiles are taken from the whole image, channel by channel, so always hand over
    whole images and crop afterwards: a crop of the result is then the same whatever the crop.
    Pixels that are not finite count as the darkest value; a constant image becomes 0.

    Parameters
    ----------
    image
        (y, x) or (channel, y, x), any real dtype.
    percentiles
        The percentiles that become 0 and 1; values beyond them are kept, up to -1 and 4.
    inverted
        Stretch the negative of the image instead, so that dark objects are like bright ones.

    Returns
    -------
    float32, (channel, y, x), finite.
    """
    planes = image[None] if image.ndim == 2 else image
    return np.stack([_normalize_channel(plane, percentiles, inverted) for plane in planes])


def _normalize_channel(
    plane: np.ndarray, percentiles: tuple[float, float], inverted: bool
) -> np.ndarray:
    values = plane.astype(np.float32)
    if inverted:
        values = -values
    finite = np.isfinite(values)
    if not finite.all():
        darkest = values[finite].min() if finite.any() else np.float32(0)
        values = np.where(finite, values, darkest)
    step = max(1, round((values.size / _SAMPLE) ** 0.5))
    low, high = np.percentile(values[::step, ::step], percentiles).astype(np.float32)
    if not high > low:
        low, high = values.min(), values.max()
    if not high > low:
        return np.zeros_like(values)
    stretched: np.ndarray = np.clip((values - low) / (high - low), -1, 4)
    return stretched
