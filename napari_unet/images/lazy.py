"""Images that need not fit into memory: what is asked of them is read, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from napari_unet.images.axes import plane, plane_count
from napari_unet.images.files import as_image, check_image
from napari_unet.schema.prediction import Box

T = TypeVar("T")

LARGE_PX = 1 << 26
"""Images with more pixels are read from their files part by part."""
_READ_PX, _MOST_PX = 512, 1 << 24
"""Side of what is read at a time, and the most pixels of it."""


class ArrayLike(Protocol):
    """Anything with a shape that can be sliced: numpy, dask, zarr, a memory-mapped file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its size along each axis."""

    @property
    def dtype(self) -> Any:
        """The type of its pixels."""

    def __getitem__(self, key: Any, /) -> Any:
        """What `numpy.asarray` turns into the pixels of those slices."""


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
    The array itself, or what `as_image` makes of it where it is in memory.

    Raises
    ------
    ValueError
        As from `as_image`.
    """
    if isinstance(array, np.ndarray) or not (hasattr(array, "shape") and hasattr(array, "dtype")):
        return as_image(array, name)
    try:
        dtype = np.dtype(array.dtype)
    except TypeError:  # an array of a library that has types of its own
        return as_image(array, name)
    check_image(dtype, tuple(array.shape), name)
    return array


class PlaneView:
    """One plane of an image, read part by part; see `napari_unet.images.axes.plane`.

    Parameters are those of `plane`, and so are its axes.
    """

    def __init__(self, array: ArrayLike, axes: str, index: int, channel: int | None = None) -> None:
        plane_count(array.shape, axes)  # refuses axes that do not fit
        self._array, self._axes, self._index, self._channel = array, axes, index, channel
        pixel = self._part((0, 0, 1, 1))
        colour_last = axes.endswith("YXC") and array.shape[-1] in (3, 4)
        self._first = 1 if pixel.ndim == 3 and not colour_last else 0
        self.dtype, self.ndim = pixel.dtype, pixel.ndim
        places = [axes.index(letter) for letter in "YX"]
        self.shape = self._with_sides(pixel.shape, [array.shape[place] for place in places])
        chunks = chunks_of(array)
        self.chunks = chunks and self._with_sides(pixel.shape, [chunks[i] for i in places])

    def __getitem__(self, key: tuple[slice, ...]) -> np.ndarray:
        """Read slices of the plane; of y and x without a step."""
        (top, bottom, _), (left, right, _) = (
            key[axis].indices(self.shape[axis]) for axis in (self._first, self._first + 1)
        )
        part = self._part((top, left, bottom, right))
        every = slice(None)
        return part[self._with_sides(key, (every, every))]

    def _with_sides(self, along: Sequence[T], sides: Sequence[T]) -> tuple[T, ...]:
        """What belongs to each axis, with that of y and x replaced."""
        first = self._first
        return (*along[:first], *sides, *along[first + 2 :])

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
