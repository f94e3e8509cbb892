"""Random brightness, contrast, blur and noise."""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from napari_unet.augment.share import WHOLE, Share


def vary_intensity(
    images: Tensor, strength: float, generator: Generator, share: Share = WHOLE
) -> Tensor:
    """Change how bright, contrasty, sharp and noisy each patch is, as another exposure would.

    Parameters
    ----------
    images
        float32, (patch, channel, y, x), normalised: dark is 0, bright is 1.
    strength
        0 leaves the images as they are, 1 is the usual amount.
    generator
        Source of chance.
    share
        Which patches of the batch these are.
    """
    if strength == 0:
        return images

    count = len(images) * share.size

    def uniform(low: float, high: float) -> Tensor:
        chance = torch.rand(count, 1, 1, 1, generator=generator, device=images.device)
        return low + (high - low) * share.of(chance)

    gain = torch.exp(strength * uniform(-0.3, 0.3))
    offset = strength * uniform(-0.1, 0.1)
    gamma = torch.exp(strength * uniform(-0.4, 0.4))
    varied = images.clamp_min(0) ** gamma + images.clamp_max(0)
    varied = varied * gain + offset
    blurred = F.avg_pool2d(F.pad(varied, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    # Between -0.5 and 0 nothing happens: half of the patches keep their sharpness and noise.
    varied = torch.lerp(varied, blurred, (strength * uniform(-0.8, 0.8)).clamp(0, 1))
    noise = torch.randn(count, *images.shape[1:], generator=generator, device=images.device)
    return varied + share.of(noise) * (strength * uniform(-0.08, 0.08)).clamp_min(0)
