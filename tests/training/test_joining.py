"""Corrections that join a training: only where models learn, from their step on, and for good."""

import errno
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from napari_unet.images.samples import cells
from napari_unet.jobs.perform import perform
from napari_unet.jobs.safekeeping import joined_before
from napari_unet.models.archive import read_model, write_model
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import StepDone, StopEarly, finish
from napari_unet.schema.requests import FineTuneRequest, Joining
from napari_unet.schema.settings import AugmentSettings, FineTuneSettings, LossSettings
from napari_unet.schema.training_record import Joined
from napari_unet.training.finetune import fine_tuning
from napari_unet.training.heldout import TILE_PX, held_out
from napari_unet.training.joining import HELD_BACK, OpenLesson
from napari_unet.training.lesson import prepare_lesson
from napari_unet.training.patches import PatchSampler
from tests.models_for_tests import tiny_model

STEPS, AT = 6, 3
SETTINGS = FineTuneSettings(device="cpu", steps=STEPS, seconds=36_000, auto_input=False, seed=3)
SIDE = 2 * TILE_PX
SHAPE = (SIDE, SIDE)
PLAIN = LossSettings(border="none")
IMAGE, LABELS = cells(SHAPE, look="fluorescence", seed=1)
ASIDE = held_out(SHAPE, "a")
CORNER = np.zeros(SHAPE, bool)
CORNER[TILE_PX:, TILE_PX:] = True
BEGIN = ~CORNER
"""What is known before the training begins: of both sides, without the last tile."""
assert ASIDE[:TILE_PX, TILE_PX:].all()
assert not ASIDE[CORNER].any()


def corrected(known, name="a", **fields):
    fields = {"image": IMAGE, "labels": LABELS, **fields}
    return Correction(image_id=name, known=known.astype(np.uint8), **fields)


def one_more(known=BEGIN | CORNER, name="a", **fields):
    return Joining(correction=corrected(known, name, **fields), at=1.0)


def drive(job, answers=(), stop_after=None):
    """Answer the steps of a job; its result, or None if it is taken away as by a crash."""
    answers, events = dict(answers), []
    event = next(job)
    try:
        while True:
            events.append(event)
            step = event.step if isinstance(event, StepDone) else None
            event = job.send(answers.pop(step, None))
            if step is not None and step == stop_after:
                next(job)  # past the end of the step, where its state is saved
                next(job)
                job.close()
                return None, events
    except StopIteration as end:
        return end.value, events


def tuned(answers=(), **more):
    return drive(fine_tuning(tiny_model(), [corrected(BEGIN)], SETTINGS, **more), answers)


@pytest.fixture(scope="module")
def alone():
    """What nobody joined."""
    return tuned()[0]


@pytest.fixture(scope="module")
def joined():
    return tuned({AT: [one_more()]})


def same(one, other):
    return all(torch.equal(one.parameters[name], other.parameters[name]) for name in one.parameters)


def open_lesson(corrections):
    card = tiny_model().card
    lesson = finish(prepare_lesson(card, corrections, PLAIN))
    sampler = PatchSampler(lesson.examples, batch=2, patch_px=32, settings=AugmentSettings())
    return OpenLesson(lesson, sampler, card, PLAIN)


# a training that nothing joined


def test_r9_5_a_training_that_nothing_joins_is_as_ever(alone, monkeypatch):
    monkeypatch.setattr(
        "napari_unet.training.finetune.joining", lambda training, lesson, joins: training
    )
    assert same(tuned()[0].model, alone.model)
    assert alone.model.card.training.joined == ()


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (one_more(BEGIN), HELD_BACK),
        (one_more(held_out(SHAPE, "b"), "b"), HELD_BACK),
        (one_more(classes=3), "A corrected mask of 3 classes is left out"),
        (one_more(image=np.stack([IMAGE] * 5)), "takes 1 channel"),
    ],
    ids=["nothing new", "held out", "another kind", "other channels"],
)
def test_r12_4_what_cannot_join_says_why_and_changes_nothing(asked, reason):
    lesson = open_lesson([corrected(BEGIN)])
    before, batch = lesson.lesson, lesson.sampler.draw(9)
    kept = []
    said = lesson.join(asked.model_copy(update={"step": 5}), kept.append)
    assert reason in said.why_not
    assert (said.known_px, said.step, kept) == (0, 5, [])
    assert lesson.lesson is before
    assert all(map(torch.equal, lesson.sampler.draw(9), batch))


