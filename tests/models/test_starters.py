"""The models that ship do what their cards say."""

import os

import numpy as np
import pytest

from napari_unet.images.instances import instances
from napari_unet.images.metrics import score
from napari_unet.images.samples import cells
from napari_unet.inference.predict import predict
from napari_unet.models.library import DEFAULT_MODEL, load_model, shipped_folder
from napari_unet.schema.settings import PredictSettings
from napari_unet.training.evaluate import evaluate
from napari_unet.training.replay import replay_score

CPU = PredictSettings(device="cpu")
STARTERS = ["nuclei-unet", "nuclei-unetplusplus"]
needs_data = pytest.mark.skipif(
    "NAPARI_UNET_DATA" not in os.environ, reason="NAPARI_UNET_DATA names the data sets' folder"
)


def test_the_starters_fit_into_25_megabytes():
    sizes = [path.stat().st_size for path in shipped_folder().glob("*.safetensors")]
    assert len(sizes) == 2
    assert sum(sizes) < 25e6


@pytest.mark.parametrize("name", STARTERS)
def test_their_cards_say_what_they_saw_and_how_good_they_are(name):
    card = load_model(name).card
    assert "CC0" in card.licence
    assert "Data Science Bowl" in card.data
    assert card.recipe
    assert card.scores.images == 133
    assert set(card.scores_by_kind) >= {"fluorescence", "he_white_bg", "brightfield"}


@pytest.mark.parametrize("name", STARTERS)
def test_r1_4_they_carry_a_pack_of_pictures_that_they_know(name):
    model = load_model(name)
    assert 16 <= len(model.pack) <= 32
    assert sum(tensor.nbytes for tensor in model.pack.tensors().values()) < 1.5e6
    assert replay_score(model.network(), model.pack) > 0.9


@pytest.mark.parametrize("name", STARTERS)
def test_they_segment_cells_that_they_never_saw(name):
    image, labels = cells((256, 256), look="fluorescence", seed=5)
    found = instances(predict(image, name, CPU).probabilities)
    assert score(found, labels).iou > 0.7


def test_r10_1_the_default_model_tiled_equals_whole():
    image, _ = cells((300, 260), seed=1)
    whole = predict(image, DEFAULT_MODEL, CPU.model_copy(update={"tile_px": 1024}))
    tiled = predict(image, DEFAULT_MODEL, CPU.model_copy(update={"tile_px": 96}))
    assert np.abs(whole.probabilities - tiled.probabilities).max() < 1e-4


@needs_data
@pytest.mark.parametrize("name", STARTERS)
def test_evaluate_gives_the_scores_of_the_card(name):
    from benchmarks.data import load

    model = load_model(name)
    kind = "he_purple_bg"
    images = [(a.image, a.labels) for a in load("dsb2018", "val") if a.kind == kind]
    expected, found = model.card.scores_by_kind[kind], evaluate(model, images, device="cpu").scores
    for score_name in ("iou", "dice", "f1_50", "mean_ap"):
        assert getattr(found, score_name) == pytest.approx(getattr(expected, score_name), abs=1e-3)
