"""The parts that networks are built from."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class LayerNorm2d(nn.LayerNorm):
    """Normalise over the channels of each pixel (ConvNeXt, Liu et al. 2022).

    Nothing outside the pixel is looked at, so a tile gives the same values as the whole image.
    """

    def forward(self, input: Tensor) -> Tensor:  # (batch, channel, y, x)
        """Normalise each pixel's channels to mean 0 and variance 1, then scale and shift."""
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class StandardizedConv2d(nn.Conv2d):
    """A convolution whose kernels are standardised (Qiao et al. 2019), for networks without norm.

    A learned gain per output channel keeps the scale free; the fan-in factor keeps the variance of
    activations under ReLU, as He initialisation does.
    """

    def __init__(
        self, in_channels: int, out_channels: int, size: int = 3, padding: int = 1
    ) -> None:
        super().__init__(in_channels, out_channels, size, padding=padding)
        self.around = padding
        self.gain = nn.Parameter(torch.ones(out_channels, 1, 1, 1))

    def kernel(self) -> Tensor:
        """The kernels that are used: mean 0 and variance 2 / fan-in, times the gain."""
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), keepdim=True)
        scale = self.gain * torch.rsqrt(variance * self.weight[0].numel() / 2 + 1e-5)
        return (self.weight - mean) * scale

    def forward(self, input: Tensor) -> Tensor:  # (batch, channel, y, x)
        """Convolve with the standardised kernels."""
        return F.conv2d(input, self.kernel(), self.bias, padding=self.around)

    def plain(self) -> nn.Conv2d:
        """An ordinary convolution that gives the same, for prediction."""
        weight = self.kernel().detach()
        convolution = nn.Conv2d(
            self.in_channels,
            self.out_channels,
            self.kernel_size[0],
            padding=self.around,
            device=weight.device,
            dtype=weight.dtype,
        )
        convolution.load_state_dict({"weight": weight, "bias": self.bias})
        return convolution


def conv_norm_relu(
    in_channels: int,
    out_channels: int,
    normalization: str,
    *,
    size: int = 3,
    padding: int | None = None,
) -> list[nn.Module]:
    """A convolution, its normalisation and a ReLU.

    Parameters
    ----------
    in_channels, out_channels
        Before and after it.
    normalization
        See `NetworkSettings`.
    size
        Side of the kernels.
    padding
        Zeros around the image; None is as many as keep height and width.
    """
    around = size // 2 if padding is None else padding
    if normalization == "kernel":
        standardized = StandardizedConv2d(in_channels, out_channels, size, around)
        return [standardized, nn.ReLU(inplace=True)]
    norm: list[nn.Module]
    if normalization == "none":
        norm = []
    elif normalization == "batch":
        norm = [nn.BatchNorm2d(out_channels)]
    elif normalization == "layer":
        norm = [LayerNorm2d(out_channels)]
    elif normalization == "group":
        norm = [nn.GroupNorm(math.gcd(8, out_channels), out_channels)]
    else:
        raise ValueError(f"There is no normalisation '{normalization}'.")
    bias = normalization != "batch"
    convolution = nn.Conv2d(in_channels, out_channels, size, padding=around, bias=bias)
    return [convolution, *norm, nn.ReLU(True)]


class DoubleConv(nn.Sequential):
    """Two 3 x 3 convolutions, each with normalisation and ReLU; height and width stay if padded."""

    def __init__(
        self, in_channels: int, out_channels: int, normalization: str, padding: int = 1
    ) -> None:
        super().__init__(
            *conv_norm_relu(in_channels, out_channels, normalization, padding=padding),
            *conv_norm_relu(out_channels, out_channels, normalization, padding=padding),
        )


def up(in_channels: int, out_channels: int, upsampling: str) -> nn.Module:
    """Twice the height and width; 'bilinear' keeps the channels, others give ``out_channels``."""
    if upsampling == "transposed":
        return nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2)
    if upsampling == "nearest":
        return nn.Sequential(
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.ZeroPad2d((0, 1, 0, 1)),
            nn.Conv2d(in_channels, out_channels, 2),
            nn.ReLU(inplace=True),
        )
    return nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)


def up_channels(in_channels: int, out_channels: int, upsampling: str) -> int:
    """How many channels `up` gives."""
    return in_channels if upsampling == "bilinear" else out_channels


def cropped(image: Tensor, like: Tensor) -> Tensor:
    """The middle of (batch, channel, y, x), as high and wide as another."""
    y, x = ((image.shape[i] - like.shape[i]) // 2 for i in (2, 3))
    return image[:, :, y : y + like.shape[2], x : x + like.shape[3]]


def init_he(module: nn.Module) -> None:
    """Draw the kernels from N(0, 2 / fan-in), biases 0 (Ronneberger et al. 2015, section 3)."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            if part.bias is not None:
                nn.init.zeros_(part.bias)