def test_r9_5_a_region_that_is_held_out_leaves_the_training_bit_identical(alone):
    held_back = one_more(held_out(SHAPE, "b"), "b")
    result, events = tuned({AT: [held_back]})
    (said,) = [event for event in events if isinstance(event, Joined)]
    assert said.why_not == HELD_BACK
    assert same(result.model, alone.model)
    assert result.proof == alone.proof
    assert result.model.card.training.joined == ()


def test_what_the_disk_does_not_keep_does_not_join():
    def full(one):
        raise OSError(errno.ENOSPC, "The disk is full")

    lesson = open_lesson([corrected(BEGIN)])
    before = lesson.lesson
    said = lesson.join(one_more(), full)
    assert said.why_not == "A new region counts next time. The disk is full."
    assert lesson.lesson is before


# what joins


def test_a_region_joins_after_a_step_and_the_card_says_so(alone, joined):
    result, events = joined
    said = Joined(image_id="a", at=1.0, step=AT, known_px=TILE_PX**2)
    assert [event for event in events if isinstance(event, Joined)] == [said]
    after = events[events.index(said) - 1]
    assert isinstance(after, StepDone)
    assert after.step == AT
    assert not same(result.model, alone.model)
    training = result.model.card.training
    assert training.joined == (said,)
    assert training.images[0].known_px == SIDE**2
    assert training.steps == STEPS, "it gets no more steps"
    assert result.model.card.data == f"{SIDE**2} corrected pixels of a"
    assert result.proof.before == alone.proof.before, "it is judged by the same pixels"
    losses = [[e.loss for e in events if isinstance(e, StepDone)], alone.model.card.training.loss]
    assert losses[0][0] == pytest.approx(losses[1][0][1])


def test_an_image_that_is_new_joins_too():
    lesson = open_lesson([corrected(BEGIN)])
    said = lesson.join(one_more(CORNER, "c").model_copy(update={"step": 4}))
    taught = CORNER & ~held_out(SHAPE, "c")
    assert said.known_px == taught.sum() > 0
    assert lesson.lesson.names == ["a", "c"]
    np.testing.assert_array_equal(lesson.lesson.examples[1].weight_map > 0, taught)
    assert [one.image_id for one in lesson.lesson.corrections] == ["a", "c"]
    np.testing.assert_array_equal(lesson.lesson.corrections[1].known > 0, taught)


def test_what_is_painted_anew_is_learnt_as_it_is_now():
    lesson = open_lesson([corrected(BEGIN)])
    labels = LABELS.copy()
    labels[:20, :20] = labels.max() + 1
    said = lesson.join(one_more(BEGIN, labels=labels))
    assert said.known_px == (LABELS[:20, :20] != labels[:20, :20]).sum()
    assert lesson.lesson.examples[0].target[:20, :20].all()
    assert len(lesson.lesson.examples) == 1


PLACES, SIDES = st.integers(0, 180), st.integers(9, 150)
BOXES = st.tuples(PLACES, PLACES, SIDES, SIDES)


