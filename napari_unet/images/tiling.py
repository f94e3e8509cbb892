"""Overlap-tiles: cut an image so that the parts give exactly the result of the whole."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np

from napari_unet.schema.prediction import Box

MARGIN_PX = 16
"""Pixels mirrored around the image, so that objects at its edge are seen with context."""

_MANY = 8
"""With more tiles than this the first one is cut in four: its halo is then a small part of all."""


class Readable(Protocol):
    """An image of which parts can be read: an array, or what gives arrays when it is sliced."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(channel, y, x)."""

    def __getitem__(self, key: tuple[slice, slice, slice], /) -> np.ndarray:
        """The pixels of those slices, (channel, y, x)."""


class Canvas(NamedTuple):
    """The image with its mirrored margin: what a network sees when it sees all at once."""

    shape: tuple[int, int]
    """Height and width in pixels, multiples of the network's pooling grid."""
    margin: tuple[int, int]
    """How many mirrored pixels are above and to the left of the image."""


class Gaze:
    """Where a person looks: what is near it comes first. It may move while tiles are cut.

    Parameters
    ----------
    box
        In pixels of the image; None as long as nobody says so.
    plane
        Which one of several.
    """

    def __init__(self, box: Box | None = None, plane: int = 0) -> None:
        self.box, self.plane = box, plane


class Tile(NamedTuple):
    """One square of an image, and what the network has to see for it to be exact."""

    core: Box
    """In pixels of the image: what this tile answers for."""
    read: Box
    """In pixels of the canvas: what the network is shown."""
    crop: Box
    """In pixels of what it answered: where the core lies."""


