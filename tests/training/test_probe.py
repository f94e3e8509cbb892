"""What a step of a fine-tuning takes is found out by doing some, without learning anything."""

from dataclasses import replace

import pytest
import torch

from napari_unet.images.samples import cells
from napari_unet.networks.build import network_settings
from napari_unet.schema.events import finish
from napari_unet.schema.settings import FineTuneSettings, LossSettings
from napari_unet.training import probe
from napari_unet.training.examples import make_example
from napari_unet.training.packing import pack_of
from tests.models_for_tests import tiny_model

CPU = FineTuneSettings(device="cpu")


@pytest.fixture
def drawn(monkeypatch):
    """The batches of the steps that are tried."""
    batches, step = [], probe.train_step

    def spied(network, batch, *rest, **named):
        batches.append((type(network).__name__, batch))
        return step(network, batch, *rest, **named)

    monkeypatch.setattr(probe, "train_step", spied)
    return batches


def test_r7_3_a_step_is_as_large_as_one_of_the_training(drawn):
    model = tiny_model()
    assert finish(probe.probing(model, CPU)).step_s > 0
    assert {batch.images.shape[:1] for _, batch in drawn} == {(4,)}
    pack = pack_of([make_example(*cells((140, 140), seed=0))], 4)
    finish(probe.probing(replace(model, pack=pack), CPU))
    assert drawn[-1][1].images.shape == (6, 1, 128, 128)


def test_the_model_stays_as_it_is():
    model = tiny_model()
    before = {name: value.clone() for name, value in model.parameters.items()}
    finish(probe.probing(model, CPU))
    assert all(torch.equal(before[name], value) for name, value in model.parameters.items())


@pytest.mark.parametrize("network", ["unet-2015", "fcn-8s"])
def test_a_new_network_is_tried_itself_at_the_size_that_it_needs(drawn, network, monkeypatch):
    small = network_settings(network, features=2)
    monkeypatch.setattr(
        "napari_unet.training.preparation.network_settings", lambda name, **given: small
    )
    settings = FineTuneSettings(device="cpu", network=network, loss=LossSettings(loss="dice"))
    finish(probe.probing(tiny_model(), settings))
    assert drawn[-1][0] != type(tiny_model().network()).__name__
    inner, outer = (part.shape[-1] for part in (drawn[-1][1].targets, drawn[-1][1].images))
    assert (outer > inner) == (network == "unet-2015")


def test_on_the_cpu_no_memory_of_a_gpu_is_named():
    probed = finish(probe.probing(tiny_model(), CPU))
    assert (probed.gpu_bytes, probed.free_bytes) == (None, None)
