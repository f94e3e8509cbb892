"""Run a network over an image of any size, tile by tile."""

from __future__ import annotations

from collections.abc import Container, Iterator

import numpy as np
import torch
from torch import Tensor

from napari_unet.images.rescale import Size, source
from napari_unet.images.tiling import Gaze, Readable, Tile, read, tiles
from napari_unet.inference.threads import ahead
from napari_unet.networks.network import Network
from napari_unet.schema.prediction import Box


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
        for tile, pixels in ahead(lambda tile: read(image, tile.read), wanted):
            yield tile, _of_tile(network, pixels, tile, level, rotations)
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


def _of_tile(
    network: Network, pixels: np.ndarray, tile: Tile, level: int | None, rotations: bool
) -> np.ndarray:
    device = next(network.parameters()).device
    shown = torch.from_numpy(pixels)[None].to(device)
    with torch.inference_mode():
        answer = _average(network, shown, level) if rotations else _run(network, shown, level)
    y0, x0, y1, x1 = tile.crop
    found: np.ndarray = answer[0, :, y0:y1, x0:x1].float().cpu().numpy()
    return found


def _run(network: Network, shown: Tensor, level: int | None) -> Tensor:
    return network.probabilities(shown.contiguous(memory_format=torch.channels_last), level)


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

    Parameters are those of `predict_tiles`.
    """
    top, left, bottom, right = region or (0, 0, *(size or image.shape[1:]))
    whole = np.empty((network.settings.classes, bottom - top, right - left), dtype=np.float32)
    found = predict_tiles(
        network,
        image,
        tile_px=tile_px,
        level=level,
        rotations=rotations,
        region=region,
        size=size,
    )
    for tile, probabilities in found:
        y0, x0, y1, x1 = tile.core
        whole[:, y0 - top : y1 - top, x0 - left : x1 - left] = probabilities
    return whole