@settings(max_examples=6, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), BOXES), min_size=5, max_size=5))
def test_r12_4_nothing_that_joins_is_learnt_where_models_are_judged(boxes):
    known, lesson = {}, None
    for step, (name, (y, x, height, width)) in enumerate(boxes):
        known.setdefault(name, np.zeros(SHAPE, bool))[y : y + height, x : x + width] = True
        if lesson is None:
            assume(LABELS[known[name]].any())  # of background alone nothing is taught
            lesson = open_lesson([corrected(known[name], name)])
            exams, divided = lesson.lesson.exams, lesson.lesson.is_held_out
            from_begin = {name: known[name] & ~(held_out(SHAPE, name) & divided)}
            continue
        said = lesson.join(one_more(known[name], name).model_copy(update={"step": step}))
        assert lesson.lesson.exams is exams
        for each, example in zip(lesson.lesson.names, lesson.lesson.examples, strict=True):
            taught, aside = example.weight_map.numpy() > 0, held_out(SHAPE, each)
            begun = from_begin.get(each, np.zeros(SHAPE, bool))
            assert not (taught & aside & ~begun).any()
            if each == name and not said.why_not:
                np.testing.assert_array_equal(taught, known[each] & (begun | ~aside))
        drawn = lesson.sampler.draw(step)
        assert drawn.weight_maps.isfinite().all()


def test_batches_of_earlier_steps_stay_as_they_were():
    lesson = open_lesson([corrected(BEGIN)])
    before = [lesson.sampler.draw(step) for step in range(6)]
    lesson.join(one_more(CORNER, "c").model_copy(update={"step": 2}))
    lesson.join(one_more(BEGIN | CORNER).model_copy(update={"step": 4}))
    after = [lesson.sampler.draw(step) for step in range(6)]
    unchanged = [torch.equal(a.images, b.images) for a, b in zip(before, after, strict=True)]
    assert unchanged == [True, True, False, False, False, False]
    assert lesson.sampler.steps_per_epoch == 1


# stopped, and interrupted


def test_r4_2_a_person_may_stop_while_something_joins():
    job = fine_tuning(tiny_model(), [corrected(BEGIN)], SETTINGS)
    event = next(job)
    while not isinstance(event, StepDone):
        event = next(job)
    assert isinstance(job.send([one_more(), one_more(CORNER, "c")]), Joined)
    job.throw(StopEarly())
    result = finish(job)
    assert result.steps == 1
    assert len(result.model.card.training.joined) == 1


@pytest.mark.parametrize("saved_at", [1, 4], ids=["before it joined", "after it joined"])
def test_r13_3_what_joined_is_learnt_again_after_a_crash(joined, tmp_path, monkeypatch, saved_at):
    monkeypatch.setattr("napari_unet.training.train.CHECKPOINT_EVERY_S", 0)
    path, safe = tmp_path / "tiny.safetensors", tmp_path / "safe"
    safe.mkdir()
    write_model(tiny_model(), path)
    request = FineTuneRequest(
        model=str(path), corrections=[corrected(BEGIN)], settings=SETTINGS, safe=str(safe)
    )
    answers = {AT: [one_more()]}

    def stop_saving(step):
        if step > saved_at:
            monkeypatch.setattr("napari_unet.training.train.CHECKPOINT_EVERY_S", 1e9)

    job = perform(request, tmp_path)
    gone, _ = drive(watched(job, stop_saving), answers, stop_after=4)
    assert gone is None
    assert [one.step for one in joined_before(request)] == [AT]
    later, again = drive(perform(request.model_copy(update={"corrections": []}), tmp_path))
    assert next(e.step for e in again if isinstance(e, StepDone)) <= saved_at + 2
    whole = joined[0].model
    assert [e for e in again if isinstance(e, Joined)] == list(whole.card.training.joined)
    resumed = read_model(Path(later.path))
    assert same(resumed, whole)
    assert resumed.card.training.joined == whole.card.training.joined
    assert resumed.card.training.images == whole.card.training.images
    assert later.proof == joined[0].proof


def watched(job, on_step):
    """The same job, whose steps somebody hears of."""
    event = next(job)
    try:
        while True:
            if isinstance(event, StepDone):
                on_step(event.step)
            event = job.send((yield event))
    except StopIteration as end:
        return end.value
    finally:
        job.close()
