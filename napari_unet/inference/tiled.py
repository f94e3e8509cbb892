"""Run a network over an image of any size, tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from functools import partial
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from napari_unet import memory
from napari_unet.device import half_precision
from napari_unet.images.rescale import Size, source
from napari_unet.images.tiling import Gaze, Readable, Tile, read, tiles
from napari_unet.inference.batches import ON_GPU_PX, Batches
from napari_unet.inference.threads import ahead
from napari_unet.networks.network import Network
from napari_unet.schema.prediction import Box

SMALLEST_TILE_PX = 64
_GIVE_BACK_EVERY_S = 0.25
"""A tile of the usual size takes longer on a CPU."""

Shown = tuple[Tile, np.ndarray]
"""A tile and what the network is shown of it."""


def predict_tiles(
    network: Network,
    image: Readable,
    *,
    tile_px: int = 512,
    level: int | None = None,
    rotations: bool = False,
    region: Box | None = None,
    gaze: Gaze | None = None,
    size: Size | None = None,
    skip: Container[Box] = (),
) -> Iterator[tuple[Tile, np.ndarray]]:
    """Give the probabilities of an image tile by tile, the same whatever the size of the tiles.

    Parameters
    ----------
    network
        In evaluation mode, on its device.
    image
        float32, (channel, y, x), normalised. Only a tile and its halo are read of it, the next ones
        while the network is busy.
    tile_px, region, gaze
        See `napari_unet.images.tiling.tiles`.
    level
        UNet++ only: the head to stop at; None is the mean of all.
    rotations
        Average over the eight flips and quarter turns.
    size
        Height and width of what is answered, where that is not the size at which the network is
        shown the image; tiles and boxes are in its pixels.
    skip
        Cores that are left out.

    Yields
    ------
    Each tile with its probabilities, float32, (class, y, x), of its core.
    """
    shown = (image.shape[1], image.shape[2])
    size = size or shown
    every = cut(network, shown, size, tile_px, region, gaze)
    wanted = (tile for tile in every if tile.core not in skip)
    if size == shown:
        shown_tiles = ahead(lambda tile: read(image, tile.read), wanted)
        run = partial(_average if rotations else _run, network, level=level)
        batches = Batches(most_px(next(network.parameters()).device))
        given_back = perf_counter()
        for batch in _alike(shown_tiles, batches):
            yield from _answers(run, batch, batches)
            if perf_counter() - given_back > _GIVE_BACK_EVERY_S:
                memory.give_back()
                given_back = perf_counter()
        return
    for tile in wanted:
        needed = source(tile.core, shown, size)
        answer = predict_whole(
            network, image, tile_px, needed.box, level=level, rotations=rotations
        )
        yield tile, needed.back(answer).clip(0, 1)


def cut(
    network: Network,
    shown: Size,
    size: Size,
    tile_px: int,
    region: Box | None = None,
    gaze: Gaze | None = None,
) -> Iterator[Tile]:
    """The tiles of an answer of a size, made from an image that is shown at the same or another.

    Parameters are those of `predict_tiles`; ``shown`` is the height and width of the image.
    """
    if size != shown:
        finer = max(shown[0] / size[0], shown[1] / size[1])
        # What a tile needs of the image that is shown is one tile there.
        side = max(1, int((tile_px - 1 - 2 * max(1.0, finer)) / finer))
        return tiles(size, side, 0, 1, region, gaze)
    return tiles(
        size,
        tile_px,
        network.halo_px,
        network.multiple,
        region,
        gaze,
        margin_px=network.margin_px,
        remainder_px=network.remainder_px,
    )


def _alike(shown: Iterator[Shown], batches: Batches) -> Iterator[list[Shown]]:
    """Tiles that follow each other and show the same number of pixels, as many as are wanted."""
    batch: list[Shown] = []
    for tile, pixels in shown:
        if batch and pixels.shape != batch[0][1].shape:
            yield batch
            batch = []
        batch.append((tile, pixels))
        if len(batch) >= batches.tiles(pixels[0].size):
            yield batch
            batch = []
    if batch:
        yield batch


def _answers(
    run: Callable[[Tensor], Tensor], batch: Sequence[Shown], batches: Batches
) -> list[tuple[Tile, np.ndarray]]:
    """Each tile with the probabilities of its core; in halves where memory is too short for all."""
    start, answers = perf_counter(), None
    try:
        with torch.inference_mode():
            answers = run(torch.from_numpy(np.stack([pixels for _, pixels in batch])))
    except (RuntimeError, MemoryError) as error:
        if len(batch) == 1 or not memory.has_ended(error):
            raise
    if answers is None:  # the error is gone, and with it all that it held of the memory
        batches.was_too_large(len(batch))
        middle = len(batch) // 2
        return [*_answers(run, batch[:middle], batches), *_answers(run, batch[middle:], batches)]
    found = [
        (tile, answer[:, y0:y1, x0:x1].float().cpu().numpy())
        for (tile, _), answer in zip(batch, answers, strict=True)
        for y0, x0, y1, x1 in [tile.crop]
    ]
    batches.took(perf_counter() - start, len(batch), batch[0][1][0].size)
    return found


def _run(network: Network, shown: Tensor, level: int | None) -> Tensor:
    device = next(network.parameters()).device
    half = precision(device)
    there = shown.to(device, memory_format=torch.channels_last)
    with torch.autocast(device.type, half, enabled=half is not None):
        return network.probabilities(there, level)


def most_px(device: torch.device) -> int:
    """How many pixels a device is shown at once; on the CPU a second tile only takes memory."""
    return 0 if device.type == "cpu" else ON_GPU_PX


def precision(device: torch.device) -> torch.dtype | None:
    """The short float in which a device predicts; None is float32.

    On GPUs only: on CPUs, whether they have short floats or not, the answer is the same, and does
    not depend on the tiles.
    """
    return half_precision(device) if device.type == "cuda" else None


def _average(network: Network, shown: Tensor, level: int | None) -> Tensor:
    """The mean over the symmetries of the square, each answer turned back."""
    total = torch.zeros(())
    for turns in range(4):
        for flip in (False, True):
            turned = torch.rot90(shown.flip(-1) if flip else shown, turns, (-2, -1))
            answer = torch.rot90(_run(network, turned, level), -turns, (-2, -1))
            total = total.to(answer) + (answer.flip(-1) if flip else answer)
    return total / 8


def predict_whole(
    network: Network,
    image: Readable,
    tile_px: int = 512,
    region: Box | None = None,
    *,
    level: int | None = None,
    rotations: bool = False,
    size: Size | None = None,
) -> np.ndarray:
    """Probabilities of a normalised image or a region of it, float32, (class, y, x).

    Parameters are those of `predict_tiles`; where memory ends, tiles are halved.
    """
    top, left, bottom, right = region or (0, 0, *(size or image.shape[1:]))
    whole = np.empty((network.settings.classes, bottom - top, right - left), dtype=np.float32)
    while True:
        found = predict_tiles(
            network,
            image,
            tile_px=tile_px,
            level=level,
            rotations=rotations,
            region=region,
            size=size,
        )
        try:
            for tile, probabilities in found:
                y0, x0, y1, x1 = tile.core
                whole[:, y0 - top : y1 - top, x0 - left : x1 - left] = probabilities
        except (RuntimeError, MemoryError) as error:
            if tile_px <= SMALLEST_TILE_PX or not memory.has_ended(error):
                raise
            tile_px //= 2
        else:
            return whole
