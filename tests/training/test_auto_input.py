"""The input that suits a model is found by trying a few on what was corrected."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_unet.images.instances import instances
from napari_unet.images.metrics import f1
from napari_unet.images.samples import cells
from napari_unet.inference.predict import predict
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Progress, finish
from napari_unet.schema.input import AutoInput, InputSettings
from napari_unet.schema.proof import HeldOutScores, Proof
from napari_unet.schema.settings import (
    AugmentSettings,
    FineTuneSettings,
    NetworkSettings,
    PredictSettings,
    TrainSettings,
)
from napari_unet.training import auto_input, finetune, scales
from napari_unet.training.auto_input import find_input, finding_input, shown_so
from napari_unet.training.examples import make_example
from napari_unet.training.finetune import fine_tune
from napari_unet.training.heldout import held_out
from napari_unet.training.input_alone import told
from napari_unet.training.new_model import new_model
from napari_unet.training.train import Trained
from tests.models_for_tests import tiny_model


@pytest.fixture(scope="module")
def model():
    """A small network that has learnt bright cells for a few seconds."""
    shape = NetworkSettings(features=4, depth=3)
    settings = TrainSettings(
        steps=80,
        batch=4,
        patch_px=64,
        learning_rate=1e-2,
        device="cpu",
        augment=AugmentSettings(scale=1),
    )
    example = make_example(*cells((192, 192), look="fluorescence", seed=9))
    return finish(new_model("unet", shape, settings, [example], name="Base"))


@pytest.fixture
def tried(monkeypatch):
    """The scales that are tried, the last one last."""
    so_far = []
    real = auto_input.at_scale

    def spy(image, scale):
        so_far.append(scale)
        return real(image, scale)

    monkeypatch.setattr(auto_input, "at_scale", spy)
    return so_far


def bright(seed=0, size=256, **more):
    image, labels = cells((size, size), look="fluorescence", seed=seed)
    return correction(image, labels, **more)


def correction(image, labels, **more):
    known = more.pop("known", np.ones(labels.shape, np.uint8))
    return Correction(image_id="a", image=image, labels=labels, known=known, **more)


def dark(seed=0):
    one = bright(seed)
    return correction(1000.0 - one.image.astype(np.float32), one.labels)


def magnified(seed=0, times=2):
    one = bright(seed, 256)
    large = [part.repeat(times, 0).repeat(times, 1) for part in (one.image, one.labels)]
    return correction(*large)


def seeing(model, found):
    return replace(model, card=shown_so(model.card, found))


def object_f1(model, one):
    made = predict(one.image, model, PredictSettings(device="cpu")).probabilities
    return f1(instances(made, model.card.mask), one.labels)


def test_dark_objects_are_found_after_the_image_is_inverted(model):
    found = find_input(model, [dark()], "cpu")
    assert found.inverted
    assert found.sentence.startswith("objects are dark: inverted")
    other = dark(seed=3)
    assert object_f1(model, other) < 0.2
    assert object_f1(seeing(model, found), other) > 0.7


def test_the_scale_of_a_magnified_image_is_found(model):
    found = find_input(model, [magnified()], "cpu")
    assert (found.inverted, found.scale) == (False, 0.5)
    assert found.sentence == "pixel size doubled"
    other = magnified(seed=3)
    assert object_f1(seeing(model, found), other) > object_f1(model, other) + 0.1


def test_what_the_model_had_is_kept_where_nothing_is_better(model, monkeypatch):
    assert not find_input(model, [bright()], "cpu").inverted
    blind = tiny_model()
    blind = replace(blind, card=blind.card.model_copy(update={"input": InputSettings(scale=0.7)}))
    nothing = correction(np.zeros((64, 64)), np.zeros((64, 64), int))
    found = find_input(blind, [nothing], "cpu")
    assert (found.inverted, found.scale) == (False, 0.7)
    assert found.sentence == "as the model expects"
    monkeypatch.setattr(auto_input, "_quality", lambda *_: 0.5)
    found = find_input(model, [dark()], "cpu")
    assert (found.inverted, found.scale, found.split) == (False, 1.0, True)


@pytest.mark.parametrize(("gain", "scale"), [(0.03, 1.0), (0.05, 1.41)])
def test_an_object_more_or_less_decides_nothing(model, monkeypatch, tried, gain, scale):
    """Of the 27 objects one is 0.04."""

    def quality(probabilities, windows, mask):
        return 0.5 + gain * (tried[-1] == 1.41)

    monkeypatch.setattr(auto_input, "_quality", quality)
    assert find_input(model, [bright()], "cpu").scale == scale


@pytest.mark.parametrize(("times", "scale"), [(1, 1.41), (2, 1.0)])
def test_cells_larger_than_those_that_the_model_knows_are_not_enlarged(
    model, monkeypatch, tried, times, scale
):
    """Even if nothing untrained finds more: what is learnt of a part of a cell is worse."""
    monkeypatch.setattr(auto_input, "_quality", lambda *_: 0.5 * tried[-1])
    assert model.pack is not None
    assert find_input(model, [magnified(times=times)], "cpu").scale == scale
    assert find_input(replace(model, pack=None), [magnified(times=times)], "cpu").scale == 2.0


@pytest.mark.parametrize(
    ("times", "scale", "of_few"), [(1, 1.0, 1.0), (2, 0.5, 1.0), (4, 0.35, 0.35)]
)
def test_of_equally_good_scales_the_one_that_makes_objects_as_large_as_known_ones(
    model, monkeypatch, times, scale, of_few
):
    """Few objects say nothing, unless they are far larger than known ones."""
    monkeypatch.setattr(
        auto_input, "_tried", lambda *given: {auto_input.Choice(given[2], True): 0.5}
    )
    monkeypatch.setattr(scales, "SCALES", (0.42, 0.5, 0.71, 1.0))  # a little below 0.5 too
    many = [magnified(seed, times) for seed in range(4)]
    assert find_input(model, many, "cpu").scale == scale
    assert find_input(replace(model, pack=None), many, "cpu").scale == 1.0
    assert find_input(model, many[:1], "cpu").scale == of_few


@pytest.mark.parametrize("inverted", [False, True])
def test_large_objects_are_looked_at_from_afar_whatever_is_found_of_them(
    model, monkeypatch, inverted
):
    """At which scale a network that has not learnt yet finds most says nothing; in which polarity
    does."""

    def tried(network, windows, one, mask):
        return {auto_input.Choice(one, True): one.scale * (one.inverted == inverted)}

    monkeypatch.setattr(auto_input, "_tried", tried)
    found = find_input(model, [magnified(times=4)], "cpu")
    assert (found.inverted, found.scale) == (inverted, 0.35)


def test_the_pixel_size_comes_first_of_large_objects_too(model):
    known = replace(model, card=model.card.model_copy(update={"pixel_size_um": 0.5}))
    one = magnified(times=4).model_copy(update={"pixel_size_um": 0.1})
    assert find_input(known, [one], "cpu").scale == 0.2


def test_where_nearly_nothing_is_found_twice_as_much_is_better_all_the_same(model, monkeypatch):
    """A tenth is the bound where there are few objects, but 0.05 is no 0.002."""
    wanted = iter([0.002, 0.05])
    monkeypatch.setattr(
        auto_input,
        "_tried",
        lambda network, windows, one, mask: {auto_input.Choice(one, True): next(wanted, 0.0)},
    )
    found = find_input(model, [magnified()], "cpu")
    assert found.inverted


def test_a_model_that_sees_negatives_is_told_that_these_objects_are_bright(model):
    card = model.card.model_copy(update={"input": InputSettings(inverted=True)})
    found = find_input(replace(model, card=card), [bright()], "cpu")
    assert not found.inverted
    assert "inverted" not in found.sentence.removeprefix("neither inverted")


def test_without_corrections_nothing_changes(model):
    unknown = correction(np.zeros((9, 9)), np.zeros((9, 9), int), known=np.zeros((9, 9), np.uint8))
    for corrections in ([], [unknown]):
        found = find_input(model, corrections, "cpu")
        assert (found.inverted, found.scale) == (False, 1.0)


def test_r12_4_what_is_held_out_is_never_looked_at(model):
    one = dark()
    aside = held_out(one.labels.shape, one.image_id)
    turned = correction(one.image, np.where(aside, one.labels[::-1, ::-1], one.labels))
    assert all(
        np.array_equal(a.labels * a.counted, b.labels * b.counted)
        for a, b in zip(
            auto_input._windows(model.card, [one]),
            auto_input._windows(model.card, [turned]),
            strict=True,
        )
    )
    assert find_input(model, [turned], "cpu") == find_input(model, [one], "cpu")


def test_the_pixel_size_comes_first_where_both_know_it(model):
    card = model.card.model_copy(update={"pixel_size_um": 0.5})
    blank = [correction(np.zeros((64, 64)), np.zeros((64, 64), int), pixel_size_um=0.2)]
    found = find_input(replace(model, card=card), blank, "cpu")
    assert found.scale == 0.4
    assert find_input(model, blank, "cpu").scale == 1.0


def test_without_an_object_neither_the_negative_nor_other_scales_are_tried(model, monkeypatch):
    empty = correction(np.random.default_rng(0).random((64, 64)), np.zeros((64, 64), int))
    monkeypatch.setattr(auto_input, "_quality", lambda *_: next(better))
    better = iter(range(100))
    found = find_input(model, [empty], "cpu")
    assert (found.inverted, found.scale, found.split) == (False, 1.0, True)


def test_of_a_large_image_only_the_corrected_part_is_tried(model, monkeypatch):
    seen = []
    real = auto_input.predict_whole

    def spy(network, image, **more):
        seen.append(image.shape)
        return real(network, image, **more)

    monkeypatch.setattr(auto_input, "predict_whole", spy)
    image, labels = np.zeros((1500, 1300), np.float32), np.zeros((1500, 1300), int)
    known = np.zeros(labels.shape, np.uint8)
    part = bright()
    place = np.s_[1200:1456, 700:956]
    image[place], labels[place], known[place] = part.image, part.labels, 1
    (window,) = auto_input._windows(model.card, [correction(image, labels, known=known)])
    assert window.counted.sum() > 256 * 256 * 0.6
    find_input(model, [correction(image, labels, known=known)], "cpu")
    assert max(side for shape in seen for side in shape[1:]) <= 1 + 1.41 * 320


def test_models_of_classes_are_asked_too(model):
    three = tiny_model(classes=3)
    image = np.random.default_rng(0).random((64, 64))
    one = correction(image, (image * 3).astype(int), classes=3)
    events = []
    found = finish(finding_input(three, [one, bright()], "cpu"), events.append)
    assert found.split == three.card.mask.split_touching
    assert [event.done for event in events if isinstance(event, Progress)] == list(range(1, 9))


def test_everything_is_no_object(model):
    """A mask that takes all for one object has a high IoU in crowded images, and says nothing."""
    labels = np.ones((64, 64), int)
    labels[:8] = 0
    window = auto_input.Window(*np.zeros((2, 1, 64, 64)), labels, np.ones((64, 64), bool))
    mask = model.card.mask
    everything = auto_input._quality([np.ones((1, 64, 64))], [window], mask)
    nearly = auto_input._quality([(labels > 0)[None] * 1.0], [window], mask)
    assert everything <= 0.5 < nearly


TUNING = FineTuneSettings(device="cpu", steps=20, seconds=60)


def test_fine_tuning_finds_the_input_first_and_keeps_it(model):
    result = fine_tune(model, [dark()], TUNING)
    assert result.model.card.input.inverted
    assert result.model.card.parent == model.card.id
    assert result.proof.auto_input.inverted
    assert result.proof.auto_input.split == result.model.card.mask.split_touching
    assert "Input: objects are dark: inverted" in result.proof.sentence
    assert object_f1(result.model, dark(seed=3)) > 0.7
    assert model.card.input == InputSettings()


def test_the_verdict_names_the_input_only_where_it_changed():
    scores = HeldOutScores(iou=0.5, dice=0.6)
    proof = Proof(before=scores, after=scores, sentence="Better.")
    as_it_was, dark = (
        AutoInput(inverted=seen.inverted, scale=1, split=True, sentence=seen.sentence)
        for seen in (InputSettings(), InputSettings(inverted=True))
    )
    assert told(proof, as_it_was).sentence == "Better."
    assert told(proof, as_it_was).auto_input == as_it_was
    assert told(proof, dark).sentence == "Better. Input: objects are dark: inverted."


def test_it_does_so_only_if_wanted(model):
    settings = TUNING.model_copy(update={"auto_input": False, "steps": 2})
    result = fine_tune(model, [dark()], settings)
    assert result.model.card.input == InputSettings()
    assert result.proof.auto_input is None
    assert "Input" not in result.proof.sentence


def test_r1_1_where_training_is_refused_the_input_alone_is_offered(model, monkeypatch):
    """The old parameters with the new input: never worse than what could be had for nothing."""

    def ruined(network, *_, **__):
        yield from ()
        zeros = {name: value * 0 for name, value in network.state_dict().items()}
        return Trained(zeros, step=7)

    monkeypatch.setattr(finetune, "train", ruined)
    result = fine_tune(model, [dark()], TUNING)
    assert result.proof.accepted
    assert result.proof.after.f1_50 > result.proof.before.f1_50 + 0.5
    assert "Training taught it nothing more" in result.proof.sentence
    assert result.model.card.input.inverted
    assert result.model.card.parent == model.card.id != result.model.card.id
    for name, value in model.parameters.items():
        assert torch.equal(value, result.model.parameters[name])
    plain = fine_tune(model, [bright()], TUNING.model_copy(update={"auto_input": False}))
    assert not plain.proof.accepted


def test_r1_1_what_was_learnt_counts_unless_the_input_alone_is_better(model, monkeypatch):
    """A few held-out objects can seldom prove that; few steps taught on them are lost for it."""

    def as_good(network, *_, **__):
        yield from ()
        return Trained(dict(network.state_dict()), step=7)

    monkeypatch.setattr(finetune, "train", as_good)
    result = fine_tune(model, [dark()], TUNING)
    assert result.proof.accepted
    assert "taught it nothing" not in result.proof.sentence
    assert result.steps == 7


def test_r1_1_a_model_is_compared_with_what_its_user_has_and_not_with_half_of_the_way(model):
    """The input alone already finds dark objects; before stands what the user sees today."""
    result = fine_tune(model, [dark()], TUNING)
    blind = fine_tune(model, [dark()], TUNING.model_copy(update={"auto_input": False}))
    assert result.proof.accepted
    assert result.model.card.input.inverted
    assert result.proof.before.f1_50 == blind.proof.before.f1_50
