"""Corrections can be taught to a new network of any kind, with any loss."""

import numpy as np
import pytest
import torch

from napari_unet.images.samples import cells
from napari_unet.inference.predict import predict
from napari_unet.networks.build import network_settings
from napari_unet.schema.catalog import LOSSES, NETWORKS, resolve
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Notice, finish
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import (
    FineTuneSettings,
    LossSettings,
    NetworkSettings,
    TrainSettings,
)
from napari_unet.schema.settings.training import FEWEST_STEPS
from napari_unet.training.examples import make_example
from napari_unet.training.finetune import fine_tune, fine_tuning
from napari_unet.training.new_model import new_model
from napari_unet.training.preparation import new_network
from tests.models_for_tests import tiny_model
from tests.networks.test_networks import tiny

STEPS = FineTuneSettings(steps=2, device="cpu", auto_input=False)


@pytest.fixture(scope="module")
def correction():
    image, labels = cells((80, 70), count=6, seed=0)
    known = np.ones(labels.shape, np.uint8)
    return Correction(image_id="a", image=image, labels=labels, known=known)


@pytest.fixture
def small(monkeypatch):
    """Every network of the catalogue is built as small as it can be."""
    for name in NETWORKS:
        shape = network_settings(name, **tiny(name, normalization="batch"))
        monkeypatch.setattr(resolve(NETWORKS, name), "defaults", shape)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", NETWORKS)
def test_a_new_network_of_every_kind_learns_corrections(name, correction):
    present = tiny_model(seed=5)
    settings = STEPS.model_copy(update={"network": name, "seed": 3})
    first = new_network(name, present.card, 3).state_dict()
    tuned = fine_tune(present, [correction], settings)
    card, parameters = tuned.model.card, tuned.model.parameters
    assert (card.network, card.parent, card.name) == (name, None, f"{NETWORKS[name].title} (new)")
    assert parameters.keys() == first.keys()
    assert any((first[key] != parameters[key]).any() for key in first)
    statistics = [key for key in first if key.endswith("running_mean")]
    assert statistics
    assert any(parameters[key].any() for key in statistics), "it has no statistics to keep"
    assert predict(correction.image, tuned.model).probabilities.shape == (1, 80, 70)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_can_take_the_place_of_the_model(name):
    shape = NetworkSettings(in_channels=3, classes=4, features=2, depth=3)
    card = ModelCard(name="present", network="unet", network_settings=shape)
    with torch.device("meta"):
        new = new_network(name, card, 0).settings
    assert (new.in_channels, new.classes) == (3, 4)
    own = resolve(NETWORKS, name).defaults
    assert (new.features, new.depth, new.normalization) == (
        own.features,
        own.depth,
        own.normalization,
    )
    assert new.deep_supervision == (name == "unet++"), "it can be stopped at each of its heads"


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_teaches_corrections(name, correction):
    present = tiny_model(seed=5)
    settings = STEPS.model_copy(update={"loss": LossSettings(loss=name)})
    tuned = fine_tune(present, [correction], settings).model
    usual = fine_tune(present, [correction], STEPS).model
    assert tuned.card.recipe["loss"]["loss"] == name
    assert all(value.isfinite().all() for value in tuned.parameters.values())
    same = all(
        torch.equal(usual.parameters[key], tuned.parameters[key]) for key in usual.parameters
    )
    assert same == (name == LossSettings().loss)


def test_r9_5_same_seed_same_new_network(correction):
    one, two, other = (
        fine_tune(
            tiny_model(seed=5),
            [correction],
            STEPS.model_copy(update={"network": "unet", "seed": seed, "steps": 1}),
        ).model.parameters
        for seed in (1, 1, 2)
    )
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert not all(torch.equal(one[key], other[key]) for key in one)


def test_r13_5_it_uses_its_time_and_says_when_that_was_too_little(correction):
    notices = []
    settings = FineTuneSettings(network="unet", seconds=2, device="cpu")
    job = fine_tuning(tiny_model(seed=5), [correction], settings)
    tuned = finish(job, lambda event: isinstance(event, Notice) and notices.append(event.text))
    assert tuned.seconds < 4.5
    assert tuned.steps < FEWEST_STEPS
    assert notices == [
        f"The new network came to {tuned.steps} step{'s' * (tuned.steps != 1)} only: give it more "
        "time, or a GPU, or start from a smaller one."
    ]


def test_r1_1_a_new_network_that_is_not_better_than_the_model_is_said_to_be_not(correction):
    settings = TrainSettings(steps=80, batch=4, patch_px=64, learning_rate=1e-2, device="cpu")
    example = make_example(correction.image, correction.labels)
    shape = NetworkSettings(features=4, depth=3)
    good = finish(new_model("unet", shape, settings, [example], name="good"))
    settings = STEPS.model_copy(update={"network": "unet"})
    proof = fine_tune(good, [correction], settings).proof
    assert proof.before.iou > 0.5
    assert not proof.accepted
    assert proof.sentence.startswith("Not better")


def test_no_such_network_is_said(correction):
    with pytest.raises(ValueError, match="Choose one of: unet, "):
        fine_tune(tiny_model(), [correction], STEPS.model_copy(update={"network": "vnet"}))
