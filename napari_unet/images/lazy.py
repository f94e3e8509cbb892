"""Images that need not fit into memory: what is asked of them is read, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_unet.images.axes import channel_names, plane
from napari_unet.images.colour import COLOURS
from napari_unet.images.files import as_image, check_image
from napari_unet.schema.arrays import ArrayLike
from napari_unet.schema.prediction import Box

LARGE_PX = 1 << 26
"""Images with more pixels are read from their files part by part."""
_READ_PX, _MOST_PX = 512, 1 << 24
"""Side of what is read at a time, and the most pixels of it."""


def as_lazy(array: Any, name: str = "The image") -> Any:
    """Check that an array is an image without reading its pixels.

    Parameters
    ----------
    array
        As `ArrayLike`, or what `napari_unet.images.files.as_image` takes.
    name
        What it is called where it has to be refused.

    Returns
    -------
    The array itself, whatever its byte order, or what `as_image` makes of what is none.

    Raises
    ------
    ValueError
        As from `as_image`.
    """
    try:
        dtype, shape = np.dtype(array.dtype), tuple(array.shape)
    except (AttributeError, TypeError):  # a list, or an array with types of its own
        return as_image(array, name)
    check_image(dtype, shape, name)
    return array


def whole(array: ArrayLike) -> np.ndarray:
    """All pixels of an array that may be one that can be sliced only."""
    return np.asarray(array[tuple(slice(0, side) for side in array.shape)])


class PlaneView:
    """One plane of an image, read part by part; see `napari_unet.images.axes.plane`.

    Parameters are those of `plane`, and so are its axes.
    """

    def __init__(self, array: ArrayLike, axes: str, index: int, channel: int | None = None) -> None:
        names = channel_names(array.shape, axes)  # refuses axes that do not fit
        self._array, self._axes, self._index, self._channel = array, axes, index, channel
        channels = names and channel is None
        colour_last = axes.endswith("YXC") and array.shape[-1] in (3, 4)
        self._letters = "YX" if not channels else "YXC" if colour_last else "CYX"
        stain = colour_last and channel is not None and COLOURS[channel] == "blue stain"
        self.dtype = np.dtype(np.float32 if stain else array.dtype)
        self.shape = self._along(array.shape)
        self.ndim = len(self.shape)
        chunks = chunks_of(array)
        self.chunks = chunks and self._along(chunks)

    def _along(self, sides: Sequence[int]) -> tuple[int, ...]:
        """Of what there is for each axis of the image that of the plane's axes."""
        return tuple(sides[self._axes.index(letter)] for letter in self._letters)

    def __getitem__(self, key: tuple[slice, ...]) -> np.ndarray:
        """Read slices of the plane; of y and x without a step."""
        by_letter = dict(zip(self._letters, key, strict=True))
        (top, bottom, _), (left, right, _) = (
            by_letter[letter].indices(self.shape[self._letters.index(letter)]) for letter in "YX"
        )
        part = self._part((top, left, bottom, right))
        channels = by_letter.get("C", slice(None))
        if self._letters == "YX":
            return part
        return part[channels] if self._letters == "CYX" else part[..., channels]

    def _part(self, box: Box) -> np.ndarray:
        window = _Window(self._array, self._axes, box)
        return plane(window, self._axes, self._index, self._channel)


class _Window:
    """A box of every plane of an image, as an image."""

    def __init__(self, array: ArrayLike, axes: str, box: Box) -> None:
        self._array = array
        self._within = {"Y": slice(box[0], box[2]), "X": slice(box[1], box[3])}
        self._axes = axes
        self.shape = tuple(
            self._within[letter].stop - self._within[letter].start if letter in "YX" else size
            for letter, size in zip(axes, array.shape, strict=True)
        )

    def __getitem__(self, key: tuple[Any, ...]) -> Any:
        return self._array[
            tuple(self._within.get(letter, at) for letter, at in zip(self._axes, key, strict=True))
        ]


def chunks_of(array: Any) -> tuple[int, ...] | None:
    """What an array is stored in: the size of a chunk along each axis, if it says so."""
    chunks = getattr(array, "chunksize", None) or getattr(array, "chunks", None)
    return tuple(int(side) for side in chunks) if chunks else None


def reading_px(chunks: Sequence[int] | None) -> tuple[int, int]:
    """Height and width to read a plane by, so that no chunk, (y, x), is read twice."""
    if chunks is None:
        return _READ_PX, _READ_PX
    height, width = (side * max(1, _READ_PX // side) for side in chunks)
    return (height, width) if height * width <= _MOST_PX else (_READ_PX, _READ_PX)
