"""U-Net, as it was published."""

from __future__ import annotations

from torch import Tensor, nn

from napari_unet.networks.blocks import DoubleConv
from napari_unet.networks.unet import UNet
from napari_unet.schema.settings import NetworkSettings


class UNet2015(UNet):
    """The U-Net of the paper, to cite and to compare with; `unet` is smaller and easier to train.

    3 x 3 convolutions are not padded, so no pixel is answered from zeros that are not in the image:
    572 x 572 pixels give 388 x 388, and skips are cropped. 64 to 1024 features, a 2 x 2
    up-convolution, ReLU, no normalisation, dropout of half the features at the end of the
    contracting path, kernels drawn from N(0, 2 / fan-in), 31.0 M parameters.

    Notes
    -----
    Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image
    Segmentation", MICCAI 2015, figure 1 and section 2. Where the paper is silent it is as in the
    authors' code: dropout at the two deepest levels, a ReLU after each up-convolution.
    """

    defaults = NetworkSettings(features=64, depth=5, normalization="none", dropout=0.5)
    fixed = frozenset({"upsampling", "deep_supervision"})

    def heads(self, image: Tensor, level: int | None = None) -> list[Tensor]:
        """Its only head's logits, (batch, class, y, x), ``margin_px`` less on each side."""
        for size in image.shape[-2:]:
            answered = size - 2 * self.margin_px
            if answered < 1 or self.fitting_px(answered) != answered:
                fitting = self.fitting_px(max(1, answered)) + 2 * self.margin_px
                raise ValueError(f"This U-Net takes no {size} pixels: show it {fitting}.")
        return super().heads(image, level)

    @property
    def margin_px(self) -> int:
        """Two convolutions lose 2 pixels of their level on each side."""
        return sum(2 << level for level in range(self.settings.depth)) + 2 * self.multiple - 2

    @property
    def remainder_px(self) -> int:
        """The deepest level gives a multiple; the levels above lose another, less 4."""
        return 4 % self.multiple

    def _block(self, in_channels: int, out_channels: int) -> nn.Module:
        return DoubleConv(in_channels, out_channels, self.settings.normalization, padding=0)

    def _up(self, in_channels: int, out_channels: int) -> nn.Module:
        return nn.Sequential(super()._up(in_channels, out_channels), nn.ReLU(inplace=True))
