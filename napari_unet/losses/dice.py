"""Dice loss: overlap rather than single pixels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_unet.losses.loss import Loss


class DiceLoss(Loss):
    """One minus the Dice overlap of prediction and truth.

    Use it when objects cover little of the image. Every known pixel counts the same, however
    large its weight; with several classes it is the mean over those that are not background.

    Parameters
    ----------
    smooth
        Added above and below the fraction line, in pixels; keeps empty patches finite.

    Notes
    -----
    Milletari et al. (2016), with p instead of p squared below; the overlap is that of the whole
    batch.
    """

    def __init__(self, smooth: float = 1.0) -> None:
        super().__init__()
        self.smooth = smooth

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """One minus Dice over the known pixels of the batch, a scalar."""
        known = (weight_map > 0).to(logits.dtype)
        probabilities, truth = _foreground(logits, target)
        sums = (0, 2, 3)
        overlap = (probabilities * truth * known[:, None]).sum(sums)
        total = ((probabilities + truth) * known[:, None]).sum(sums)
        return (1 - (2 * overlap + self.smooth) / (total + self.smooth)).mean()


def _foreground(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities and truth of the classes that are not background, (batch, class, y, x)."""
    if logits.shape[1] == 1:
        return torch.sigmoid(logits), target[:, None].to(logits.dtype)
    truth = F.one_hot(target.long(), logits.shape[1]).movedim(-1, 1)
    return torch.softmax(logits, 1)[:, 1:], truth[:, 1:].to(logits.dtype)
