"""Fine-tuning starts from the base of the chosen model, and is judged against the chosen one."""

import numpy as np
import pytest
import torch

from napari_unet.images.samples import cells
from napari_unet.inference.prepare import prepare
from napari_unet.models.model import Model
from napari_unet.models.pack import Pack
from napari_unet.schema.correction import Correction
from napari_unet.schema.input import InputSettings
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.training.base import judged_as_it_is, starting_from
from napari_unet.training.finetune import fine_tune
from napari_unet.training.scoring import Exam
from tests.models_for_tests import tiny_model

QUICK = FineTuneSettings(device="cpu", steps=3, seconds=600, auto_input=False)


def pack(pictures):
    shape = (pictures, 32, 32)
    half = torch.zeros((pictures, 1, 32, 32), dtype=torch.float16)
    return Pack(half, torch.zeros(shape, dtype=torch.uint8), torch.zeros(shape, dtype=torch.uint8))


@pytest.fixture(scope="module")
def base():
    return tiny_model(name="Base", seed=1)


@pytest.fixture(scope="module")
def chosen(base):
    """As if it had been tuned: other parameters, an input of its own, and pictures to remember."""
    other = tiny_model(name="Chosen", seed=2)
    card = other.card.model_copy(
        update={"parent": base.card.id, "input": InputSettings(inverted=True)}
    )
    return Model(card, other.parameters, pack(3))


@pytest.fixture(scope="module")
def correction():
    image, labels = cells((96, 96), look="fluorescence", seed=1)
    return Correction(image_id="a", image=image, labels=labels, known=np.ones_like(labels))


def test_it_starts_from_the_base_with_what_the_chosen_one_remembers(chosen, base):
    start = starting_from(chosen, base, QUICK)
    assert start.parameters is base.parameters
    assert start.card.id == base.card.id
    assert len(start.pack) == 3
    assert start.card.input == chosen.card.input, "nobody looks for another one"
    looked_for = starting_from(chosen, base, QUICK.model_copy(update={"auto_input": True}))
    assert looked_for.card.input == base.card.input
    remembers = Model(base.card, base.parameters, pack(2))
    forgot = Model(chosen.card, chosen.parameters)
    assert len(starting_from(forgot, remembers, QUICK).pack) == 2


@pytest.mark.parametrize("update", [{"go_on": True}, {"network": "unet"}])
def test_it_starts_from_the_chosen_one_if_that_is_wanted(chosen, base, update):
    assert starting_from(chosen, base, QUICK.model_copy(update=update)) is chosen
    assert starting_from(chosen, None, QUICK) is chosen


def test_a_base_of_another_kind_is_left_alone(chosen):
    for other in (tiny_model(classes=3), tiny_model(in_channels=2)):
        assert starting_from(chosen, other, QUICK) is chosen


def test_a_model_is_judged_through_its_own_input_by_the_pixels_of_others(
    chosen, correction, monkeypatch
):
    """An exam that was made for another input says which pixels count, and nothing else."""
    counted = np.zeros((96, 96), bool)
    counted[:40, :40] = True
    foreign = Exam(np.zeros((1, 96, 96), np.float32), correction.labels, counted)
    seen = []
    monkeypatch.setattr("napari_unet.training.base.judge", lambda *judged: seen.append(judged))
    judged_as_it_is(chosen, [correction], [foreign], torch.device("cpu"))
    ((network, (exam,), mask),) = seen
    np.testing.assert_array_equal(exam.image, prepare(correction.image, chosen.card))
    np.testing.assert_array_equal(exam.counted, counted)
    assert mask == chosen.card.mask
    assert all(
        torch.equal(value, chosen.parameters[name]) for name, value in network.state_dict().items()
    )


def test_the_new_model_comes_from_the_base_and_is_compared_with_the_chosen_one(
    chosen, base, correction
):
    before = fine_tune(chosen, [correction], QUICK.model_copy(update={"go_on": True})).proof.before
    result = fine_tune(chosen, [correction], QUICK, base=base)
    card = result.model.card
    assert card.parent == base.card.id
    assert card.training.chosen == chosen.card.id
    assert card.name == "Base (tuned)"
    assert result.proof.before == before
    assert len(result.model.pack) > 3, "what the chosen one remembers, and what it has learnt now"
    alone = fine_tune(
        Model(starting_from(chosen, base, QUICK).card, base.parameters, chosen.pack),
        [correction],
        QUICK,
    )
    assert all(
        torch.equal(value, alone.model.parameters[name])
        for name, value in result.model.parameters.items()
    )


def test_its_own_base_is_no_news(base, correction):
    result = fine_tune(base, [correction], QUICK)
    assert result.model.card.parent == base.card.id
    assert result.model.card.training.chosen is None
