"""What an image is known by again: not its name, but what is in it."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from napari_unet.images.axes import plane, plane_count

_SAMPLE_PX = 1 << 22
"""Of a plane with more pixels only every so many are looked at."""


def fingerprint(array: Any, axes: str) -> str:
    """Give an image a short name that another image does not have.

    It is made from the shape, the type of the numbers, and the first, middle and last plane, so
    that it takes milliseconds on an image of any size, and reads little of one on the disk.

    Parameters
    ----------
    array
        The whole image; numpy, dask or zarr.
    axes
        What its axes mean, such as "ZCYX".

    Returns
    -------
    16 hexadecimal digits.
    """
    shape = tuple(array.shape)
    digest = hashlib.sha256(f"{shape}{np.dtype(array.dtype).str}".encode())
    count = plane_count(shape, axes)
    for index in sorted({0, count // 2, count - 1} & set(range(count))):
        pixels = plane(array, axes, index).reshape(-1)
        step = max(1, pixels.size // _SAMPLE_PX) | 1  # odd: not always the same columns
        digest.update(np.ascontiguousarray(pixels[::step]).tobytes())
    return digest.hexdigest()[:16]
