"""Rectangles of pixels: the blocks that an image is gone through by, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator

from napari_unet.schema.prediction import Box


def slices(box: Box) -> tuple[slice, slice]:
    """The box as an index of an array."""
    return slice(box[0], box[2]), slice(box[1], box[3])


def grid(shape: tuple[int, int], block: tuple[int, int]) -> Iterator[Box]:
    """Cut a plane into blocks of a height and width, line by line; the last ones are smaller."""
    for y in range(0, shape[0], block[0]):
        for x in range(0, shape[1], block[1]):
            yield y, x, min(y + block[0], shape[0]), min(x + block[1], shape[1])
