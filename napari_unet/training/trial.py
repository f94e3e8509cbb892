"""Try a short training and a prediction, to see whether this computer can do it."""

from __future__ import annotations

import time
from typing import NamedTuple

from napari_unet.device import Chosen, choose_device
from napari_unet.images.samples import cells
from napari_unet.inference.predict import predict
from napari_unet.schema.events import Event, StepDone, finish
from napari_unet.schema.settings import Device, NetworkSettings, PredictSettings, TrainSettings
from napari_unet.training.examples import make_example
from napari_unet.training.new_model import new_model

SIDE_PX = 256
STEPS = 10


class Trial(NamedTuple):
    """What a short training and a prediction were like."""

    device: Chosen
    steps: int
    """Of training a small U-Net with four patches of 128 x 128 pixels."""
    train_s: float
    """Seconds for these steps."""
    learned: bool
    """Whether the loss fell."""
    predict_s: float
    """Seconds for a plane of 256 x 256 pixels."""


def trial(device: Device = "auto") -> Trial:
    """Train a small network on synthetic cells for some steps, and predict with it.

    Parameters
    ----------
    device
        Where.

    Raises
    ------
    ValueError
        If the device cannot be used.
    """
    chosen = choose_device(device)
    image, labels = cells((SIDE_PX, SIDE_PX), seed=0)
    settings = TrainSettings(steps=STEPS, batch=4, patch_px=128, device=device, learning_rate=3e-3)
    shape = NetworkSettings(features=8, depth=3)
    losses: list[float] = []
    job = new_model("unet", shape, settings, [make_example(image, labels)], name="trial")

    def note(event: Event) -> None:
        if isinstance(event, StepDone):
            losses.append(event.loss)

    start = time.monotonic()
    model = finish(job, note)
    train_s, start = time.monotonic() - start, time.monotonic()
    predict(image, model, PredictSettings(device=device))
    predict_s = time.monotonic() - start
    return Trial(chosen, STEPS, train_s, losses[-1] < losses[0], predict_s)
