"""One step of a training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor, nn

from napari_unet.device import half_precision
from napari_unet.losses.loss import Loss
from napari_unet.training.distributed import ALONE, World
from napari_unet.training.patches import Batch


class Learns(Protocol):
    """A network, or what is trained in its place."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """What is changed."""

    def heads(self, image: Tensor, /) -> list[Tensor]:
        """Logits of every head, see `Network.heads`."""


def train_step(
    network: Learns,
    batch: Batch,
    loss: Loss,
    optimizer: torch.optim.Optimizer,
    rate: float,
    world: World = ALONE,
) -> float:
    """One step: forward, loss of every head, backward, update. Returns the loss.

    A loss or gradient that is not finite leaves the parameters as they were.
    """
    device = next(network.parameters()).device
    images, targets, weight_maps = (part.to(device) for part in batch)
    images = images.to(memory_format=torch.channels_last)
    half = half_precision(device)
    with torch.autocast(device.type, half, enabled=half is not None):
        heads = network.heads(images)
    targets, weight_maps = world.whole(targets), world.whole(weight_maps)
    values = [loss(world.whole(logits.float()), targets, weight_maps) for logits in heads]
    value = torch.stack(values).mean()
    optimizer.zero_grad(set_to_none=True)
    value.backward()  # type: ignore[no-untyped-call]
    norm = nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    if not torch.isfinite(norm):
        return math.nan
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return float(value.detach())
