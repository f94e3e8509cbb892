"""Cross entropy and Dice together: sharp single pixels and good overlap."""

from __future__ import annotations

from torch import Tensor

from napari_unet.losses.cross_entropy import BorderWeightedCrossEntropy
from napari_unet.losses.dice import DiceLoss
from napari_unet.losses.loss import Loss, pixel_cross_entropy, weighted_mean
from napari_unet.schema.settings import LossSettings


class BorderWeightedCrossEntropyDice(Loss):
    r"""The U-Net paper's loss plus Dice: the default, reliable for training of a minute.

    Border weights keep touching cells apart, Dice keeps small objects from being forgotten.

    Notes
    -----
    .. math:: L = L_{\text{border-weighted-ce}} + L_{\text{dice}}

    Ronneberger, Fischer and Brox (2015) for the first, Milletari et al. (2016) for the second. The
    weights are for the first only.
    """

    def __init__(self, settings: LossSettings = LossSettings()) -> None:  # noqa: B008 (frozen)
        super().__init__(settings)
        self.cross_entropy = BorderWeightedCrossEntropy(settings)
        self.dice = DiceLoss(settings)

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """The sum of both, a scalar."""
        entropy: Tensor = self.cross_entropy(logits, target, weight_map)
        dice: Tensor = self.dice(logits, target, weight_map)
        return entropy + dice


class BCEDiceLoss(Loss):
    r"""Half the cross entropy plus Dice, as in the UNet++ re-implementation.

    Every known pixel counts the same, however large its weight. With several classes the first part
    is the cross entropy of their softmax.

    Notes
    -----
    .. math:: L = \frac{1}{2} L_{\text{bce}} + L_{\text{dice}}

    Zhou et al. (2018), "UNet++: A Nested U-Net Architecture for Medical Image Segmentation",
    equation 3, in the form in which its PyTorch re-implementation uses it.
    """

    def __init__(self, settings: LossSettings = LossSettings()) -> None:  # noqa: B008 (frozen)
        super().__init__(settings)
        self.dice = DiceLoss(settings)

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """Half the mean cross entropy of known pixels plus the Dice loss, a scalar."""
        known = (weight_map > 0).to(logits.dtype)
        entropy = weighted_mean(pixel_cross_entropy(logits, target), known)
        dice: Tensor = self.dice(logits, target, weight_map)
        return 0.5 * entropy + dice
