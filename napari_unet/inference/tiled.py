"""Run a network over an image of any size, tile by tile."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from napari_unet.images.tiling import Tile, read, tiles
from napari_unet.networks.network import Network
from napari_unet.schema.prediction import Box


def predict_tiles(
    network: Network,
    image: np.ndarray,
    *,
    tile_px: int = 512,
    level: int | None = None,
    rotations: bool = False,
    region: Box | None = None,
    look_first: Box | None = None,
) -> Iterator[tuple[Tile, np.ndarray]]:
    """Give the probabilities of an image tile by tile, the same whatever the size of the tiles.

    Parameters
    ----------
    network
        In evaluation mode, on its device.
    image
        float32, (channel, y, x), normalised.
    tile_px, region, look_first
        See `napari_unet.images.tiling.tiles`.
    level
        UNet++ only: the head to stop at; None is the mean of all.
    rotations
        Average over the eight flips and quarter turns.

    Yields
    ------
    Each tile with its probabilities, float32, (class, y, x), of its core.
    """
    device = next(network.parameters()).device
    shape = (image.shape[1], image.shape[2])
    cut = tiles(
        shape,
        tile_px,
        network.halo_px,
        network.multiple,
        region,
        look_first,
        margin_px=network.margin_px,
        remainder_px=network.remainder_px,
    )
    for tile in cut:
        shown = torch.from_numpy(read(image, tile.read))[None].to(device)
        with torch.inference_mode():
            answer = _average(network, shown, level) if rotations else _run(network, shown, level)
        y0, x0, y1, x1 = tile.crop
        yield tile, answer[0, :, y0:y1, x0:x1].float().cpu().numpy()


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
    network: Network, image: np.ndarray, tile_px: int = 512, region: Box | None = None
) -> np.ndarray:
    """Probabilities of a normalised image or a region of it, float32, (class, y, x)."""
    top, left, bottom, right = region or (0, 0, *image.shape[1:])
    whole = np.empty((network.settings.classes, bottom - top, right - left), dtype=np.float32)
    for tile, probabilities in predict_tiles(network, image, tile_px=tile_px, region=region):
        y0, x0, y1, x1 = tile.core
        whole[:, y0 - top : y1 - top, x0 - left : x1 - left] = probabilities
    return whole