def canvas(shape: tuple[int, int], multiple: int) -> Canvas:
    """Lay out the mirrored margin around an image of this height and width."""
    sizes = [-(-(size + 2 * MARGIN_PX) // multiple) * multiple for size in shape]
    return Canvas((sizes[0], sizes[1]), (MARGIN_PX, MARGIN_PX))


def tiles(
    shape: tuple[int, int],
    tile_px: int,
    halo_px: int,
    multiple: int,
    region: Box | None = None,
    gaze: Gaze | None = None,
    *,
    margin_px: int = 0,
    remainder_px: int = 0,
) -> Iterator[Tile]:
    """Cut an image into tiles whose answers fit together without a seam.

    Every tile is read with a halo as wide as the network's receptive field and starts on its
    pooling grid, so each core pixel gets the same value as if the whole image had been one tile. A
    network that does not pad sees the image mirrored as far as it looks, one that pads sees
    mirrored pixels up to the canvas's edge and zeros beyond.

    Parameters
    ----------
    shape
        Height and width of the image.
    tile_px
        Side of a core; rounded up to a multiple of ``multiple``.
    halo_px
        Radius of the network's receptive field.
    multiple
        The network's pooling grid, 2 to the number of poolings.
    region
        Only the cores within this box are cut; None is the whole image.
    gaze
        Tiles nearest to the centre of its box come first, also when it moves meanwhile. Where many
        are to come, the very first one is cut in four, so that there is something to see sooner.
    margin_px
        How many pixels on each side the network leaves without an answer; 0 if it pads.
    remainder_px
        What the side of an answer is more than a multiple; 0 if it pads.

    Notes
    -----
    The overlap-tile strategy of Ronneberger, Fischer and Brox (2015), figure 2.
    """
    side = -(-tile_px // multiple) * multiple
    halo = -(-halo_px // multiple) * multiple
    whole = canvas(shape, multiple)
    y0, x0, y1, x1 = region or (0, 0, *shape)
    step_y, step_x = _even_step(y1 - y0, side, multiple), _even_step(x1 - x0, side, multiple)
    cores = [
        (y, x, min(y + step_y, y1), min(x + step_x, x1))
        for y in range(y0, y1, step_y)
        for x in range(x0, x1, step_x)
    ]
    for core in _in_turn(cores, gaze or Gaze()):
        if margin_px:
            yield _unpadded_tile(core, whole, multiple, margin_px, remainder_px)
        else:
            yield _tile(core, whole, halo, multiple)


def _even_step(length: int, side: int, multiple: int) -> int:
    """The side that cuts a length into parts of about the same size, none larger than ``side``."""
    parts = max(1, -(-length // side))
    return max(multiple, -(-length // (parts * multiple)) * multiple)


def _in_turn(cores: Sequence[Box], gaze: Gaze) -> Iterator[Box]:
    """The cores as they are wanted: always the nearest to where somebody looks by then."""
    left, seen = list(reversed(cores)), None
    while left:
        if gaze.box is not None and gaze.box != seen:
            distance = partial(_distance, look=gaze.box)
            left.sort(key=distance, reverse=True)
            if seen is None and len(left) > _MANY:
                left[-1:] = sorted(_quarters(left[-1]), key=distance, reverse=True)
            seen = gaze.box
        yield left.pop()


def _quarters(core: Box) -> list[Box]:
    """The parts of a core cut in the middle of each side; of a side of one pixel there is one."""
    y0, x0, y1, x1 = core
    y, x = (y0 + y1 + 1) // 2, (x0 + x1 + 1) // 2
    rows = [(y0, y), (y, y1)] if y < y1 else [(y0, y1)]
    columns = [(x0, x), (x, x1)] if x < x1 else [(x0, x1)]
    return [(top, left, bottom, right) for top, bottom in rows for left, right in columns]


def _distance(core: Box, look: Box) -> float:
    """Between the centres of two boxes, in pixels."""
    return (
        math.dist([core[0] + core[2], core[1] + core[3]], [look[0] + look[2], look[1] + look[3]])
        / 2
    )


def _tile(core: Box, whole: Canvas, halo: int, multiple: int) -> Tile:
    on_canvas = [core[i] + whole.margin[i % 2] for i in range(4)]
    start = [max(0, on_canvas[i] // multiple * multiple - halo) for i in (0, 1)]
    stop = [min(whole.shape[i], -(-on_canvas[i + 2] // multiple) * multiple + halo) for i in (0, 1)]
    crop = [on_canvas[i] - start[i % 2] for i in range(4)]
    return Tile(core, (start[0], start[1], stop[0], stop[1]), (crop[0], crop[1], crop[2], crop[3]))


def _unpadded_tile(core: Box, whole: Canvas, multiple: int, margin: int, remainder: int) -> Tile:
    """What a network that does not pad has to see: its margin around the core, on its grid."""
    on_canvas = [core[i] + whole.margin[i % 2] for i in range(4)]
    start = [(on_canvas[i] - margin) // multiple * multiple for i in (0, 1)]
    wanted = [on_canvas[i + 2] - margin - start[i] for i in (0, 1)]
    stop = [start[i] + wanted[i] + (remainder - wanted[i]) % multiple + 2 * margin for i in (0, 1)]
    crop = [on_canvas[i] - margin - start[i % 2] for i in range(4)]
    return Tile(core, (start[0], start[1], stop[0], stop[1]), (crop[0], crop[1], crop[2], crop[3]))


def read(image: Readable, box: Box, margin: tuple[int, int] = (MARGIN_PX, MARGIN_PX)) -> np.ndarray:
    """Read a box of the canvas from a (channel, y, x) image, mirrored beyond its edges."""
    rows = mirrored(np.arange(box[0], box[2]) - margin[0], image.shape[1])
    columns = mirrored(np.arange(box[1], box[3]) - margin[1], image.shape[2])
    top, bottom = rows.min(), rows.max() + 1
    left, right = columns.min(), columns.max() + 1
    part = np.asarray(image[:, top:bottom, left:right])
    return part[:, rows[:, None] - top, columns[None] - left]


def mirrored(index: np.ndarray, size: int) -> np.ndarray:
    """Fold indices beyond the edges of an axis back into it; works for an axis of one pixel."""
    if size == 1:
        return np.zeros_like(index)
    period = 2 * (size - 1)
    folded = np.abs(index) % period
    inside: np.ndarray = np.minimum(folded, period - folded)
    return inside
