"""Focal loss: pixels that are already right count less."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_unet.losses.loss import Loss, pixel_cross_entropy, weighted_mean


class FocalLoss(Loss):
    r"""Pixels that are already right hardly count, so that much background cannot drown objects.

    With several classes p is the softmax probability of the true one; alpha is that of all
    classes but background.

    Notes
    -----
    The weighted mean over pixels, with the probability of the truth and its alpha
    (1 - alpha on background), of

    .. math:: L = -\alpha_t (1 - p_t)^\gamma \log p_t

    Lin et al. (2017), "Focal Loss for Dense Object Detection", equation 5; there alpha = 0.25 and
    gamma = 2 were best.
    """

    def forward(self, logits: Tensor, target: Tensor, weight_map: Tensor) -> Tensor:
        """The weighted mean of the pixels' focal loss, a scalar."""
        objects = (target > 0).to(logits.dtype)
        alpha = self.settings.alpha * objects + (1 - self.settings.alpha) * (1 - objects)
        # As an exponential of logarithms: the slope of a power of 0 is no number.
        unsure = torch.exp(self.settings.gamma * _log_wrong(logits, target))
        entropy = pixel_cross_entropy(logits, target)
        return weighted_mean(alpha * unsure * entropy, weight_map)


def _log_wrong(logits: Tensor, target: Tensor) -> Tensor:
    """Log of one minus the probability of the truth, (batch, y, x)."""
    if logits.shape[1] == 1:
        return F.logsigmoid(torch.where(target > 0, -logits[:, 0], logits[:, 0]))
    others = logits.scatter(1, target.long()[:, None], -torch.inf)
    return others.logsumexp(1) - logits.logsumexp(1)
