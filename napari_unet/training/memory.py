"""Train on where memory is short: a part of each batch at a time, and on the CPU at last."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.utils.checkpoint import checkpoint

from napari_unet import memory
from napari_unet.losses.loss import Loss
from napari_unet.networks.network import Network
from napari_unet.schema.events import Notice
from napari_unet.training.distributed import ALONE, Replica, World
from napari_unet.training.patches import Batch
from napari_unet.training.step import train_step


@dataclass
class Learner:
    """A network that learns, and into how many parts each batch is cut for it.

    Of all parts but one only what it answered is kept; the rest is computed anew for the gradient.
    So the loss is that of the whole batch, whatever it is normalised by, and the gradient, too, up
    to rounding. Batch norm sees one part at a time.
    """

    network: Network | Replica
    parts: int = 1

    def parameters(self) -> Iterator[Parameter]:
        """Those of the network."""
        return self.network.parameters()

    def heads(self, image: Tensor) -> list[Tensor]:
        """Logits of every head, see `Network.heads`."""
        if self.parts == 1:
            return self.network.heads(image)
        answered = [
            checkpoint(self.network.heads, part, use_reentrant=False)
            for part in image.chunk(self.parts)
        ]
        return [torch.cat(head) for head in zip(*answered, strict=True)]

    def step(
        self,
        batch: Batch,
        loss: Loss,
        optimizer: torch.optim.Optimizer,
        rate: float,
        world: World = ALONE,
    ) -> Generator[Notice, None, float]:
        """See `train_step`; where memory ends, it is done again with less, as a Notice says."""
        while True:
            try:
                return train_step(self, batch, loss, optimizer, rate, world)
            except (RuntimeError, MemoryError) as error:
                if not memory.has_ended(error) or world.size > 1:  # the others would wait for it
                    raise
                optimizer.zero_grad(set_to_none=True)
                on_gpu = next(self.parameters()).device.type != "cpu"
                if self.parts >= len(batch.images) and not on_gpu:
                    raise
            yield Notice(text=self._take_less(optimizer, len(batch.images)))

    def _take_less(self, optimizer: torch.optim.Optimizer, patches: int) -> str:
        if self.parts < patches:
            self.parts = min(2 * self.parts, patches)
            at_once = -(-patches // self.parts)
            return f"Memory was short: going on with {at_once} of {patches} patches at a time."
        self.network.cpu()
        for state in optimizer.state.values():
            state |= {k: v.cpu() for k, v in state.items() if isinstance(v, Tensor)}
        return "The GPU's memory was too small: going on with the CPU."
