"""Fine-tuning learns what was drawn, judges by unseen pixels and leaves the old model alone."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.images.samples import cells
from napari_unet.images.targets import make_target
from napari_unet.inference.prepare import prepare
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Notice, finish
from napari_unet.schema.settings import (
    FineTuneSettings,
    NetworkSettings,
    TrainSettings,
)
from napari_unet.training import examples
from napari_unet.training.examples import make_example
from napari_unet.training.finetune import fine_tune, fine_tuning
from napari_unet.training.heldout import TILE_PX, held_out
from napari_unet.training.new_model import new_model

CPU = FineTuneSettings(device="cpu", steps=30, seconds=60, auto_input=False)


@pytest.fixture(scope="module")
def model():
    """A small network that has learnt bright cells for a few seconds."""
    shape = NetworkSettings(features=4, depth=3)
    settings = TrainSettings(steps=80, batch=4, patch_px=64, learning_rate=1e-2, device="cpu")
    example = make_example(*cells((192, 192), look="fluorescence", seed=9))
    return finish(new_model("unet", shape, settings, [example], name="Base"))


def correction(size=256, seed=0, known=None, image_id="a"):
    """Cells in phase contrast, which the model has never seen."""
    image, labels = cells((size, size), look="phase", seed=seed)
    known = np.ones(labels.shape, np.uint8) if known is None else known
    return Correction(image_id=image_id, image=image, labels=labels, known=known)


@pytest.mark.parametrize("seed", [0, 1])
def test_r1_3_it_learns_what_was_drawn(model, seed):
    before = {name: value.clone() for name, value in model.parameters.items()}
    settings = CPU.model_copy(update={"seed": seed, "steps": 60})
    result = fine_tune(model, [correction(seed=seed)], settings)
    assert result.proof.held_out
    assert result.proof.after.iou > result.proof.before.iou
    assert result.model.card.parent == model.card.id
    assert result.model.card.id != model.card.id
    assert all(torch.equal(before[name], model.parameters[name]) for name in before)


def test_r12_7_each_weight_map_is_made_once_and_cut_into_patches(model, monkeypatch):
    made = []
    monkeypatch.setattr(
        examples, "make_target", lambda *given: made.append(given) or make_target(*given)
    )
    corrections = [correction(seed=seed, image_id=str(seed)) for seed in range(2)]
    fine_tune(model, corrections, CPU.model_copy(update={"steps": 5, "auto_input": False}))
    assert len(made) == len(corrections)


def test_r1_1_shuffled_labels_are_refused(model):
    good = fine_tune(model, [correction()], CPU).model
    before = {name: value.clone() for name, value in good.parameters.items()}
    image, labels = cells((256, 256), seed=0)
    shuffled = np.random.default_rng(0).permutation(labels.ravel()).reshape(labels.shape)
    wrong = Correction(image_id="b", image=image, labels=shuffled, known=labels * 0 + 1)
    proof = fine_tune(good, [wrong], CPU.model_copy(update={"steps": 5})).proof
    assert not proof.accepted
    assert proof.sentence.startswith("Not better")
    assert all(torch.equal(before[name], good.parameters[name]) for name in before)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 500), st.integers(0, 500), st.text())
def test_r12_4_a_quarter_of_any_region_is_held_out_by_position(y, x, name):
    side = 2 * TILE_PX
    aside = held_out((1000, 1000), name)[y : y + side, x : x + side]
    assert aside.sum() == TILE_PX**2
    np.testing.assert_array_equal(aside, held_out((2000, 900), name)[y : y + side, x : x + side])


def test_r12_4_a_region_too_small_to_divide_is_said(model):
    known = np.zeros((256, 256), np.uint8)
    known[5:60, 5:60] = 1
    result = fine_tune(model, [correction(known=known)], CPU.model_copy(update={"steps": 3}))
    assert not result.proof.held_out
    assert "corrected pixels themselves" in result.proof.sentence


@pytest.mark.parametrize("corrections", [[], "unknown"])
def test_r12_3_nothing_to_learn_from_is_said(model, corrections):
    if corrections:
        corrections = [correction(known=np.zeros((256, 256), np.uint8))]
    with pytest.raises(ValueError, match="mark a region as right"):
        fine_tune(model, corrections, CPU)


def test_r12_3_one_image_with_one_object(model):
    labels = np.zeros((40, 40), np.uint16)
    labels[10:20, 10:20] = 1
    image = labels * 50.0
    one = Correction(image_id="x", image=image, labels=labels, known=labels * 0 + 2)
    result = fine_tune(model, [one], CPU.model_copy(update={"steps": 3}))
    assert result.steps == 3


def test_r12_2_an_image_without_known_pixels_is_named(model):
    empty = correction(known=np.zeros((256, 256), np.uint8), image_id="img7")
    notices = []
    job = fine_tuning(model, [correction(), empty], CPU.model_copy(update={"steps": 1}))
    finish(job, lambda event: isinstance(event, Notice) and notices.append(event.text))
    assert notices == ["'img7' has no known pixel: it is left out."]


def test_r1_5_a_training_crop_is_the_crop_of_the_normalised_image(model):
    one = correction()
    known = np.zeros_like(one.known)
    known[100:200, 50:150] = 1
    example = make_example(one.image, one.labels, known)
    np.testing.assert_array_equal(example.image.numpy(), prepare(one.image, model.card))


def test_r9_5_same_seed_same_model(model):
    settings = CPU.model_copy(update={"steps": 3})
    one, two = (fine_tune(model, [correction()], settings).model.parameters for _ in "ab")
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("seconds", [2.0, 4.0])
def test_r13_5_the_time_budget_is_kept(model, seconds):
    settings = CPU.model_copy(update={"steps": 100_000, "seconds": seconds})
    assert fine_tune(model, [correction()], settings).seconds < seconds + 2.5
