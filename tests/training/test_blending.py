"""Between the old and the new model: the ends are those two, and every stop has a proof."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.images.samples import cells
from napari_unet.models.kinship import why_not_between
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Progress, finish
from napari_unet.schema.input import InputSettings
from napari_unet.training.blending import SHARES, blended, blending
from napari_unet.training.judging import judge
from napari_unet.training.lesson import prepare_lesson
from napari_unet.training.proof import prove
from tests.models_for_tests import tiny_model


@pytest.fixture(scope="module")
def corrections():
    image, labels = cells((256, 256), look="fluorescence", seed=2)
    known = np.ones(labels.shape, np.uint8)
    return [Correction(image_id="a", image=image, labels=labels, known=known)]


@settings(max_examples=20)
@given(st.integers(0, 99), st.sampled_from(["kernel", "batch"]), st.floats(0, 1))
def test_the_ends_are_the_old_and_the_new_parameters_bit_for_bit(seed, normalization, share):
    models = (tiny_model(seed=seed + i, normalization=normalization) for i in (0, 1))
    old, new = (model.parameters for model in models)
    for end, expected in ((0, old), (1, new)):
        found = blended(old, new, end)
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[name], expected[name]) for name in expected)
        assert not any(found[name] is expected[name] for name in expected)
    for name, value in blended(old, new, share).items():
        low, high = torch.minimum(old[name], new[name]), torch.maximum(old[name], new[name])
        assert (value >= low - 1e-6).all()
        assert (value <= high + 1e-6).all()


def test_what_is_not_between_is_refused():
    old = tiny_model().parameters
    with pytest.raises(ValueError, match="give one from 0 to 1"):
        blended(old, old, 1.5)
    with pytest.raises(ValueError, match="two different networks"):
        blended(old, tiny_model(features=3).parameters, 0.5)


def test_every_stop_is_proved_like_any_new_model(corrections):
    old, new = tiny_model(seed=1, name="Base"), tiny_model(seed=2, name="Base (tuned)")
    before = {name: value.clone() for name, value in old.parameters.items()}
    said = []
    made = finish(blending(old, new, corrections, "cpu"), said.append)
    assert [event.done for event in said if isinstance(event, Progress)][-3:] == [0, 1, 2]
    lesson = finish(prepare_lesson(new.card, corrections))
    judged = judge(old.network(), lesson.exams, old.card.mask)
    for share, (model, proof) in zip(SHARES, made, strict=True):
        expected = blended(old.parameters, new.parameters, share)
        assert all(torch.equal(model.parameters[name], expected[name]) for name in expected)
        now = judge(model.network(), lesson.exams, new.card.mask)
        assert proof == prove(judged, now, lesson.is_held_out)
        assert model.card.training.proof == proof
        assert model.card.parent == old.card.id
        assert model.card.name == f"Base ({share * 100:.0f} % tuned)"
        assert (
            model.card.description
            == f"{share * 100:.0f} % of the way from 'Base' to 'Base (tuned)'."
        )
    ids = {old.card.id, new.card.id, *(model.card.id for model, _ in made)}
    assert len(ids) == 5
    assert all(torch.equal(old.parameters[name], before[name]) for name in before)


def test_between_different_networks_and_inputs_there_is_nothing(corrections):
    old, other = tiny_model().card, tiny_model(features=3)
    assert "different shape" in why_not_between(old, other.card)
    inverted = old.model_copy(update={"input": InputSettings(inverted=True)})
    assert "another way" in why_not_between(old, inverted)
    assert why_not_between(old, tiny_model(seed=7).card) == ""
    with pytest.raises(ValueError, match="different shape"):
        finish(blending(tiny_model(), other, corrections, "cpu"))
