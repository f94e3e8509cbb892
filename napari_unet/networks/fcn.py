"""FCN: fully convolutional networks, whose encoder is that of VGG-16."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_unet.networks.blocks import conv_norm_relu, init_he
from napari_unet.networks.network import Network
from napari_unet.schema.settings import NetworkSettings

CONVOLUTIONS = (2, 2, 3, 3, 3)
"""3 x 3 convolutions before each pooling, as in VGG-16 (Simonyan and Zisserman 2014, column D)."""
WIDTHS = (1, 2, 4, 8, 8)
"""Their channels in units of the features: 64, 128, 256, 512, 512 with 64 of them."""
FC_WIDTH = 64
"""Channels of the two layers that once were fully connected, in the same unit: 4096."""
STRIDE = 32
"""Pixels of the image in one of the deepest level."""


class FCN(Network):
    """What FCN-32s, -16s and -8s share: each class is scored on coarse maps, which are enlarged.

    Differs from the paper's in that convolutions are padded (the paper pads the image by 100 pixels
    and crops the result), and that training starts from He initialisation instead of VGG-16's
    parameters; so scoring layers start at random, not at zero. As in the paper, the last
    enlargement stays bilinear, and those before it start so and are learned.

    Notes
    -----
    Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation", CVPR
    2015, section 4. FCN-32s has 134.3 M parameters with 64 features, 3 channels and 21 classes.
    """

    defaults = NetworkSettings(features=64, depth=6, normalization="none", dropout=0.5)
    fixed = frozenset({"depth", "upsampling", "deep_supervision"})
    skips: ClassVar[int] = 0
    """How many poolings before the last are scored too."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__(settings)
        norm, classes = settings.normalization, settings.classes
        self.widths = [settings.features * width for width in WIDTHS]
        wide = settings.features * FC_WIDTH
        inputs = [settings.in_channels, *self.widths]
        self.encoder = nn.ModuleList(
            _block(i, o, repeats, norm)
            for i, o, repeats in zip(inputs, self.widths, CONVOLUTIONS, strict=False)
        )
        self.fc = nn.Sequential(
            *conv_norm_relu(self.widths[-1], wide, norm, size=7),
            nn.Dropout(settings.dropout),
            *conv_norm_relu(wide, wide, norm, size=1),
            nn.Dropout(settings.dropout),
        )
        init_he(self)
        scored = [wide, *reversed(self.widths[:-1])][: self.skips + 1]
        self.score = nn.ModuleList(nn.Conv2d(width, classes, 1) for width in scored)
        self.lift = nn.ModuleList(bilinear_up(classes, 2) for _ in range(self.skips))
        self.enlarge = bilinear_up(classes, STRIDE >> self.skips).requires_grad_(False)

    def heads(self, image: Tensor, level: int | None = None) -> list[Tensor]:
        """Its only head's logits, (batch, class, y, x)."""
        if level is not None:
            raise ValueError("An FCN has one head: choose 'accurate', or a UNet++ model.")
        pooled = [image]
        for block in self.encoder:
            pooled.append(F.max_pool2d(block(pooled[-1]), 2))
        x = self.score[0](self.fc(pooled.pop()))
        for lift, score in zip(self.lift, self.score[1:], strict=True):
            x = lift(x) + score(pooled.pop())
        with torch.autocast(x.device.type, enabled=False):  # 20 times slower in bfloat16 on a CPU
            return [self.enlarge(x.to(self.enlarge.weight.dtype))]

    @property
    def multiple(self) -> int:
        """Five poolings: height and width have to be multiples of 32 pixels."""
        return STRIDE

    @property
    def halo_px(self) -> int:
        """How far from a pixel the image can still change its answer, in pixels.

        A 3 x 3 convolution reaches 1 pixel of its level, the 7 x 7 one 3 of the deepest; each
        enlargement reaches 1 of the level it comes from, the last half a pixel less.
        """
        convolutions = sum(repeats << level for level, repeats in enumerate(CONVOLUTIONS))
        last = STRIDE >> self.skips
        enlargements = 2 * STRIDE - last + last // 2 - 1
        return convolutions + 3 * STRIDE + enlargements


class FCN32s(FCN):
    """Tells where things are, with soft outlines: the baseline that the other two refine.

    The deepest map alone is scored and enlarged by 32.
    """


class FCN16s(FCN):
    """FCN-32s with finer outlines: the fourth pooling is scored too.

    The sum of both scores is enlarged by 16.
    """

    skips = 1


class FCN8s(FCN):
    """The finest of the three FCNs: choose it to compare with this classic, not for thin gaps.

    The fourth and the third pooling are scored too, and the sum is enlarged by 8.
    """

    skips = 2


def _block(in_channels: int, out_channels: int, repeats: int, normalization: str) -> nn.Module:
    """As many 3 x 3 convolutions, each with normalisation and ReLU; height and width stay."""
    inputs = [in_channels] + [out_channels] * (repeats - 1)
    parts = [conv_norm_relu(channels, out_channels, normalization) for channels in inputs]
    return nn.Sequential(*(layer for part in parts for layer in part))


def bilinear_up(channels: int, factor: int) -> nn.ConvTranspose2d:
    """A transposed convolution that enlarges by an even factor, bilinearly at first."""
    layer = nn.ConvTranspose2d(
        channels, channels, 2 * factor, stride=factor, padding=factor // 2, bias=False
    )
    ramp = 1 - (torch.arange(2 * factor) - factor + 0.5).abs() / factor
    kernel = torch.eye(channels)[:, :, None, None] * ramp[:, None] * ramp
    layer.load_state_dict({"weight": kernel})
    return layer
