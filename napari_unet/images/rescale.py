"""Bring images to another size, labels with them, and probabilities back."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import sparse

from napari_unet.schema.prediction import Box

Size = tuple[int, int]
"""Height and width in pixels."""


def scaled(size: Size, scale: float) -> Size:
    """Height and width of an image that is resized by a factor."""
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def resize(image: np.ndarray, size: Size) -> np.ndarray:
    """Show an image at another size, without false patterns where it gets smaller.

    Parameters
    ----------
    image
        float32, (channel, y, x).
    size
        Wanted height and width.

    Returns
    -------
    float32, (channel, y, x). Each pixel is a mean of those it covers, and of their neighbours where
    the image is enlarged (bilinear); it never exceeds them.
    """
    height, width = image.shape[1:]
    return _blended(image, _blending(height, size[0]), _blending(width, size[1]))


def resize_labels(labels: np.ndarray, size: Size) -> np.ndarray:
    """Show labels, or which pixels are known, at another size: each pixel is the nearest one.

    Parameters
    ----------
    labels
        (y, x), any dtype.
    size
        Wanted height and width.
    """
    rows, columns = (
        ((np.arange(wanted) + 0.5) * have / wanted).astype(np.intp)
        for have, wanted in zip(labels.shape, size, strict=True)
    )
    found: np.ndarray = labels[rows[:, None], columns]
    return found


class Source(NamedTuple):
    """The part of a resized image from which a box of the image's own size is made."""

    box: Box
    """In pixels of the resized image."""
    rows: sparse.csr_array
    columns: sparse.csr_array

    def back(self, part: np.ndarray) -> np.ndarray:
        """From that part, (channel, y, x), to the box in the pixels of the image."""
        return _blended(part, self.rows, self.columns)


def source(core: Box, resized: Size, size: Size) -> Source:
    """What a box of an image needs of the same image at another size.

    Each pixel is made of the same neighbours whatever the box, so boxes fit without a seam.

    Parameters
    ----------
    core
        In pixels of the image.
    resized
        Height and width at the other size.
    size
        Height and width of the image.
    """
    rows = _blending(resized[0], size[0])[core[0] : core[2]]
    columns = _blending(resized[1], size[1])[core[1] : core[3]]
    top, bottom = int(rows.indices.min()), int(rows.indices.max()) + 1
    left, right = int(columns.indices.min()), int(columns.indices.max()) + 1
    return Source((top, left, bottom, right), rows[:, top:bottom], columns[:, left:right])


@lru_cache(maxsize=8)
def _blending(have: int, wanted: int) -> sparse.csr_array:
    """How much each pixel of an axis counts for each of its pixels at another size.

    A triangle around the centre of each wanted pixel, as wide as two pixels of the coarser side:
    bilinear where the axis gets longer, and a weighted mean where it gets shorter.
    """
    step = have / wanted
    reach = max(1.0, step)
    centres = (np.arange(wanted) + 0.5) * step - 0.5
    near = np.floor(centres - reach)[:, None] + np.arange(int(2 * reach) + 3)
    counts = np.clip(1 - np.abs(near - centres[:, None]) / reach, 0, None)
    counts /= counts.sum(1, keepdims=True)
    places = np.broadcast_to(np.arange(wanted)[:, None], near.shape)
    columns = np.clip(near, 0, have - 1).astype(np.intp)
    entries = counts.astype(np.float32).ravel(), (places.ravel(), columns.ravel())
    found = sparse.csr_array(entries, shape=(wanted, have))
    found.eliminate_zeros()
    return found


def _blended(image: np.ndarray, rows: sparse.csr_array, columns: sparse.csr_array) -> np.ndarray:
    return np.stack([np.ascontiguousarray((columns @ (rows @ plane).T).T) for plane in image])
