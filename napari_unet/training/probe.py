"""Find out what a step of a fine-tuning takes, before anybody waits for one."""

from __future__ import annotations

import time
from collections.abc import Generator

import torch

from napari_unet.device import choose_device
from napari_unet.models.model import Model
from napari_unet.networks.build import on_device
from napari_unet.networks.network import Network
from napari_unet.schema.catalog import LOSSES, resolve
from napari_unet.schema.events import Event, Progress
from napari_unet.schema.requests import Probed
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.training.patches import Batch
from napari_unet.training.preparation import new_network, plan_of
from napari_unet.training.step import train_step
from napari_unet.training.train import make_optimizer

STEPS = 3
"""The first one loads code, and something else may be in the way of another."""


def probing(model: Model, settings: FineTuneSettings) -> Generator[Event, None, Probed]:
    """Time some steps as a fine-tuning does them, on patches of noise; the model is not changed.

    Parameters
    ----------
    model
        What training would start from.
    settings
        How it would go about it.

    Yields
    ------
    Progress after each step.
    """
    device = choose_device(settings.device).device
    is_new = settings.network is not None
    plan = plan_of(settings, 0, None if is_new else model.pack)
    start = new_network(settings.network, model.card, 0) if settings.network else model.network()
    network = on_device(start, device).train()
    loss = resolve(LOSSES, plan.loss.loss)(plan.loss)
    batch, optimizer = _noise(network, plan.batch, plan.patch_px), make_optimizer(network, plan)
    on_gpu = device.type == "cuda"
    free = torch.cuda.mem_get_info(device)[0] if on_gpu else None
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(device)
    seconds = []
    for done in range(STEPS):
        begun = time.monotonic()
        train_step(network, batch, loss, optimizer, rate=0.0)
        seconds.append(time.monotonic() - begun)
        yield Progress(phase="probe", done=done + 1, total=STEPS)
    needed = torch.cuda.max_memory_allocated(device) if on_gpu else None
    return Probed(step_s=min(seconds), gpu_bytes=needed, free_bytes=free)


def _noise(network: Network, patches: int, patch_px: int) -> Batch:
    """A batch as training draws it, of a network's size."""
    inner, classes = network.fitting_px(patch_px), network.settings.classes
    outer = inner + 2 * network.margin_px
    random = torch.Generator().manual_seed(0)
    images = torch.rand(patches, network.settings.in_channels, outer, outer, generator=random)
    targets = torch.randint(max(2, classes), (patches, inner, inner), generator=random)
    return Batch(images, targets, torch.ones(patches, inner, inner))
