"""U-Net, in its padded form of today."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_unet.networks.blocks import DoubleConv, init_he, up, up_channels
from napari_unet.networks.network import Network
from napari_unet.schema.settings import NetworkSettings


class UNet(Network):
    """U-Net: a contracting path, an expanding path, and skips between them.

    Differs from the paper's in that convolutions are padded (the result is as large as the image)
    and normalised; 16 features instead of 64 by default.

    Notes
    -----
    Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image
    Segmentation", MICCAI 2015.
    """

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__(settings)
        norm, how = settings.normalization, settings.upsampling
        inputs = [settings.in_channels, *self.widths]
        self.encoder = nn.ModuleList(
            DoubleConv(i, o, norm) for i, o in zip(inputs, self.widths, strict=False)
        )
        pairs = list(zip(self.widths, self.widths[1:], strict=False))
        self.up = nn.ModuleList(up(low, high, how) for high, low in pairs)
        self.decoder = nn.ModuleList(
            DoubleConv(high + up_channels(low, high, how), high, norm) for high, low in pairs
        )
        init_he(self)
        self.head = nn.Conv2d(self.widths[0], settings.classes, 1)

    def heads(self, image: Tensor, level: int | None = None) -> list[Tensor]:
        """Its only head's logits, (batch, class, y, x)."""
        if level is not None:
            raise ValueError("U-Net has one head: choose 'accurate', or a UNet++ model.")
        skips = [self.encoder[0](image)]
        for block in self.encoder[1:]:
            skips.append(block(F.max_pool2d(skips[-1], 2)))
        x = skips.pop()
        for lift, block in zip(reversed(self.up), reversed(self.decoder), strict=True):
            x = block(torch.cat([skips.pop(), lift(x)], dim=1))
        return [self.head(x)]
