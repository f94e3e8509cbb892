"""What every loss of the catalogue can do."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_unet.schema.settings import LossSettings


class Loss(nn.Module, ABC):
    """How wrong a network is on a batch, as one number to be made small.

    A pixel whose weight is 0 is unknown: it changes neither the loss nor its gradient. A batch in
    which nothing is known has no gradient.

    Parameters
    ----------
    settings
        Its numbers. A subclass reads what it needs.
    """

    def __init__(self, settings: LossSettings = LossSettings()) -> None:  # noqa: B008 (frozen)
        super().__init__()
        self.settings = settings

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


def each_class(logits: Tensor, target: Tensor) -> Tensor:
    """The truth of each class, 0 and 1 in the dtype of the logits, (batch, class, y, x)."""
    if logits.shape[1] == 1:
        return target[:, None].to(logits.dtype)
    return F.one_hot(target.long(), logits.shape[1]).movedim(-1, 1).to(logits.dtype)


def foreground(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities and truth of the classes that are not background, (batch, class, y, x)."""
    truth = each_class(logits, target)
    if logits.shape[1] == 1:
        return torch.sigmoid(logits), truth
    return torch.softmax(logits, 1)[:, 1:], truth[:, 1:]


def over_known(values: Tensor, weight_map: Tensor) -> Tensor:
    """The sum of values over the known pixels of the batch, (class,)."""
    known = (weight_map > 0).to(values.dtype)
    return (values * known[:, None]).sum((0, 2, 3))
