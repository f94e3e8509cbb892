"""Rectangles of pixels: the blocks that an image is gone through by, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_unet.schema.prediction import Box


def slices(box: Box) -> tuple[slice, slice]:
    """The box as an index of an array."""
    return slice(box[0], box[2]), slice(box[1], box[3])


def grid(shape: tuple[int, int], block: tuple[int, int]) -> Iterator[Box]:
    """Cut a plane into blocks of a height and width, line by line; the last ones are smaller."""
    for y in range(0, shape[0], block[0]):
        for x in range(0, shape[1], block[1]):
            yield y, x, min(y + block[0], shape[0]), min(x + block[1], shape[1])


def bounding_box(mask: np.ndarray) -> Box:
    """The smallest box that holds all true pixels; the whole plane where there is none."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return (0, 0, mask.shape[0], mask.shape[1])
    return (int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def grown(box: Box, by_px: int, shape: tuple[int, ...]) -> Box:
    """A box with so many pixels around it, as far as its plane reaches."""
    return (
        max(0, box[0] - by_px),
        max(0, box[1] - by_px),
        min(shape[0], box[2] + by_px),
        min(shape[1], box[3] + by_px),
    )


def around(mask: np.ndarray, by_px: int) -> tuple[slice, slice]:
    """What holds all true pixels of a plane, and so many around them; the whole if there is none.

    It is an index of arrays of the plane.
    """
    return slices(grown(bounding_box(mask), by_px, mask.shape))
