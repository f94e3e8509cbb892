"""Binary cross entropy: each class against the rest."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_unet.losses.loss import Loss, each_class, over_known, weighted_mean


class BinaryCrossEntropy(Loss):
    r"""Asks of each class and pixel whether it is there or not, and how surprising the truth is.

    With several classes it is the mean over classes, each against the rest by its softmax
    probability, which is what prediction shows; with two classes it is the cross entropy.

    Notes
    -----
    For each class, the weighted mean over pixels of

    .. math:: L = -\left[y \log p + (1 - y) \log(1 - p)\right]

    Jadon (2020), "A survey of loss functions for semantic segmentation".
    """

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """The weighted mean over pixels and classes, a scalar."""
        truth, present, absent = _surprises(logits, target)
        return weighted_mean((truth * present + (1 - truth) * absent).mean(1), weight_map)


class WeightedBinaryCrossEntropy(Loss):
    r"""Binary cross entropy in which pixels of objects count more, or less, than background.

    Several classes as in `BinaryCrossEntropy`; beta is that of each of them, background included.

    Notes
    -----
    For each class, the weighted mean over pixels of

    .. math:: L = -\left[\beta y \log p + (1 - y) \log(1 - p)\right]

    Jadon (2020), "A survey of loss functions for semantic segmentation".
    """

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """The weighted mean over pixels and classes, a scalar."""
        truth, present, absent = _surprises(logits, target)
        surprise = self.settings.beta * truth * present + (1 - truth) * absent
        return weighted_mean(surprise.mean(1), weight_map)


class BalancedBinaryCrossEntropy(Loss):
    r"""Binary cross entropy in which objects and background count the same, whatever they cover.

    Several classes as in `BinaryCrossEntropy`, each with its own beta.

    Notes
    -----
    For each class, the weighted mean over pixels of

    .. math:: L = -\left[\beta y \log p + (1 - \beta) (1 - y) \log(1 - p)\right]

    .. math:: \beta = 1 - \bar{y}

    with the mean of y over the known pixels of the batch. As printed, a batch without objects would
    teach nothing (beta = 1, y = 0); so beta stays between 0.01 and 0.99 here.

    Jadon (2020), "A survey of loss functions for semantic segmentation", after Xie and
    Tu (2015).
    """

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """The weighted mean over pixels and classes, a scalar."""
        truth, present, absent = _surprises(logits, target)
        covered = over_known(truth, weight_map) / (weight_map > 0).sum().clamp_min(1)
        beta = (1 - covered).clamp(0.01, 0.99)[:, None, None]
        surprise = beta * truth * present + (1 - beta) * (1 - truth) * absent
        return weighted_mean(surprise.mean(1), weight_map)


class _Surprises(NamedTuple):
    """Of each class, (batch, class, y, x)."""

    truth: Tensor
    present: Tensor
    """-log p: how surprising it is that the class is there."""
    absent: Tensor
    """-log(1 - p)."""


def _surprises(logits: Tensor, target: Tensor) -> _Surprises:
    truth = each_class(logits, target)
    if logits.shape[1] == 1:
        return _Surprises(truth, F.softplus(-logits), F.softplus(logits))
    return _Surprises(truth, -F.log_softmax(logits, 1), -_log_rest(logits))


def _log_rest(logits: Tensor) -> Tensor:
    """Log of 1 - p of each class, exact where p is nearly 1: there it is the sum of the others."""
    largest = torch.zeros_like(logits, dtype=torch.bool)
    largest.scatter_(1, logits.argmax(1, keepdim=True), value=True)
    others = logits.masked_fill(largest, -torch.inf).logsumexp(1, keepdim=True)
    p = torch.softmax(logits, 1).masked_fill(largest, 0)
    return torch.where(largest, others - logits.logsumexp(1, keepdim=True), torch.log1p(-p))
