"""A fine-tuning ends when its time is up, and whenever it is stopped there is a model."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.images.samples import cells
from napari_unet.inference.predict import predict
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import StopEarly, finish
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.training import exam_area, examiner, finetune, train
from napari_unet.training.budget import Budget
from napari_unet.training.exam_area import GRID_PX, area, within
from napari_unet.training.examiner import Examiner
from napari_unet.training.finetune import fine_tuning
from napari_unet.training.lesson import prepare_lesson
from napari_unet.training.scoring import Exam
from napari_unet.training.train import Trained
from tests.models_for_tests import tiny_model

IMAGE, LABELS = cells((128, 128), look="phase", seed=0)
CORRECTION = Correction(
    image_id="a", image=IMAGE, labels=LABELS, known=np.ones(LABELS.shape, np.uint8)
)
ENDLESS = FineTuneSettings(steps=100_000, device="cpu", auto_input=False)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self):
        return self.now


def test_what_was_measured_is_kept_back_for_the_verdict():
    clock = Clock()
    budget = Budget(100, clock)
    assert budget.training_ends() == 99
    with budget.timing("judgement"):
        clock.now += 4
    with budget.timing("memory"):
        clock.now += 2
    assert budget.elapsed == 6
    assert budget.training_ends() == pytest.approx(99 - 1.05 * 6)
    with budget.timing("judgement"):  # what takes longer now takes longer later
        clock.now += 8
    assert budget.training_ends() < 99 - 1.05 * 6


def test_time_for_looking_at_what_was_learnt_is_kept_back_too():
    """Of one region a quarter is held out, and all the rest is looked at once."""
    lesson = finish(prepare_lesson(tiny_model().card, [CORRECTION]))
    budget = Budget(100, Clock())
    examined = Examiner(tiny_model().network(), lesson, None, budget)
    known = area(lesson.taught) / area(examined.exams)
    assert known > 1
    assert budget.judgements == pytest.approx(1 + known)


def test_what_was_spent_before_counts():
    assert Budget(100, Clock(), spent=30).elapsed == 30


def test_the_slower_a_judgement_the_fewer_there_are():
    clock = Clock()
    budget = Budget(60, clock)
    assert budget.tests() == 8
    with budget.timing("judgement"):
        clock.now += 3
    assert budget.tests() == 3
    with budget.timing("judgement"):
        clock.now += 100
    assert budget.tests() == 1


def test_one_slow_step_does_not_end_a_training():
    state = Trained(parameters={})
    state.took(40.0)
    assert (state.step, state.pace) == (1, 0)
    state.took(2.0)
    assert (state.step, state.pace) == (2, 2)
    state.took(30.0)
    assert state.pace == 2
    state.took(25.0)
    assert state.pace == 25


def exam(shape, known, labels=None):
    labels = np.zeros(shape, int) if labels is None else labels
    return Exam(np.zeros((1, *shape), np.float32), labels, known)


BOXES = st.tuples(*[st.integers(0, 150)] * 2, *[st.integers(1, 250)] * 2)


@settings(max_examples=30, deadline=None)
@given(st.lists(BOXES, min_size=1, max_size=4), st.integers(4 * GRID_PX**2, 300**2))
def test_what_a_judgement_looks_at_fits_and_counted_before(boxes, most_px):
    exams = []
    for y, x, height, width in boxes:
        known = np.zeros((200, 220), bool)
        known[y : y + height, x : x + width] = True
        exams.append(exam(known.shape, known))
    fewer = within(exams, most_px)
    assert len(fewer) == len(exams)
    assert area(fewer) <= max(most_px, len(exams) * GRID_PX**2)
    for before, after in zip(exams, fewer, strict=True):
        assert after.counted.any()
        assert not (after.counted & ~before.counted).any()
    if area(exams) <= most_px:
        assert all(a.counted is b.counted for a, b in zip(exams, fewer, strict=True))


def test_of_many_images_each_keeps_what_counts_however_small_its_share():
    known = np.zeros((64, 1024), bool)
    known[GRID_PX - 1] = True
    fewer = within([exam(known.shape, known)] * 80, 80 * 800)
    assert all(one.counted.any() for one in fewer)
    assert area(fewer) <= 80 * GRID_PX**2


def test_it_looks_where_the_objects_are():
    labels = np.zeros((320, 320), int)
    labels[200:240, 40:80] = 1
    (found,) = within([exam(labels.shape, labels == labels, labels)], 96**2)
    assert found.counted[200:240, 40:80].all()


def stopped_after(events):
    """What is left of a fine-tuning that a person stops after so many events."""
    job = fine_tuning(tiny_model(), [CORRECTION], ENDLESS)
    for _ in range(events):
        next(job)
    job.throw(StopEarly())
    return finish(job)


def test_r13_5_no_judgement_takes_more_than_its_share_of_the_time(monkeypatch):
    """Judging takes so long that all that is held out would take all of the time."""
    clock, judge = Clock(), examiner.judge
    budget = Budget(60, clock)
    lesson = finish(prepare_lesson(tiny_model().card, [CORRECTION]))

    def slow(network, exams, mask):
        clock.now += 60 * area(exams) / area(lesson.exams)
        return judge(network, exams, mask)

    monkeypatch.setattr(examiner, "judge", slow)
    monkeypatch.setattr(examiner, "PROBE_PX", 8 * 8)
    monkeypatch.setattr(exam_area, "GRID_PX", 8)
    network = tiny_model().network()
    made = examiner.Examiner(network, lesson, None, budget)
    begun = clock.now
    scores = made.test(network)
    assert 0 < clock.now - begun <= 60 / 12
    assert budget.lasted("judgement") == clock.now - begun
    assert made.judgement(scores).scores.iou == scores.iou
    assert made.judgement(scores.model_copy()) is None
    assert made.memory(network) is None


def test_r13_5_where_no_step_fits_into_the_time_more_of_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(finetune, "LEAST_TRAINING_S", 0.0)
    monkeypatch.setattr(train, "SHORTEST_S", 1e-9)
    brief = ENDLESS.model_copy(update={"seconds": 15})
    job = fine_tuning(tiny_model(), [CORRECTION], brief, spent=15)
    with pytest.raises(ValueError, match=r"^No step of training fitted into 15 s: allow more time"):
        finish(job)


@settings(max_examples=5, deadline=None)
@given(st.integers(2, 12))
def test_r13_1_stopped_at_any_step_there_is_a_model_that_predicts(events):
    result = stopped_after(events)
    assert result.proof.sentence
    assert np.isfinite(predict(IMAGE, model=result.model).probabilities).all()


@pytest.mark.parametrize("events", [0, 1])
def test_r13_1_stopped_before_its_first_step_there_is_no_new_model(events):
    with pytest.raises(StopEarly):
        stopped_after(events)


def test_stopped_before_the_first_test_it_keeps_what_it_has_learnt():
    base, learnt = tiny_model().parameters, stopped_after(7).model.parameters
    assert any(not torch.equal(base[name], learnt[name]) for name in base)
