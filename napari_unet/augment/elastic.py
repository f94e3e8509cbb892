"""Elastic deformation, as in the U-Net paper."""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from napari_unet.augment.share import WHOLE, Share


def elastic_displacements(
    count: int,
    size_px: int,
    sigma_px: float,
    generator: Generator,
    grid: int = 3,
    share: Share = WHOLE,
) -> Tensor:
    """Bend patches smoothly, as if the tissue had been stretched a little.

    Displacement vectors on a coarse grid over the patch are drawn from N(0, sigma) and
    interpolated bicubically to every pixel.

    Parameters
    ----------
    count, size_px
        How many patches, and their side.
    sigma_px
        Standard deviation of the coarse displacements, in pixels.
    generator
        Source of chance; the result is on its device.
    grid
        Points of the coarse grid along a side.
    share
        Which of the patches are wanted.

    Returns
    -------
    float32, (patch, y, x, 2): displacements in y and x, in pixels.

    Notes
    -----
    Ronneberger, Fischer and Brox (2015), section 3.1: "random displacement vectors on a coarse
    3 by 3 grid", standard deviation 10 pixels, bicubic interpolation.
    """
    device = generator.device
    coarse = torch.randn(count, 2, grid, grid, generator=generator, device=device) * sigma_px
    fine = F.interpolate(
        share.of(coarse), size=(size_px, size_px), mode="bicubic", align_corners=True
    )
    return fine.movedim(1, -1)
