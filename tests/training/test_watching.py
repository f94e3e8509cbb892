"""Watching a training shows what it has learnt by now, costs little and changes nothing."""

import numpy as np
import pytest
import torch

from napari_unet.images.samples import cells
from napari_unet.inference.predict import predict
from napari_unet.models.model import Model
from napari_unet.schema.events import Glimpse, Notice, Progress, StepDone, StopEarly, finish
from napari_unet.schema.requests import View
from napari_unet.schema.settings import AugmentSettings, PredictSettings, TrainSettings
from napari_unet.training import watching as module
from napari_unet.training.examples import make_example
from napari_unet.training.patches import PatchSampler
from napari_unet.training.train import parameters_of, train
from napari_unet.training.watching import middle, watching
from tests.models_for_tests import tiny_model

IMAGE, LABELS = cells((96, 96), look="fluorescence", seed=1)
SETTINGS = TrainSettings(steps=6, batch=2, patch_px=32, device="cpu", schedule="constant")


@pytest.fixture
def eager(monkeypatch):
    """Looks after every step that it knows the length of."""
    monkeypatch.setattr(module, "EVERY_S", 0.0)
    monkeypatch.setattr(module, "SHARE", 1e9)
    monkeypatch.setattr(module, "TO_SPARE", 0.0)


def job(network, view, card):
    examples, vary = [make_example(IMAGE, LABELS)], AugmentSettings()
    sampler = PatchSampler(examples, batch=2, patch_px=32, settings=vary, seed=0)
    training = train(network, sampler, SETTINGS)
    return watching(training, network, card, view, 2 * 32 * 32)


def learn(view):
    model = tiny_model(seed=1)
    network, seen = model.network(), []

    def keep(event):
        if isinstance(event, Glimpse):
            seen.append((event, parameters_of(network)))

    return finish(job(network, view, model.card), keep), seen, model.card


def test_what_is_learnt_is_the_same_whether_watched_or_not(eager):
    alone, nothing, _ = learn(None)
    watched, seen, _ = learn(View(plane=IMAGE))
    assert nothing == []
    assert len(seen) == SETTINGS.steps - 2  # neither the first step nor the last
    for name, value in alone.parameters.items():
        assert torch.equal(value, watched.parameters[name])


def test_a_glimpse_is_what_the_present_parameters_predict(eager):
    box = (8, 16, 72, 80)
    _, seen, card = learn(View(plane=IMAGE, box=box))
    for glimpse, parameters in seen:
        now = predict(IMAGE, Model(card, parameters), PredictSettings(device="cpu"))
        assert glimpse.box == box
        np.testing.assert_allclose(
            glimpse.probabilities, now.probabilities[:, 8:72, 16:80], atol=1e-5
        )
    first, last = seen[0][0].probabilities, seen[-1][0].probabilities
    assert np.abs(first - last).max() > 1e-4


def test_watching_keeps_to_its_share_of_the_time(monkeypatch):
    """Every step takes 0.1 s, every look 1 s: of 100 s no more than a tenth goes by looking."""
    clock = [0.0]

    def a_second(*_, **__):
        clock[0] += 1
        return np.zeros((1, 96, 96), np.float32)

    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(module, "predict_whole", a_second)
    card = tiny_model().card
    looks = module.Looks(View(plane=IMAGE), card, 96 * 96)
    times = []
    for step in range(1, 10_000):
        clock[0] += 0.1
        if clock[0] > 100:
            break
        looks.due(StepDone(step=step, loss=1.0, learning_rate=1.0))
        left = Progress(phase="step", done=step, total=2, seconds_left=100 - clock[0])
        if looks.due(left):
            times.append(clock[0])
            list(looks.look(tiny_model().network()))
    assert 4 <= len(times) <= 10
    assert times[-1] < 100 - 1


def test_stopping_in_a_look_keeps_the_best_so_far(eager):
    model = tiny_model()
    training = job(model.network(), View(plane=IMAGE), model.card)
    event = next(training)
    while not isinstance(event, Glimpse):
        event = next(training)
    event = training.throw(StopEarly())
    assert event == Notice(text="Stopped after 2 steps: kept the best so far.")
    with pytest.raises(StopIteration) as end:
        next(training)
    assert end.value.value.step == 2


def test_an_image_that_does_not_fit_costs_a_sentence_and_not_the_training(eager):
    card = tiny_model().card
    events = []
    finish(job(tiny_model().network(), View(plane=np.zeros((5, 40, 40))), card), events.append)
    assert isinstance(events[0], Notice)
    assert "takes 1 channel" in events[0].text
    assert sum(isinstance(event, StepDone) for event in events) == SETTINGS.steps
    assert not any(isinstance(event, Glimpse) for event in events)


def test_when_memory_ends_nobody_watches_but_the_training_goes_on(eager, monkeypatch):
    def short(*_, **__):
        raise MemoryError

    monkeypatch.setattr(module, "predict_whole", short)
    trained, seen, _ = learn(View(plane=IMAGE))
    assert seen == []
    assert trained.step == SETTINGS.steps


@pytest.mark.parametrize("box", [(0, 0, 10, 20), (5, 7, 4005, 3007), (0, 0, 1, 4_000_000)])
def test_of_a_large_view_the_middle_is_looked_at(box):
    y0, x0, y1, x1 = middle(box)
    assert box[0] <= y0 < y1 <= box[2]
    assert box[1] <= x0 < x1 <= box[3]
    assert max(y1 - y0, x1 - x0) <= module.MOST_SIDE_PX
    if box == (0, 0, 10, 20):
        assert (y0, x0, y1, x1) == box
