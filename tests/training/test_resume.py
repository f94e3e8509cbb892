"""A fine-tuning that was interrupted ends as if nothing had happened."""

import numpy as np
import pytest
import torch

from napari_unet.images.samples import cells
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import StepDone, Validated, finish
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.training.finetune import fine_tuning
from tests.models_for_tests import tiny_model

STEPS, INTERRUPTED_AT = 9, 5
SETTINGS = FineTuneSettings(device="cpu", steps=STEPS, seconds=36_000, auto_input=False, seed=3)


@pytest.fixture(scope="module")
def correction():
    image, labels = cells((96, 96), look="fluorescence", seed=1)
    return Correction(image_id="a", image=image, labels=labels, known=np.ones_like(labels))


def interrupt(job, after):
    """Let a job go on for some steps, then take it away as a crash does."""
    for event in job:
        if isinstance(event, StepDone) and event.step == after:
            next(job)  # its progress
            break
    next(job, None)  # past the end of the step, where its state is saved
    job.close()


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_r13_3_on_the_cpu_it_ends_bit_identical(correction, tmp_path, monkeypatch, dropout):
    model = tiny_model(dropout=dropout)
    monkeypatch.setattr("napari_unet.training.train.CHECKPOINT_EVERY_S", 0)
    state = tmp_path / "state"
    whole = finish(fine_tuning(model, [correction], SETTINGS))
    interrupt(fine_tuning(model, [correction], SETTINGS, checkpoint=state), INTERRUPTED_AT)
    assert state.exists()
    events = []
    job = fine_tuning(model, [correction], SETTINGS, checkpoint=state)
    resumed = finish(job, events.append)
    steps = [event.step for event in events if isinstance(event, StepDone)]
    assert INTERRUPTED_AT <= steps[0] <= INTERRUPTED_AT + 2, "it went on, and did not start anew"
    assert any(isinstance(event, Validated) for event in events)
    one, other = whole.model, resumed.model
    assert all(torch.equal(one.parameters[name], other.parameters[name]) for name in one.parameters)
    assert whole.proof == resumed.proof
    kept = ("steps", "loss", "tests", "proof", "images")
    assert all(
        getattr(one.card.training, name) == getattr(other.card.training, name) for name in kept
    )
