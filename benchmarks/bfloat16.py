"""How much faster each network learns in bfloat16 than in float32, on this CPU.

``python -m benchmarks.bfloat16`` prints the ratio of the time of a step of each, one thread, the
quickest of a few, as the panel's estimate takes it.
"""

from __future__ import annotations

from unittest.mock import patch

import torch

from benchmarks.learning import processor_time
from napari_unet import memory
from napari_unet.models.library import DEFAULT_MODEL, load_model
from napari_unet.schema.catalog import NETWORKS
from napari_unet.schema.events import finish
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.training import step
from napari_unet.training.probe import probing


def step_s(name: str, half: torch.dtype | None) -> float:
    """Seconds of the processor for a step of a network."""
    settings = FineTuneSettings(network=name, device="cpu")
    with processor_time(), patch.object(step, "half_precision", return_value=half):
        return finish(probing(load_model(DEFAULT_MODEL), settings)).step_s


def main() -> None:
    """Print a line for each network."""
    memory.set_up()
    torch.set_num_threads(1)
    for name in NETWORKS:
        print(f"{name}: {step_s(name, None) / step_s(name, torch.bfloat16):.2f}", flush=True)


if __name__ == "__main__":
    main()
