"""Bring the grey values of any image to the same range."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from napari_unet.images.boxes import grid
from napari_unet.schema.prediction import Box

_SAMPLE = 1_000_000
"""Percentiles of larger images are taken from about so many regularly spaced pixels."""
_BLOCK_PX = 512

Real = np.float32 | np.float64


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
    height, width = planes.shape[1:]
    found = find_stretches(
        lambda box: planes[:, box[0] : box[2], box[1] : box[3]],
        (height, width),
        percentiles,
        inverted=inverted,
        block_px=(height, width),
    )
    return np.stack([stretch(plane) for stretch, plane in zip(found, planes, strict=True)])


class Stretch(NamedTuple):
    """How the grey values of one channel become those that a network sees."""

    low: Real
    high: Real
    """What becomes 0 and 1; of the negative where it is inverted."""
    darkest: Real
    """What pixels count as that are not finite."""
    inverted: bool
    broken: int
    """So many pixels of the channel are not finite."""

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Stretch pixels of this channel, of any shape and real dtype; float32."""
        values = _values(pixels, self.inverted)
        if not self.high > self.low:
            return np.zeros(values.shape, np.float32)
        if pixels.dtype.kind == "f":
            values = np.where(np.isfinite(values), values, self.darkest)
        low, high = self.low / 2, self.high / 2  # the difference may be too large for its type
        stretched: np.ndarray = np.clip((values / 2 - low) / (high - low), -1, 4)
        return stretched.astype(np.float32, copy=False)


def find_stretches(
    read: Callable[[Box], np.ndarray],
    size: tuple[int, int],
    percentiles: tuple[float, float],
    *,
    inverted: bool = False,
    block_px: tuple[int, int] = (_BLOCK_PX, _BLOCK_PX),
) -> list[Stretch]:
    """Find how to stretch an image that need not fit into memory: the same as of the whole.

    It is read block by block. Up to 1.5 megapixels the percentiles are those of all pixels; of a
    larger image they are those of every second, third ... pixel of every second, third ... row, of
    about a megapixel in all. The darkest value, which broken pixels count as, is exact.

    Parameters
    ----------
    read
        Gives the pixels of a box, (channel, y, x), of any real dtype.
    size
        Height and width.
    percentiles, inverted
        See `normalize`.
    block_px
        Height and width of what is read at a time.

    Returns
    -------
    One for each channel.
    """
    seen = _survey(read, size, block_px, inverted)
    stretches = []
    for index in range(len(seen.sample)):
        of_channel = _stretch(seen, index, percentiles, inverted)
        if not of_channel.high > of_channel.low and not seen.complete:
            seen = _survey(read, size, block_px, inverted, complete=True)
            of_channel = _stretch(seen, index, percentiles, inverted)
        stretches.append(of_channel)
    return stretches


class _Survey(NamedTuple):
    """What one look at all blocks finds, by channel."""

    sample: np.ndarray
    """(channel, y, x): regularly spaced pixels."""
    lowest: np.ndarray
    highest: np.ndarray
    """Of the finite ones among the pixels that were looked at."""
    broken: np.ndarray
    complete: bool
    """All pixels were looked at, not only the sample."""


def _survey(
    read: Callable[[Box], np.ndarray],
    size: tuple[int, int],
    block_px: tuple[int, int],
    inverted: bool,
    complete: bool = False,
) -> _Survey:
    """Whole numbers are never broken: of them a sample is enough, unless that is constant."""
    step = max(1, round((size[0] * size[1] / _SAMPLE) ** 0.5))
    rows, columns = (-(-side // step) for side in size)
    found: _Survey | None = None
    for box in grid(size, block_px):
        part = read(box)
        if found is None:
            complete = complete or part.dtype.kind == "f" or step == 1
            sample = np.empty((len(part), rows, columns), _precision(part.dtype))
            start = np.full(len(part), np.inf, sample.dtype)
            found = _Survey(sample, start, -start, np.zeros(len(part), np.int64), complete)
        top, left = -(-box[0] // step), -(-box[1] // step)
        spaced = part[:, top * step - box[0] :: step, left * step - box[1] :: step]
        height, width = spaced.shape[1:]
        found.sample[:, top : top + height, left : left + width] = _values(spaced, inverted)
        _note_extremes(found, _values(part if complete else spaced, inverted))
    assert found is not None  # an image has at least one pixel
    return found


def _note_extremes(found: _Survey, values: np.ndarray) -> None:
    if not values.size:
        return
    finite = np.isfinite(values)
    among: Any = {"axis": (1, 2)}
    if not finite.all():  # choosing pixels takes longer
        found.broken[:] += (~finite).sum((1, 2))
        among |= {"where": finite}
    np.minimum(found.lowest, values.min(**among, initial=np.inf), out=found.lowest)
    np.maximum(found.highest, values.max(**among, initial=-np.inf), out=found.highest)


def _stretch(
    seen: _Survey, index: int, percentiles: tuple[float, float], inverted: bool
) -> Stretch:
    sample = seen.sample[index]
    nothing = seen.lowest[index] > seen.highest[index]
    darkest = sample.dtype.type(0) if nothing else seen.lowest[index]
    if seen.broken[index]:
        sample = np.where(np.isfinite(sample), sample, darkest)
    low, high = np.percentile(sample, percentiles).astype(sample.dtype)
    if not high > low:
        low, high = darkest, darkest if nothing else seen.highest[index]
    return Stretch(low, high, darkest, inverted, int(seen.broken[index]))


def _values(pixels: np.ndarray, inverted: bool) -> np.ndarray:
    values: np.ndarray = pixels.astype(_precision(pixels.dtype))
    return -values if inverted else values


def _precision(dtype: np.dtype[Any]) -> type[np.float32 | np.float64]:
    """In which the grey values of an image are all different; float32 wherever it suffices."""
    return np.float32 if np.can_cast(dtype, np.float32) else np.float64
