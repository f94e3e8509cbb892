"""Dice loss: overlap rather than single pixels."""

from __future__ import annotations

from torch import Tensor

from napari_unet.losses.loss import Loss, foreground, over_known


class DiceLoss(Loss):
    r"""One minus the Dice overlap of prediction and truth: how much they cover does not matter.

    Every known pixel counts the same, however large its weight; with several classes it is the
    mean over those that are not background. Alone it can stay where everything is object, above all
    in short trainings; together with cross entropy (`bce+dice`) it finds out of it.

    Notes
    -----
    With the sums over the known pixels of the whole batch, and s to keep empty patches finite:

    .. math:: L = 1 - \frac{2 \sum_x p y + s}{\sum_x (p + y) + s}

    Milletari et al. (2016), "V-Net", with p instead of p squared below; s = 1 as in Jadon (2020),
    "A survey of loss functions for semantic segmentation".
    """

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """One minus Dice over the known pixels of the batch, a scalar."""
        smooth = self.settings.smooth
        probabilities, truth = foreground(logits, target)
        overlap = over_known(probabilities * truth, weight_map)
        total = over_known(probabilities + truth, weight_map)
        return (1 - (2 * overlap + smooth) / (total + smooth)).mean()
