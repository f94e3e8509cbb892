"""The real jobs, inline and in the engine's process, with a tiny seeded model."""

from pathlib import Path

import numpy as np
import pytest

from napari_unet.device import choose_device
from napari_unet.inference.predict import predict
from napari_unet.jobs.engine.client import Engine
from napari_unet.jobs.inline import InlineEngine
from napari_unet.jobs.messages import Cancelled, Done, Failed
from napari_unet.models import archive
from napari_unet.models.model import Model
from napari_unet.networks.build import build_network
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Compared, Patches, Progress, StepDone, TileDone
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.requests import (
    BlendRequest,
    CheckRequest,
    CompareRequest,
    FineTuneRequest,
    PredictRequest,
    PreviewRequest,
)
from napari_unet.schema.settings import FineTuneSettings, NetworkSettings, PredictSettings
from tests.jobs.listening import Heard

SETTINGS = PredictSettings(tile_px=32, device="cpu")


@pytest.fixture
def model(tmp_path):
    shape = NetworkSettings(features=4, depth=2)
    network = build_network("unet", shape, seed=1)
    made = Model(
        ModelCard(name="tiny", network="unet", network_settings=shape), network.state_dict()
    )
    archive.write_model(made, tmp_path / "tiny.safetensors")
    return tmp_path / "tiny.safetensors"


@pytest.fixture
def inline(temporary):
    engine = InlineEngine()
    yield engine
    engine.close()


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 4000, (70, 50), dtype=np.uint16)


def stitched(heard, shape):
    whole = np.full((1, *shape), np.nan, np.float32)
    for tile in heard.messages:
        if isinstance(tile, TileDone):
            y0, x0, y1, x1 = tile.box
            whole[:, y0:y1, x0:x1] = tile.probabilities
    return whole


def hear(engine, request):
    heard = Heard()
    engine.submit(request, heard)
    heard.end(60)
    return heard


def correction_of(image):
    labels = np.zeros(image.shape, np.uint16)
    labels[10:30, 10:30] = 1
    return Correction(
        image_id="a", image=image, labels=labels, known=np.ones(image.shape, np.uint8)
    )


def test_r9_1_the_engine_and_python_give_the_same_bits(inline, model, image):
    request = PredictRequest(model=str(model), planes=[image], settings=SETTINGS)
    engine = Engine()
    here, there = hear(inline, request), hear(engine, request)
    engine.close()
    expected = predict(image, archive.read_model(model), SETTINGS).probabilities
    assert np.array_equal(stitched(here, image.shape), expected)
    assert np.array_equal(stitched(there, image.shape), expected)
    for heard in (here, there):
        assert heard.messages[0] == Progress(phase="model", done=0, total=1)
        assert isinstance(heard.messages[-1], Done)
        assert heard.messages[-1].result.model_id == archive.read_card(model).id


def test_r7_5_another_device_needs_no_restart(inline, model, image, monkeypatch):
    """Also after one that cannot be used; the answer is the same."""
    wishes = []

    def choose(wish):
        wishes.append(wish)
        return choose_device("auto" if wish == "cuda" else wish)  # as if there were one

    monkeypatch.setattr("napari_unet.inference.predict.choose_device", choose)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    answers, ends = [], []
    for device in ("cpu", "cuda", "mps", "cpu"):
        settings = PredictSettings(tile_px=32, device=device)
        request = PredictRequest(model=str(model), planes=[image], settings=settings)
        heard = hear(inline, request)
        ends.append(type(heard.messages[-1]))
        answers.append(stitched(heard, image.shape))
    assert wishes == ["cpu", "cuda", "mps", "cpu"]
    assert ends == [Done, Done, Failed, Done]
    assert np.isnan(answers[2]).all()
    np.testing.assert_allclose(answers[1], answers[0], atol=1e-2)  # a GPU may round more
    np.testing.assert_array_equal(answers[3], answers[0])


def test_only_the_region_is_predicted(inline, model, image):
    box = (5, 7, 25, 30)
    request = PredictRequest(model=str(model), planes=[image], settings=SETTINGS, region=box)
    known = np.isfinite(stitched(hear(inline, request), image.shape))[0]
    assert known[5:25, 7:30].all()
    assert known.sum() == 20 * 23


