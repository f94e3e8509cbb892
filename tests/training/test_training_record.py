"""A card remembers on what its model was trained, how that went, and what it proved."""

import numpy as np
import pytest

from napari_unet.images.samples import cells
from napari_unet.models.archive import read_card, write_model
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import StepDone, Validated, finish
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.training.finetune import fine_tuning
from tests.models_for_tests import tiny_model

QUICK = FineTuneSettings(device="cpu", steps=6, seconds=60, auto_input=False, seed=5)


@pytest.fixture(scope="module")
def images():
    image, labels = cells((96, 96), look="fluorescence", seed=1)
    known = np.zeros(labels.shape, np.uint8)
    known[:, :64] = 1
    one = Correction(image_id="one", image=image, labels=labels, known=known)
    return [one, one.model_copy(update={"image_id": "nothing known", "known": known * 0})]


def test_r13_2_what_a_model_saw_and_proved_is_in_its_file(images, tmp_path):
    base = tiny_model(features=4)
    events = []
    result = finish(fine_tuning(base, images, QUICK), events.append)
    write_model(result.model, tmp_path / "tuned.safetensors")
    card = read_card(tmp_path / "tuned.safetensors")
    training = card.training
    (learnt,) = training.images
    assert (learnt.image_id, learnt.known_px) == ("one", 96 * 64)
    assert learnt.objects == len(np.unique(images[0].labels[:, :64])) - 1 > 0
    losses = [event.loss for event in events if isinstance(event, StepDone)]
    tests = [event for event in events if isinstance(event, Validated)]
    assert training.loss == tuple(enumerate(losses, start=1))
    assert training.tests == tuple((one.step, one.scores.headline[1]) for one in tests)
    assert (training.steps, card.recipe["seed"]) == (6, 5)
    assert training.proof == result.proof
    assert card.parent == base.card.id
    assert training.chosen is None
    assert {"torch", "numpy", "python", "napari-unet-finetune"} <= card.versions.keys()


def test_a_card_of_an_earlier_version_has_no_record(images):
    card = tiny_model().card
    text = card.model_dump_json(exclude={"training"})
    assert ModelCard.model_validate_json(text) == card
    assert card.training is None
