"""U-Net, in its padded form of today."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_unet.networks.blocks import DoubleConv, cropped, init_he, up, up_channels
from napari_unet.networks.network import Network
from napari_unet.schema.settings import NetworkSettings


class UNet(Network):
    """The network to begin with: exact outlines of cells of any kind, quick on a CPU.

    A contracting path, an expanding path, and skips between them. Differs from the paper's
    (`unet-2015`) in that convolutions are padded (the result is as large as the image) and
    normalised; 16 features instead of 64 by default.

    Notes
    -----
    Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image
    Segmentation", MICCAI 2015.
    """

    fixed = frozenset({"deep_supervision"})

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__(settings)
        inputs = [settings.in_channels, *self.widths]
        self.encoder = nn.ModuleList(
            self._block(i, o) for i, o in zip(inputs, self.widths, strict=False)
        )
        pairs = list(zip(self.widths, self.widths[1:], strict=False))
        self.up = nn.ModuleList(self._up(low, high) for high, low in pairs)
        self.decoder = nn.ModuleList(
            self._block(high + up_channels(low, high, settings.upsampling), high)
            for high, low in pairs
        )
        self.dropout = nn.Dropout(settings.dropout)
        init_he(self)
        self.head = nn.Conv2d(self.widths[0], settings.classes, 1)

    def heads(self, image: Tensor, level: int | None = None) -> list[Tensor]:
        """Its only head's logits, (batch, class, y, x)."""
        if level is not None:
            raise ValueError("U-Net has one head: choose 'accurate', or a UNet++ model.")
        skips: list[Tensor] = []
        for depth, block in enumerate(self.encoder):
            x = block(F.max_pool2d(skips[-1], 2) if skips else image)
            skips.append(self.dropout(x) if depth >= self.settings.depth - 2 else x)
        x = skips.pop()
        for lift, block in zip(reversed(self.up), reversed(self.decoder), strict=True):
            x = lift(x)
            x = block(torch.cat([cropped(skips.pop(), x), x], dim=1))
        return [self.head(x)]

    def _block(self, in_channels: int, out_channels: int) -> nn.Module:
        """The convolutions of one level, on its way down or up."""
        return DoubleConv(in_channels, out_channels, self.settings.normalization)

    def _up(self, in_channels: int, out_channels: int) -> nn.Module:
        """What brings a level to twice its height and width."""
        return up(in_channels, out_channels, self.settings.upsampling)
