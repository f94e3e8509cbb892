"""UNet++: a U-Net at every depth, nested into one."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_unet.networks.blocks import DoubleConv, init_he, up, up_channels
from napari_unet.networks.network import Network
from napari_unet.schema.settings import NetworkSettings


class UNetPlusPlus(Network):
    """UNet++: nested U-Nets with dense skips and, if wanted, a head at every depth.

    On nuclei it is about as accurate as U-Net. Choose it for its heads: one can stop at a shallow
    one to be faster, and where they disagree the network is unsure. Node (i, j) is level i, column
    j; it sees all nodes left of it on its level and the one below left of it.

    Notes
    -----
    Zhou et al., "UNet++: A Nested U-Net Architecture for Medical Image Segmentation", DLMIA 2018;
    15 nodes for a depth of 5.
    """

    fixed = frozenset({"dropout"})

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__(settings)
        widths, how, depth = self.widths, settings.upsampling, settings.depth
        self.nodes = nn.ModuleDict()
        self.up = nn.ModuleDict()
        for j in range(depth):
            for i in range(depth - j):
                if j:
                    self.up[f"{i}_{j}"] = up(widths[i + 1], widths[i], how)
                    inputs = j * widths[i] + up_channels(widths[i + 1], widths[i], how)
                else:
                    inputs = widths[i - 1] if i else settings.in_channels
                self.nodes[f"{i}_{j}"] = DoubleConv(inputs, widths[i], settings.normalization)
        init_he(self)
        columns = range(1, depth) if settings.deep_supervision else [depth - 1]
        self.head = nn.ModuleDict(
            {str(j): nn.Conv2d(widths[0], settings.classes, 1) for j in columns}
        )

    def heads(self, image: Tensor, level: int | None = None) -> list[Tensor]:
        """Logits of the heads from shallow to deep, (batch, class, y, x) each."""
        if level is not None and str(level) not in self.head:
            raise ValueError(
                f"This UNet++ has no head L{level}: choose 'accurate' or "
                f"{', '.join(f'L{j}' for j in self.head)}."
            )
        deepest = level or self.settings.depth - 1
        rows: list[list[Tensor]] = []
        for i in range(deepest + 1):
            x = self.nodes[f"{i}_0"](F.max_pool2d(rows[-1][0], 2) if rows else image)
            rows.append([x])
        for j in range(1, deepest + 1):
            for i in range(deepest + 1 - j):
                lifted = self.up[f"{i}_{j}"](rows[i + 1][j - 1])
                rows[i].append(self.nodes[f"{i}_{j}"](torch.cat([*rows[i], lifted], dim=1)))
        columns = self.head if level is None else [str(level)]
        return [self.head[j](rows[0][int(j)]) for j in columns]
