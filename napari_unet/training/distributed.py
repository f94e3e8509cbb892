"""One training by several processes, on as many GPUs: those that ``torchrun`` starts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.distributed import PrefixStore, Store, TCPStore  # type: ignore[attr-defined]
from torch.nn.parallel import DistributedDataParallel

from napari_unet.augment.share import Share
from napari_unet.device import choose_device
from napari_unet.networks.network import Network
from napari_unet.schema.events import StopEarly
from napari_unet.schema.settings import Device

PATIENCE = timedelta(hours=12)
"""The others wait so long for the first while it judges. Who fails is noticed by torchrun."""
SOON = timedelta(seconds=10)

T = TypeVar("T")


class Replica(DistributedDataParallel):
    """A network that every process has one of, and that stays the same in all of them."""

    def __init__(self, network: Network) -> None:
        super().__init__(_Heads(network))

    def heads(self, image: Tensor) -> list[Tensor]:
        """Logits of every head, see `Network.heads`; what is learnt from them is averaged."""
        heads: list[Tensor] = self(image)
        return heads


class _Heads(nn.Module):
    """DistributedDataParallel listens to `forward` alone."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> list[Tensor]:
        return self.network.heads(image)


@dataclass(frozen=True)
class World:
    """The processes that train one network together; by default there is one.

    Each does its share of every batch, and all take the same steps. The first one alone looks at
    the clock, judges, saves, and may be stopped (`StopEarly`): what it decides the others follow.

    Notes
    -----
    The loss is that of the whole batch, whatever it is normalised by, so the gradient is that of
    one process up to rounding. Two things are not: batch norm sees the patches of its own process,
    as DistributedDataParallel has it, and dropout draws in each process for itself.
    """

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that decides for all."""
        return self.rank == 0

    @property
    def share(self) -> Share:
        """What this process does of each batch."""
        return Share(self.rank, self.size)

    def replica(self, network: Network) -> Network | Replica:
        """What is trained in place of a network: the same parameters, those of the first."""
        return network if self.size == 1 else Replica(network)

    def whole(self, part: Tensor) -> Tensor:
        """The parts of all processes as one batch; the gradient reaches the own one.

        Its gradient is enlarged by the number of processes, since `Replica` takes the mean of the
        gradients, whose sum is that of the whole batch.
        """
        if self.size == 1:
            return part
        sent = part.detach().contiguous()
        parts = [torch.empty_like(sent) for _ in range(self.size)]
        distributed.all_gather(parts, sent)
        parts[self.rank] = own = part.view_as(part)
        if own.requires_grad:
            own.register_hook(lambda of: of * self.size)  # type: ignore[no-untyped-call]
        return torch.cat(parts)

    def agree(self, decide: Callable[[], T]) -> T:
        """What the first process decides, in all of them.

        Raises
        ------
        StopEarly
            If the first one was stopped instead.
        """
        if self.size == 1:
            return decide()
        said: list[T | StopEarly | None] = [decide() if self.is_first else None]
        distributed.broadcast_object_list(said)
        (decision,) = said
        if isinstance(decision, StopEarly):
            raise decision
        return decision  # type: ignore[return-value]  # None only where the first decided so

    def stop(self) -> None:
        """Tell the others, who ask what to `agree` on next, that the first one was stopped."""
        if self.size > 1 and self.is_first:
            distributed.broadcast_object_list([StopEarly()])


ALONE = World()


@contextmanager
def together(wish: Device = "auto") -> Iterator[World]:
    """Join the processes that ``torchrun`` started; without it there is nobody to join.

    Of an error inside, the others hear when this process ends, so that it can first say why.

    Parameters
    ----------
    wish
        The device of the settings. On GPUs each process takes one, and they talk by nccl; on the
        CPU by gloo.

    Raises
    ------
    ValueError
        If there is no GPU for this process.
    """
    if not is_one_of_many():
        yield ALONE
        return
    world, store = World(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])), _store(PATIENCE)
    often = store.add(f"joined by {world.rank}", 1)  # who joins again must not meet old messages
    distributed.init_process_group(
        _take_device(wish),
        store=PrefixStore(str(often), store),
        rank=world.rank,
        world_size=world.size,
        timeout=PATIENCE,
    )
    yield world
    distributed.destroy_process_group()


def is_first_to_fail() -> bool:
    """Whether none of the processes has asked this before: of many that fail one says why."""
    if not is_one_of_many():
        return True
    try:
        return int(_store(SOON).add("failed", 1)) == 1
    except RuntimeError:  # torchrun has ended
        return True


def is_one_of_many() -> bool:
    """Whether ``torchrun`` started this process, and others."""
    # a shell or a queue of jobs may set WORLD_SIZE, too, and mean something else
    return "TORCHELASTIC_RUN_ID" in os.environ and int(os.environ["WORLD_SIZE"]) > 1


def _store(timeout: timedelta) -> Store:
    """What torchrun keeps for its processes, a part of it that is ours in this start of them."""
    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    start = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    store = TCPStore(host, port, is_master=False, timeout=timeout)
    return PrefixStore(f"napari-unet/{start}", store)


def _take_device(wish: Device) -> str:
    """Choose the GPU of this process, if it is to have one; how the processes talk then."""
    if wish in ("auto", "cuda") and torch.cuda.is_available():
        place, count = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if place >= count:
            raise ValueError(
                f"There are fewer GPUs ({count}) than processes: start torchrun with "
                f"--nproc_per_node={count}, or choose the device 'cpu'."
            )
        torch.cuda.set_device(place)  # from now on "cuda" is this one
    kind = choose_device(wish).device.type
    if kind == "mps":
        raise ValueError("An Apple GPU cannot be shared: start without torchrun, or choose 'cpu'.")
    return "cpu:gloo,cuda:nccl" if kind == "cuda" else "gloo"
