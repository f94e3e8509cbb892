"""How much faster each network learns in bfloat16 than in float32, on this CPU.

``python -m benchmarks.bfloat16`` prints the ratio of the time of a step of each, one thread, the
quickest of a few.
"""

from __future__ import annotations

import time
from unittest.mock import patch

import torch

from napari_unet import memory
from napari_unet.models.library import DEFAULT_MODEL, load_model
from napari_unet.networks.build import on_device
from napari_unet.schema.catalog import LOSSES, NETWORKS, resolve
from napari_unet.schema.settings import LossSettings, TrainSettings
from napari_unet.training import step
from napari_unet.training.patches import Batch
from napari_unet.training.preparation import new_network
from napari_unet.training.train import make_optimizer

PATCHES, SIDE_PX, STEPS = 2, 128, 5


def step_s(name: str, half: torch.dtype | None) -> float:
    """Seconds of the processor for a step of a network."""
    network = new_network(name, load_model(DEFAULT_MODEL).card, seed=0)
    on_device(network, torch.device("cpu")).train()
    settings = TrainSettings(device="cpu")
    optimizer = make_optimizer(network, settings)
    loss = resolve(LOSSES, settings.loss.loss)(LossSettings())
    inner = network.fitting_px(SIDE_PX)
    outer = inner + 2 * network.margin_px
    known = torch.ones(PATCHES, inner, inner)
    batch = Batch(torch.rand(PATCHES, 1, outer, outer), known.cumsum(-1).long() % 2, known)
    seconds = []
    with patch.object(step, "half_precision", return_value=half):
        for _ in range(STEPS):
            begun = time.process_time()
            step.train_step(network, batch, loss, optimizer, rate=0.0)
            seconds.append(time.process_time() - begun)
    return min(seconds)


def main() -> None:
    """Print a line for each network."""
    memory.set_up()
    torch.set_num_threads(1)
    for name in NETWORKS:
        print(f"{name}: {step_s(name, None) / step_s(name, torch.bfloat16):.2f}", flush=True)


if __name__ == "__main__":
    main()
