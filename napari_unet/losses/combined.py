"""Cross entropy and Dice together: sharp single pixels and good overlap."""

from __future__ import annotations

from torch import Tensor

from napari_unet.losses.cross_entropy import BorderWeightedCrossEntropy
from napari_unet.losses.dice import DiceLoss
from napari_unet.losses.loss import Loss, pixel_cross_entropy, weighted_mean


class BorderWeightedCrossEntropyDice(Loss):
    """The U-Net paper's loss plus Dice: the default, reliable for training of a minute.

    Border weights keep touching cells apart, Dice keeps small objects from being forgotten.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cross_entropy = BorderWeightedCrossEntropy()
        self.dice = DiceLoss()

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """The sum of both, a scalar."""
        entropy: Tensor = self.cross_entropy(logits, target, weight_map)
        dice: Tensor = self.dice(logits, target, weight_map)
        return entropy + dice


class BCEDiceLoss(Loss):
    """Half the cross entropy plus Dice, as in the UNet++ re-implementation.

    Use it to compare with published UNet++ results. Weights only tell what is known.

    Notes
    -----
    Zhou et al. (2018), equation 3, in the form in which its PyTorch re-implementation uses it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dice = DiceLoss()

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """Half the mean cross entropy of known pixels plus the Dice loss, a scalar."""
        known = (weight_map > 0).to(logits.dtype)
        entropy = weighted_mean(pixel_cross_entropy(logits, target), known)
        dice: Tensor = self.dice(logits, target, weight_map)
        return 0.5 * entropy + dice
