"""Cross entropy, weighted pixel by pixel."""

from __future__ import annotations

from torch import Tensor

from napari_unet.losses.loss import Loss, pixel_cross_entropy, weighted_mean


class BorderWeightedCrossEntropy(Loss):
    """The U-Net paper's loss: gaps between touching cells count more than other pixels.

    Use it when cells touch and must be told apart. The border weights come with the weight map
    (`napari_unet.images.border_weights`).

    Notes
    -----
    Ronneberger, Fischer and Brox (2015), equation 1, divided by the sum of weights so that the
    learning rate does not depend on the size of the batch or on how much of it is known.
    """

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """The weighted mean of the pixels' cross entropy, a scalar."""
        return weighted_mean(pixel_cross_entropy(logits, target), weight_map)
