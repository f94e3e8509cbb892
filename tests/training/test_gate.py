"""Bad trainings are refused and leave the old model as it was; a good one is accepted.

A cheap part of `benchmarks.gate`, which has the figures.
"""

import pytest
import torch

from benchmarks import gate
from benchmarks.gate import LOOKS, TOLD, spoiled
from napari_unet.images.samples import cells
from napari_unet.schema.events import finish
from napari_unet.schema.settings import FineTuneSettings, NetworkSettings, TrainSettings
from napari_unet.training.examples import make_example
from napari_unet.training.finetune import fine_tune
from napari_unet.training.new_model import new_model


@pytest.fixture(scope="module")
def base():
    """A small network that knows bright nuclei well."""
    shape = NetworkSettings(features=4, depth=3)
    settings = TrainSettings(steps=150, batch=4, patch_px=64, learning_rate=1e-2, device="cpu")
    examples = [make_example(*cells((192, 192), seed=seed)) for seed in (7, 8)]
    return finish(new_model("unet", shape, settings, examples, name="Bright nuclei"))


def tuned(base, kind, steps):
    image, labels = cells((224, 224), look=LOOKS[kind], seed=3)
    settings = FineTuneSettings(steps=steps, seconds=600, device="cpu")
    with spoiled(kind):
        return fine_tune(base, [TOLD[kind](image, labels, 0)], settings)


@pytest.mark.parametrize("kind", ["shuffled", "strokes", "polarity", "rate"])
def test_r1_1_a_bad_training_is_refused_and_the_old_parameters_stay_bit_by_bit(
    base, kind, monkeypatch
):
    """Ten times the rate does this network no harm, so it is three hundred times here."""
    monkeypatch.setattr(gate, "TOO_FAST", 0.3)
    before = {name: value.clone() for name, value in base.parameters.items()}
    proof = tuned(base, kind, steps=16).proof
    assert not proof.accepted, proof.sentence
    assert proof.reason in proof.sentence
    assert all(torch.equal(before[name], base.parameters[name]) for name in before)


def test_r1_1_a_good_training_is_accepted(base):
    proof = tuned(base, "good", steps=80).proof
    assert proof.accepted, proof.sentence
    assert proof.sentence.startswith("Better on")
