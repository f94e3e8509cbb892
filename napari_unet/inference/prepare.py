"""Bring an image into the form that a model has been taught on, whole or part by part."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_unet.images.colour import luminance
from napari_unet.images.lazy import LARGE_PX, as_lazy, chunks_of, reading_px
from napari_unet.images.normalize import find_stretches
from napari_unet.images.rescale import Size, resize, scaled, source
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.prediction import Box

_UNREADABLE = (OSError, ValueError, TypeError, LookupError, RuntimeError)


class TooManyChannels(ValueError):
    """An image has several channels, and the model takes one."""


def prepare(image: Any, card: ModelCard) -> np.ndarray:
    """Bring one plane into the form that a model has been taught on.

    Parameters
    ----------
    image
        (y, x), (channel, y, x) or colour, (y, x, 3 or 4); any real dtype.
    card
        Says how many channels the model takes, what it does with colour, how it normalises, and at
        what scale and polarity it sees images.

    Returns
    -------
    float32, (channel, y, x), by the scale of the card larger or smaller than the plane.

    Raises
    ------
    ValueError
        If the model cannot take such an image; the sentence says what to do.
    """
    return PreparedPlane(image, card).part(None)


def at_scale(image: np.ndarray, scale: float) -> np.ndarray:
    """A normalised image, (channel, y, x), resized by a factor; itself where nothing changes."""
    size = scaled((image.shape[1], image.shape[2]), scale)
    return image if size == image.shape[1:] else resize(image, size)


def plane_size(image: Any, card: ModelCard) -> Size:
    """Height and width of a plane, as `prepare` takes it."""
    height, width = image.shape[:2] if _is_colour(image.shape, card) else image.shape[-2:]
    return height, width


class PreparedPlane:
    """A plane as a model sees it, of which only those parts are read that are asked for.

    Every part is what `prepare` makes of the whole plane there: the grey values are stretched by
    percentiles of the whole, see `napari_unet.images.normalize.find_stretches`.

    Parameters
    ----------
    image
        As `prepare` takes it, or an array-like that is too large for memory: dask, zarr, a
        memory-mapped file.
    card
        As `prepare` takes it.

    Raises
    ------
    ValueError
        As from `prepare`.
    """

    def __init__(self, image: Any, card: ModelCard) -> None:
        self._image = as_lazy(image)
        self._card = card
        shape = tuple(self._image.shape)
        self._colour = _is_colour(shape, card)
        channels = self._channels(shape)
        self._size = plane_size(self._image, card)
        self.shape = (channels, *scaled(self._size, card.input.scale))
        """Channels, height and width of what the model sees."""
        self._stretches = find_stretches(
            self._read,
            self._size,
            card.percentiles,
            inverted=card.input.inverted,
            block_px=self._block_px(),
        )
        self.broken = sum(stretch.broken for stretch in self._stretches)
        """So many pixels are no numbers."""

    def __getitem__(self, key: tuple[slice, slice, slice]) -> np.ndarray:
        """All channels of slices without a step; float32, (channel, y, x)."""
        (top, bottom, _), (left, right, _) = (
            part.indices(side) for part, side in zip(key[1:], self.shape[1:], strict=True)
        )
        return self.part((top, left, bottom, right))[key[0]]

    def part(self, box: Box | None) -> np.ndarray:
        """What the model sees of a box, in its pixels; None is all. float32, (channel, y, x)."""
        seen, size = (self.shape[1], self.shape[2]), self._size
        if box is None:
            return at_scale(self._stretched((0, 0, *size)), self._card.input.scale)
        if seen == size:
            return self._stretched(box)
        needed = source(box, size, seen)
        return needed.back(self._stretched(needed.box))

    def _stretched(self, box: Box) -> np.ndarray:
        planes = zip(self._stretches, self._read(box), strict=True)
        return np.stack([stretch(pixels) for stretch, pixels in planes])

    def _read(self, box: Box) -> np.ndarray:
        """The pixels of a box of the image as they are, (channel, y, x)."""
        rows, columns = slice(box[0], box[2]), slice(box[1], box[3])
        if self._colour:
            return _colour(_pixels(self._image, (rows, columns, slice(None))), self._card)
        if len(self._image.shape) == 2:
            return _pixels(self._image, (rows, columns))[None]
        return _pixels(self._image, (slice(None), rows, columns))

    def _block_px(self) -> Size:
        """Height and width of what is read at a time while percentiles are found."""
        if isinstance(self._image, np.ndarray) and self._image.size <= LARGE_PX:
            return self._size
        chunks = chunks_of(self._image)
        return reading_px(chunks and (chunks[:2] if self._colour else chunks[-2:]))

    def _channels(self, shape: tuple[int, ...]) -> int:
        """How many channels the model takes, if it can take such an image."""
        if len(shape) > 3:
            raise ValueError(f"An image of shape {shape} is a stack: hand in its planes.")
        card, channels = self._card, self._card.network_settings.in_channels
        if self._colour and card.rgb == "refuse":
            raise ValueError(
                f"'{card.name}' takes grey images: convert this colour image to grey first."
            )
        of_colour = 1 if card.rgb == "luminance" else 3
        found = of_colour if self._colour else 1 if len(shape) == 2 else shape[0]
        if found != channels:
            refusal = TooManyChannels if channels == 1 else ValueError
            raise refusal(
                f"'{card.name}' takes {channels} channel{'s' * (channels > 1)}, the image has "
                f"{found}: choose a channel of the image or another model."
            )
        return channels


def _pixels(image: Any, key: tuple[slice, ...]) -> np.ndarray:
    try:
        return np.asarray(image[key])
    except _UNREADABLE as error:
        raise ValueError(f"The image could not be loaded ({error}); open it again.") from error


def _is_colour(shape: tuple[int, ...], card: ModelCard) -> bool:
    first_is_channel = shape[0] in (1, card.network_settings.in_channels)
    return len(shape) == 3 and shape[-1] in (3, 4) and not first_is_channel


def _colour(image: np.ndarray, card: ModelCard) -> np.ndarray:
    """Colours as channels, (channel, y, x), or what a model sees of them."""
    if card.rgb == "luminance":
        return luminance(image)[None]
    return np.moveaxis(image[..., :3], -1, 0)
