"""Images at another scale or polarity: what comes out is in the pixels of the image."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.images.normalize import normalize
from napari_unet.images.rescale import resize, scaled
from napari_unet.inference.predict import predict, predict_planes
from napari_unet.inference.prepare import prepare
from napari_unet.inference.tiled import predict_whole
from napari_unet.schema.events import Progress, TileDone
from napari_unet.schema.input import InputSettings
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.requests import Looking
from napari_unet.schema.settings import PredictSettings
from napari_unet.training.examples import make_example
from napari_unet.training.scoring import Exam, predicted
from tests.models_for_tests import tiny_model

RNG = np.random.default_rng(0)
scales = st.sampled_from([0.25, 0.5, 0.71, 0.9, 1.0, 1.41, 2.0])
sizes = st.tuples(st.integers(1, 90), st.integers(1, 90))


def seeing(**given):
    model = tiny_model()
    return replace(model, card=model.card.model_copy(update={"input": InputSettings(**given)}))


def tile(size, **more):
    return PredictSettings(tile_px=size, device="cpu", **more)


def test_r1_5_by_default_nothing_changes():
    image = RNG.random((40, 50))
    np.testing.assert_array_equal(prepare(image, tiny_model().card), normalize(image))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, bool])
def test_dark_objects_are_seen_like_bright_ones(dtype):
    image = RNG.integers(0, 2 if dtype is bool else 200, (40, 50)).astype(dtype)
    negative = image.astype(np.float32).max() - image
    np.testing.assert_allclose(
        prepare(negative, seeing(inverted=True).card), prepare(image, tiny_model().card), atol=1e-6
    )


def test_r8_4_pixels_that_are_no_numbers_are_never_like_objects():
    image = RNG.random((40, 50)).astype(np.float32)
    image[3, 4] = np.nan
    for inverted in (False, True):
        prepared = prepare(image, seeing(inverted=inverted).card)
        assert prepared[0, 3, 4] == prepared.min()


@settings(max_examples=40, deadline=None)
@given(sizes, scales, st.integers(16, 120), st.booleans())
def test_r10_1_at_any_scale_the_tile_changes_nothing(size, scale, tile_px, inverted):
    image = np.random.default_rng(1).random(size, dtype=np.float32)
    model = seeing(scale=scale, inverted=inverted)
    tiled = predict(image, model, tile(tile_px)).probabilities
    whole = predict(image, model, tile(8192)).probabilities
    assert tiled.shape == (1, *size)
    assert ((tiled >= 0) & (tiled <= 1)).all()
    assert np.abs(tiled - whole).max() < 1e-4
    prepared = prepare(image, model.card)
    assert prepared.shape[1:] == scaled(size, scale)
    np.testing.assert_allclose(
        whole, resize(predict_whole(model.network(), prepared), size), atol=1e-4
    )


@pytest.mark.parametrize("scale", [0.5, 1.41])
def test_a_region_is_part_of_the_whole_and_what_is_seen_comes_first(scale):
    image, model = RNG.random((150, 170)), seeing(scale=scale)
    whole = predict(image, model, tile(512)).probabilities
    region, look = (13, 20, 121, 150), (100, 130, 110, 140)
    events = list(predict_planes(model, [image], tile(32), region, Looking(box=look)))
    parts = [event for event in events if isinstance(event, TileDone)]
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1].done == progress[-1].total == len(parts) > 1
    y0, x0, y1, x1 = parts[0].box
    assert y0 <= 105 < y1
    assert x0 <= 135 < x1
    covered = np.zeros(image.shape, int)
    for part in parts:
        y0, x0, y1, x1 = part.box
        covered[y0:y1, x0:x1] += 1
        np.testing.assert_allclose(part.probabilities, whole[:, y0:y1, x0:x1], atol=1e-4)
    assert (covered[13:121, 20:150] == 1).all()
    assert covered.sum() == 108 * 130


def test_rotations_at_another_scale():
    image, model = RNG.random((60, 40)), seeing(scale=0.71)
    found = predict(image, model, tile(512, rotations=True)).probabilities
    turned = predict(image[::-1], model, tile(512, rotations=True)).probabilities
    assert found.shape == (1, 60, 40)
    assert np.abs(found - turned[:, ::-1]).max() < 0.05


@pytest.mark.parametrize("scale", [0.5, 1.41])
def test_r1_5_examples_and_exams_see_what_prediction_sees(scale):
    image, model = RNG.random((64, 90)), seeing(scale=scale, inverted=True)
    labels = np.zeros((64, 90), np.int32)
    labels[10:40, 20:60] = 7
    known = np.zeros((64, 90), np.uint8)
    known[:50] = 1
    prepared = prepare(image, model.card)
    example = make_example(prepared, labels, known, percentiles=None)
    np.testing.assert_array_equal(example.image.numpy(), prepared)
    assert example.target.shape == example.weight_map.shape == prepared.shape[1:]
    assert float(example.target.float().mean()) == pytest.approx(1200 / 5760, abs=0.02)
    assert float((example.weight_map > 0).float().mean()) == pytest.approx(50 / 64, abs=0.02)
    exam = Exam(prepared, labels, known > 0)
    probabilities, truth, counted = next(predicted(model.network(), [exam]))
    assert truth.shape == counted.shape == probabilities.shape[1:] == (50, 90)
    whole = predict(image, model, tile(512)).probabilities
    np.testing.assert_allclose(probabilities, whole[:, :50], atol=1e-4)


def test_a_card_without_input_is_read_as_the_default():
    card = tiny_model().card
    old = card.model_dump(mode="json", exclude={"input", "pixel_size_um"})
    assert ModelCard.model_validate(old).input == InputSettings()
    assert ModelCard.model_validate(old) == card


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "as the model expects"),
        ({"inverted": True, "scale": 0.5}, "objects are dark: inverted; pixel size doubled"),
        ({"scale": 2}, "pixel size halved"),
        ({"scale": 1.41}, "pixel size times 0.71"),
    ],
)
def test_the_input_is_said_in_one_line(given, sentence):
    assert InputSettings(**given).sentence == sentence
