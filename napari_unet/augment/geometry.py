"""Where the pixels of a training patch come from: place, rotation, scale, flips and elastic."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from napari_unet.augment.elastic import elastic_displacements
from napari_unet.augment.share import WHOLE, Share
from napari_unet.schema.settings import AugmentSettings


def patch_coordinates(
    centres: Tensor,
    size_px: int,
    settings: AugmentSettings,
    generator: Generator,
    share: Share = WHOLE,
) -> Tensor:
    """Choose at random how each patch is turned, mirrored, scaled and bent.

    Parameters
    ----------
    centres
        (patch, 2): the y and x around which each patch lies, in pixels of its image.
    size_px
        Side of the patches.
    settings
        How strong the variation is.
    generator
        Source of chance.
    share
        Which of the patches are wanted.

    Returns
    -------
    float32, (patch, y, x, 2): for every pixel of a patch, the y and x in its image.
    """
    side = torch.arange(size_px, device=centres.device) - (size_px - 1) / 2
    grid = torch.stack(torch.meshgrid(side, side, indexing="ij"), dim=-1)
    bent, count = grid[None], len(centres)
    if settings.elastic_px > 0:
        bent = grid + elastic_displacements(
            count, size_px, settings.elastic_px, generator, share=share
        )
    affine = share.of(_random_affine(count, settings, generator))
    bent = bent.expand(len(affine), *grid.shape)
    return torch.einsum("nij,nyxj->nyxi", affine, bent) + share.of(centres)[:, None, None]


def _random_affine(count: int, settings: AugmentSettings, generator: Generator) -> Tensor:
    """(patch, 2, 2): rotation times scale times mirror."""

    def uniform() -> Tensor:
        return torch.rand(count, generator=generator, device=generator.device) * 2 - 1

    angle = uniform() * math.radians(settings.rotation_deg)
    scale = torch.exp(uniform() * math.log(settings.scale))
    mirror = torch.where(uniform() < 0, -1.0, 1.0) if settings.flips else torch.ones_like(scale)
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    return torch.stack([cos, -sin * mirror, sin, cos * mirror], dim=-1).view(count, 2, 2)


def sample(image: Tensor, coordinates: Tensor) -> Tensor:
    """Read an image or a weight map at fractional coordinates, mirrored beyond its edges.

    Parameters
    ----------
    image
        float32, (channel, y, x).
    coordinates
        (y, x, 2), in pixels; whole numbers are centres of pixels.

    Returns
    -------
    (channel, y, x), as large as the coordinates; bilinear.
    """
    return _read(image, _unit(coordinates, image.shape[-2:]), "bilinear")


def nearest_pixels(coordinates: Tensor, shape: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Find the pixels of an image to read labels from, mirrored beyond its edges.

    Labels are read by indexing, so that none is made that is not there, and nothing has to be done
    to an image as a whole, which may be large.

    Parameters
    ----------
    coordinates
        (y, x, 2), in pixels; whole numbers are centres of pixels.
    shape
        Height and width of the image.

    Returns
    -------
    int64, (y, x) each: the rows and the columns.
    """
    unit = _unit(coordinates, shape)
    height, width = (torch.arange(n, dtype=unit.dtype, device=unit.device) for n in shape)
    # of an image that is one pixel wide every column is the first, so that rows are read alone
    rows = _read(height[None, :, None], unit, "nearest")
    columns = _read(width[None, None, :], unit, "nearest")
    return rows[0].long(), columns[0].long()


def _unit(coordinates: Tensor, shape: Sequence[int]) -> Tensor:
    """Coordinates as `grid_sample` counts them: x before y, and an image is from -1 to 1."""
    size = torch.tensor(shape, device=coordinates.device, dtype=coordinates.dtype)
    return ((2 * coordinates + 1) / size - 1).flip(-1)


def _read(image: Tensor, unit: Tensor, mode: str) -> Tensor:
    return F.grid_sample(
        image[None], unit[None], mode=mode, padding_mode="reflection", align_corners=False
    )[0]
