"""What every loss of the catalogue can do."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn
from torch.nn import functional as F


class Loss(nn.Module, ABC):
    """How wrong a network is on a batch, as one number to be made small.

    A pixel whose weight is 0 is unknown: it changes neither the loss nor its gradient. A batch in
    which nothing is known gives a loss of 0.
    """

    @abstractmethod
    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """The loss, a scalar.

        Parameters
        ----------
        logits
            (batch, class, y, x); one class is object against background.
        target
            (batch, y, x) integers: the class of each pixel, or 0 and 1.
        weight_map
            (batch, y, x), 0 or more.
        """


def pixel_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Cross entropy of each pixel, (batch, y, x): binary for one class, softmax for several."""
    if logits.shape[1] == 1:
        return F.binary_cross_entropy_with_logits(
            logits[:, 0], target.to(logits.dtype), reduction="none"
        )
    return F.cross_entropy(logits, target.long(), reduction="none")


def weighted_mean(values: Tensor, weight_map: Tensor) -> Tensor:
    """The mean of pixel values, each counted by its weight; 0 where all weights are 0."""
    total = weight_map.sum()
    return (values * weight_map).sum() / total.clamp_min(1e-6)
