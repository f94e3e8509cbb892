"""Losses of overlap that tell missed pixels from made-up ones."""

from __future__ import annotations

from torch import Tensor

from napari_unet.losses.loss import Loss, foreground, over_known


class TverskyLoss(Loss):
    r"""Dice in which missed pixels and made-up pixels need not count the same.

    Every known pixel counts the same, however large its weight; with several classes it is the
    mean over those that are not background.

    Notes
    -----
    With true positives, false positives and false negatives summed from probabilities over the
    known pixels of the whole batch, and s to keep empty patches finite:

    .. math:: L = 1 - \frac{TP + s}{TP + \beta FP + (1 - \beta) FN + s}

    With beta = 0.5 it is Dice with twice the s. Salehi et al. (2017), "Tversky loss function for
    image segmentation", where 0.3 was best, in the letters of Jadon (2020), "A survey of loss
    functions for semantic segmentation".
    """

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """One minus the Tversky index over the known pixels of the batch, a scalar."""
        beta, smooth = self.settings.tversky_beta, self.settings.smooth
        p, truth = foreground(logits, target)
        hit = over_known(p * truth, weight_map)
        made_up = over_known(p * (1 - truth), weight_map)
        missed = over_known((1 - p) * truth, weight_map)
        index = (hit + smooth) / (hit + beta * made_up + (1 - beta) * missed + smooth)
        return (1 - index).mean()


class SensitivitySpecificityLoss(Loss):
    r"""Weighs how much of the objects is found against how much of the background is left alone.

    Every known pixel counts the same, however large its weight; with several classes it is the
    mean over those that are not background.

    Notes
    -----
    With sums of probabilities over the known pixels of the whole batch, and s to keep empty patches
    finite:

    .. math::
        L = 1 - w \frac{TP + s}{TP + FN + s}
        - (1 - w) \frac{TN + s}{TN + FP + s}

    The survey of Jadon (2020) prints w times sensitivity plus 1 - w times
    specificity and calls it a loss. That number is a quality: it is 1 for a perfect mask, and
    making it small would teach the network to be wrong. Here it is one minus that number, as meant
    by Brosch et al. (2015), "Deep Convolutional Encoder Networks for Multiple Sclerosis Lesion
    Segmentation", who weigh errors, squared ones.
    """

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """One minus the weighted mean of both over the known pixels of the batch, a scalar."""
        w, smooth = self.settings.sensitivity, self.settings.smooth
        p, truth = foreground(logits, target)
        hit, objects = over_known(p * truth, weight_map), over_known(truth, weight_map)
        left = over_known((1 - p) * (1 - truth), weight_map)
        background = over_known(1 - truth, weight_map)
        sensitivity = (hit + smooth) / (objects + smooth)
        specificity = (left + smooth) / (background + smooth)
        return (1 - w * sensitivity - (1 - w) * specificity).mean()
