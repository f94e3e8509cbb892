"""Changed pixels as runs along the rows: small, whatever the size of the image.

A stroke, a merged object, a confirmed region and a whole new mask are all the same thing here: runs
of neighbouring pixels that had one value before and have another one after. Undo, redo, the journal
and the layers work with nothing else.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_unet.schema.prediction import Box

_DTYPES = ("<i8", "<i8", "<u4", "<u4")
_LONG_PX = 64
"""Runs that are on average longer than this are written one by one, shorter ones all at once."""
_PIECE = 20_000
"""So many short runs are written at once: meanwhile no other thread runs."""


@dataclass(frozen=True, eq=False)
class Runs:
    """Pixels that changed, in the order in which an array holds them.

    Parameters
    ----------
    start
        int64: the first pixel of each run, as its place in the flattened array.
    length
        int64: the pixels of each run.
    before, after
        uint32: the value of all its pixels before and after.
    """

    start: np.ndarray
    length: np.ndarray
    before: np.ndarray
    after: np.ndarray

    @classmethod
    def none(cls) -> Runs:
        """No change at all."""
        return cls(*(np.zeros(0, dtype) for dtype in _DTYPES))

    @classmethod
    def of_pixels(cls, pixels: np.ndarray, before: np.ndarray, after: np.ndarray) -> Runs:
        """Runs from single pixels.

        Parameters
        ----------
        pixels
            Places in the flattened array, rising, none twice.
        before, after
            The value of each pixel; those that are equal are left out.
        """
        changed = before != after
        return cls._between(pixels[changed], before[changed], after[changed])

    @classmethod
    def of_box(
        cls,
        shape: Sequence[int],
        plane: Sequence[int],
        box: Box,
        before: np.ndarray,
        after: np.ndarray,
    ) -> Runs:
        """Runs from what a box of a plane was and what it becomes.

        Parameters
        ----------
        shape
            Of the whole array, (..., y, x).
        plane, box
            Where the box lies.
        before, after
            (y, x) integers, of the size of the box.
        """
        edge = np.zeros(before.shape, bool)
        edge[:, :1] = True
        edge[:, 1:] |= before[:, 1:] != before[:, :-1]
        edge[:, 1:] |= after[:, 1:] != after[:, :-1]
        places = np.flatnonzero(edge)
        old, new = before.ravel()[places], after.ravel()[places]
        length = np.diff(places, append=before.size)
        rows, columns = np.divmod(places, before.shape[1] or 1)
        front = int(np.ravel_multi_index(tuple(plane), tuple(shape[:-2]))) if plane else 0
        start = (front * shape[-2] + box[0] + rows) * shape[-1] + box[1] + columns
        kept = old != new
        columns_of = (start, length, old, new)
        return cls(*(c[kept].astype(t) for c, t in zip(columns_of, _DTYPES, strict=True)))

    @classmethod
    def of_arrays(cls, before: np.ndarray, after: np.ndarray) -> Runs:
        """Runs from what a whole array was and what it becomes, (..., y, x) integers."""
        whole = (0, 0, *before.shape[-2:])
        planes = np.ndindex(before.shape[:-2])
        return cls.joined(
            [cls.of_box(before.shape, at, whole, before[at], after[at]) for at in planes]
        )

    @classmethod
    def joined(cls, parts: Sequence[Runs]) -> Runs:
        """Several changes as one; they come in order and share no pixel."""
        return cls(
            np.concatenate([part.start for part in parts]),
            np.concatenate([part.length for part in parts]),
            np.concatenate([part.before for part in parts]),
            np.concatenate([part.after for part in parts]),
        )

    @classmethod
    def _between(cls, pixels: np.ndarray, before: np.ndarray, after: np.ndarray) -> Runs:
        breaks = (np.diff(pixels) != 1) | (np.diff(before) != 0) | (np.diff(after) != 0)
        first = np.concatenate([[0], np.flatnonzero(breaks) + 1])[: len(pixels)]
        length = np.diff(first, append=len(pixels))
        columns = (pixels[first], length, before[first], after[first])
        return cls(*(c.astype(t) for c, t in zip(columns, _DTYPES, strict=True)))

    def __len__(self) -> int:
        return len(self.start)

    @property
    def size(self) -> int:
        """How many pixels change."""
        return int(self.length.sum())

    @property
    def pixels(self) -> np.ndarray:
        """int64: the place of each pixel in the flattened array, rising."""
        into = np.arange(self.size) - np.repeat(np.cumsum(self.length) - self.length, self.length)
        places: np.ndarray = np.repeat(self.start, self.length) + into
        return places

    @property
    def values(self) -> np.ndarray:
        """uint32: what each pixel becomes."""
        values: np.ndarray = np.repeat(self.after, self.length)
        return values

    def backwards(self) -> Runs:
        """The change that takes this one back."""
        return Runs(self.start, self.length, self.after, self.before)

    def write(self, array: np.ndarray) -> None:
        """Make the change in an array, which has to be contiguous."""
        flat = array.reshape(-1)
        if self.size < _LONG_PX * len(self):
            for first in range(0, len(self), _PIECE):
                part = self._part(slice(first, first + _PIECE))
                flat[part.pixels] = part.values
            return
        for start, length, value in zip(
            self.start.tolist(), self.length.tolist(), self.after.tolist(), strict=True
        ):
            flat[start : start + length] = value

    def _part(self, which: slice) -> Runs:
        return Runs(self.start[which], self.length[which], self.before[which], self.after[which])

    def box(self, shape: Sequence[int]) -> tuple[slice, ...]:
        """The smallest box of an array of this shape that holds every changed pixel."""
        first = np.unravel_index(self.start, tuple(shape))
        last = np.unravel_index(self.start + self.length - 1, tuple(shape))
        wraps = np.zeros(len(self), bool)  # it goes on in the next row, so it fills all columns
        sides = []
        for low, high, size in zip(first, last, shape, strict=True):
            sides.append(
                slice(
                    int(np.where(wraps, 0, np.minimum(low, high)).min()),
                    int(np.where(wraps, size - 1, np.maximum(low, high)).max()) + 1,
                )
            )
            wraps |= low != high
        return tuple(sides)

    def to_bytes(self) -> bytes:
        """The runs, compressed."""
        columns = (np.diff(self.start, prepend=0), self.length, self.before, self.after)
        raw = b"".join(c.astype(t).tobytes() for c, t in zip(columns, _DTYPES, strict=True))
        return zlib.compress(raw, 1)

    @classmethod
    def from_bytes(cls, data: bytes) -> Runs:
        """Read what `to_bytes` gave.

        Raises
        ------
        ValueError
            If these are no runs.
        """
        try:
            raw = zlib.decompress(data)
        except zlib.error as error:
            raise ValueError("These bytes hold no edit: take an older copy of the file.") from error
        row = sum(np.dtype(t).itemsize for t in _DTYPES)
        count, rest = divmod(len(raw), row)
        if rest:
            raise ValueError("These bytes hold no whole edit: take an older copy of the file.")
        columns, at = [], 0
        for dtype in _DTYPES:
            columns.append(np.frombuffer(raw, dtype, count, at))
            at += columns[-1].nbytes
        return cls(np.cumsum(columns[0]), *columns[1:])
