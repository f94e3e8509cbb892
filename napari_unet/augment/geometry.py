"""Where the pixels of a training patch come from: place, rotation, scale, flips and elastic."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from napari_unet.augment.elastic import elastic_displacements
from napari_unet.schema.settings import AugmentSettings


def patch_coordinates(
    centres: Tensor, size_px: int, settings: AugmentSettings, generator: Generator
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

    Returns
    -------
    float32, (patch, y, x, 2): for every pixel of a patch, the y and x in its image.
    """
    side = torch.arange(size_px, device=centres.device) - (size_px - 1) / 2
    grid = torch.stack(torch.meshgrid(side, side, indexing="ij"), dim=-1)
    if settings.elastic_px > 0:
        bent = grid + elastic_displacements(len(centres), size_px, settings.elastic_px, generator)
    else:
        bent = grid.expand(len(centres), *grid.shape)
    affine = _random_affine(len(centres), settings, generator)
    return torch.einsum("nij,nyxj->nyxi", affine, bent) + centres[:, None, None]


def _random_affine(count: int, settings: AugmentSettings, generator: Generator) -> Tensor:
    """(patch, 2, 2): rotation times scale times mirror."""

    def uniform() -> Tensor:
        return torch.rand(count, generator=generator, device=generator.device) * 2 - 1

    angle = uniform() * math.radians(settings.rotation_deg)
    scale = torch.exp(uniform() * math.log(settings.scale))
    mirror = torch.where(uniform() < 0, -1.0, 1.0) if settings.flips else torch.ones_like(scale)
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    return torch.stack([cos, -sin * mirror, sin, cos * mirror], dim=-1).view(count, 2, 2)


def sample(image: Tensor, coordinates: Tensor, mode: str = "bilinear") -> Tensor:
    """Read an image at fractional coordinates, mirrored beyond its edges.

    Parameters
    ----------
    image
        float32, (channel, y, x).
    coordinates
        (y, x, 2), in pixels; whole numbers are centres of pixels.
    mode
        'bilinear' for images and weight maps, 'nearest' for labels.

    Returns
    -------
    (channel, y, x), as large as the coordinates.
    """
    size = torch.tensor(image.shape[-2:], device=image.device, dtype=coordinates.dtype)
    unit = (2 * coordinates + 1) / size - 1
    return F.grid_sample(
        image[None], unit.flip(-1)[None], mode=mode, padding_mode="reflection", align_corners=False
    )[0]
