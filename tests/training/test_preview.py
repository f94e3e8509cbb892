"""What is shown of a fine-tuning before it begins is what it learns from."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_unet.images.samples import cells
from napari_unet.models.model import Model
from napari_unet.networks.build import build_network
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Patches, finish
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import FineTuneSettings, LossSettings, NetworkSettings
from napari_unet.training import finetune
from napari_unet.training.examples import make_example
from napari_unet.training.packing import pack_of
from napari_unet.training.preview import previewing

SETTINGS = FineTuneSettings(
    seconds=3, seed=4, device="cpu", loss=LossSettings(sigma_px=2), auto_input=False
)


def model(network="unet", **shape):
    settings = NetworkSettings(features=4, depth=3, **shape)
    card = ModelCard(name="tiny", network=network, network_settings=settings)
    return Model(card, build_network("unet", settings, seed=1).state_dict())


@pytest.fixture
def correction():
    image, labels = cells((200, 180), seed=2)
    known = np.zeros_like(labels)
    known[:, :150] = 1
    return Correction(image_id="a", image=image, labels=labels, known=known)


def shown(*what):
    seen = []
    sentence = finish(previewing(*what), seen.append)
    (patches,) = [event for event in seen if isinstance(event, Patches)]
    return patches, sentence


def first_batches(monkeypatch, *what):
    """What the first steps of the fine-tuning itself draw."""
    drawn = []

    class Enough(Exception):
        """Nothing else is asked of it."""

    def spy(network, sampler, *rest, **options):
        drawn.extend(sampler.draw(step) for step in range(3))
        raise Enough

    monkeypatch.setattr(finetune, "train", spy)
    with pytest.raises(Enough):
        finish(finetune.fine_tuning(*what))
    return drawn


@pytest.mark.parametrize("replays", [False, True])
def test_what_is_shown_is_what_is_learnt(monkeypatch, correction, replays):
    pack = pack_of([make_example(*cells((150, 150), seed=9))], 4) if replays else None
    what = (replace(model(), pack=pack), [correction], SETTINGS)
    patches, _ = shown(*what)
    batches = first_batches(monkeypatch, *what)
    fresh = len(batches[0].images) // 2 if replays else len(batches[0].images)
    news = [torch.cat([batch[part][:fresh] for batch in batches]) for part in range(3)]
    olds = [torch.cat([batch[part][fresh:] for batch in batches]) for part in range(3)]
    told = (patches.images, patches.targets, patches.weight_maps)
    assert patches.replayed == (3 if replays else 0)
    for given, new, old in zip(told, news, olds, strict=True):
        assert len(given) == 9
        split = 9 - patches.replayed
        np.testing.assert_array_equal(given[:split], new[:split].numpy())
        np.testing.assert_array_equal(given[split:], old[: patches.replayed].numpy())


def test_the_loss_and_the_input_are_those_of_the_training(correction):
    usual, sentence = shown(model(), [correction], SETTINGS)
    flat = SETTINGS.model_copy(update={"loss": LossSettings(loss="dice")})
    plain, _ = shown(model(), [correction], flat)
    np.testing.assert_array_equal(usual.images, plain.images)
    assert usual.weight_maps.max() > 5
    assert plain.weight_maps.max() <= 1.001
    assert (usual.weight_maps == 0).any(), "not all was confirmed"
    assert sentence == "as the model expects"
    card = model().card
    inverted = card.model_copy(update={"input": card.input.model_copy(update={"inverted": True})})
    dark, sentence = shown(replace(model(), card=inverted), [correction], SETTINGS)
    assert np.corrcoef(dark.images.ravel(), usual.images.ravel())[0, 1] < 0
    assert "inverted" in sentence


def test_of_a_network_that_does_not_pad_the_middle_is_shown(correction):
    settings = SETTINGS.model_copy(update={"network": "unet-2015"})
    patches, _ = shown(model(), [correction], settings)
    assert patches.images.shape[-2:] == patches.targets.shape[-2:]


def test_without_a_correction_there_is_nothing_to_show():
    with pytest.raises(ValueError, match="no correction"):
        shown(model(), [], SETTINGS)