def test_r13_2_fine_tuning_writes_a_new_model_and_leaves_the_old(inline, model, image):
    before = model.read_bytes()
    request = FineTuneRequest(
        model=str(model),
        corrections=[correction_of(image)],
        settings=FineTuneSettings(steps=2, device="cpu"),
    )
    heard = hear(inline, request)
    tuned = heard.messages[-1].result
    assert sum(isinstance(message, StepDone) for message in heard.messages) == tuned.steps == 2
    assert archive.read_card(Path(tuned.path)) == tuned.card
    assert tuned.card.parent == archive.read_card(model).id
    assert tuned.proof.sentence
    assert model.read_bytes() == before
    again = hear(inline, PredictRequest(model=tuned.path, planes=[image], settings=SETTINGS))
    assert again.messages[-1].result.model_id == tuned.card.id


def test_r4_2_a_cancelled_fine_tuning_keeps_its_best_so_far(inline, model, image):
    heard = Heard()

    def cancel_at_the_first_step(message):
        heard(message)
        if isinstance(message, StepDone):
            inline.cancel()

    request = FineTuneRequest(
        model=str(model),
        corrections=[correction_of(image)],
        settings=FineTuneSettings(steps=1000, device="cpu"),
    )
    inline.submit(request, cancel_at_the_first_step)
    assert heard.messages[-1].result.steps == 1


def test_r4_2_a_cancelled_prediction_ends_within_a_tile(inline, model, image):
    heard = Heard()

    def cancel_at_the_first_tile(message):
        heard(message)
        if isinstance(message, TileDone):
            inline.cancel()

    request = PredictRequest(model=str(model), planes=[image] * 9, settings=SETTINGS)
    inline.submit(request, cancel_at_the_first_tile)
    assert heard.messages[-1] == Cancelled()
    assert sum(isinstance(message, TileDone) for message in heard.messages) == 1


def test_two_models_are_compared_on_one_plane(inline, model, image):
    request = CompareRequest(old=str(model), new=str(model), plane=image, settings=SETTINGS)
    heard = hear(inline, request)
    (found,) = [message for message in heard.messages if isinstance(message, Compared)]
    assert found.box == (0, 0, *image.shape)
    assert np.array_equal(found.old, found.new)
    assert heard.messages[-1].result.model_id == archive.read_card(model).id


def test_patches_are_shown_before_anything_is_learnt(inline, model, image):
    labels = (image > 2000).astype(np.uint8)
    correction = Correction(image_id="a", image=image, labels=labels, known=np.ones_like(labels))
    settings = FineTuneSettings(seconds=1, device="cpu")
    request = PreviewRequest(model=str(model), corrections=[correction], settings=settings)
    heard = hear(inline, request)
    (patches,) = [message for message in heard.messages if isinstance(message, Patches)]
    assert len(patches.images) == len(patches.targets) == len(patches.weight_maps) == 9
    assert heard.messages[-1].result.sentence == "as the model expects"


def test_models_in_between_are_written_beside_the_new_one(inline, model, image):
    other = archive.read_model(model)
    card = other.card.model_copy(update={"id": "b" * 32, "name": "tiny (tuned)"})
    new = Model(card, build_network("unet", card.network_settings, seed=2).state_dict())
    archive.write_model(new, model.parent / "new.safetensors")
    request = BlendRequest(
        old=str(model),
        new=str(model.parent / "new.safetensors"),
        corrections=[correction_of(image)],
        device="cpu",
    )
    blended = hear(inline, request).messages[-1].result
    assert blended.shares == [0.25, 0.5, 0.75]
    for stop in blended.stops:
        assert archive.read_card(Path(stop.path)) == stop.card
        assert stop.card.training.proof == stop.proof
    assert len({stop.path for stop in blended.stops}) == 3


def test_the_device_is_tried_and_explained(inline):
    checked = hear(inline, CheckRequest(device="cpu")).messages[-1].result
    assert (checked.device, checked.name) == ("cpu", "CPU")
    assert checked.why


def test_a_model_is_read_once_until_its_file_changes(inline, model, image, monkeypatch):
    reads = []
    read_model = archive.read_model
    monkeypatch.setattr(archive, "read_model", lambda path: reads.append(path) or read_model(path))
    request = PredictRequest(model=str(model), planes=[image], settings=SETTINGS)
    for _ in range(3):
        hear(inline, request)
    assert reads == [model]
    changed = archive.read_model(model)
    reads.clear()
    model.unlink()
    archive.write_model(changed, model)
    hear(inline, request)
    assert reads == [model]


def test_r8_3_an_image_that_does_not_fit_is_told_in_one_sentence(inline, model):
    request = PredictRequest(model=str(model), planes=[np.zeros((5, 40, 40))], settings=SETTINGS)
    end = hear(inline, request).messages[-1]
    assert isinstance(end, Failed)
    assert "takes 1 channel" in end.sentence
    missing = hear(inline, PredictRequest(model="nowhere", planes=[])).messages[-1]
    assert "There is no model 'nowhere'" in missing.sentence
