"""What is held out is never learnt from, however corrections grow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.schema.correction import ONLY_BACKGROUND, Correction
from napari_unet.schema.events import Notice, finish
from napari_unet.schema.settings import LossSettings
from napari_unet.training.heldout import held_out
from napari_unet.training.lesson import prepare_lesson
from tests.models_for_tests import tiny_model

CARD = tiny_model().card
SHAPE = (200, 210)
LABELS = np.zeros(SHAPE, np.uint16)
LABELS[20:40, 20:40] = LABELS[120:150, 130:170] = 1
LABELS[4::8, 4::8] = 1  # something to learn from wherever somebody looks
IMAGE = np.random.default_rng(0).random(SHAPE).astype(np.float32)


def corrected(name, known):
    return Correction(image_id=name, image=IMAGE, labels=LABELS, known=known.astype(np.uint8))


def lesson_of(rounds, notices=None):
    corrections = [corrected(name, known) for name, known in rounds.items()]
    said = [] if notices is None else notices
    job = prepare_lesson(CARD, corrections, LossSettings(border="none"))
    return finish(job, lambda event: isinstance(event, Notice) and said.append(event.text))


BOXES = st.tuples(
    st.integers(0, 190), st.integers(0, 200), st.integers(15, 200), st.integers(15, 200)
)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), BOXES), min_size=5, max_size=5))
def test_r12_4_the_hold_out_never_leaks_over_five_rounds_of_growing_corrections(boxes):
    known = {}
    learnt, judged = ({name: np.zeros(SHAPE, bool) for name in "ab"} for _ in "ab")
    was_divided = False
    for name, (y, x, height, width) in boxes:
        known.setdefault(name, np.zeros(SHAPE, bool))[y : y + height, x : x + width] = True
        lesson = lesson_of(known)
        aside = {n: mask & held_out(SHAPE, n) for n, mask in known.items()}
        assert lesson.is_held_out or not was_divided
        was_divided = lesson.is_held_out
        if not was_divided:
            one_side = {bool(a.any()) for a in aside.values()}
            one_side |= {not (known[n] & ~a).any() for n, a in aside.items()}
            assert len(one_side) == 1, "all of it lies on one side"
            continue
        taught = [n for n in known if (known[n] & ~aside[n]).any()]
        examined = [n for n in known if aside[n].any()]
        for n, example in zip(taught, lesson.examples, strict=True):
            learnt[n] |= example.weight_map.numpy() > 0
        for n, exam in zip(examined, lesson.exams, strict=True):
            judged[n] |= exam.counted
            np.testing.assert_array_equal(exam.counted, aside[n])
        assert not any((learnt[n] & judged[n]).any() for n in "ab")


def test_r12_2_an_image_that_only_judges_is_named():
    aside = held_out(SHAPE, "a")
    notices = []
    lesson = lesson_of({"a": aside, "b": ~held_out(SHAPE, "b")}, notices)
    assert lesson.is_held_out
    assert len(lesson.examples) == len(lesson.exams) == 1
    assert notices == [
        "What was corrected of 'a' lies where the model is judged: it learns nothing from it."
    ]


@pytest.mark.parametrize("side", [True, False])
def test_r12_3_what_lies_on_one_side_only_still_teaches_and_that_is_said(side):
    lesson = lesson_of({"a": held_out(SHAPE, "a") == side})
    assert not lesson.is_held_out
    np.testing.assert_array_equal(
        lesson.examples[0].weight_map.numpy() > 0, lesson.exams[0].counted
    )


def test_r1_7_from_nothing_but_background_nothing_is_taught():
    known = LABELS == 0
    with pytest.raises(ValueError, match="at least one object") as refused:
        lesson_of({"a": known, "b": known})
    assert str(refused.value) == ONLY_BACKGROUND
    whole = np.ones(SHAPE, bool)
    assert lesson_of({"a": known, "b": whole}).known_px == known.sum() + whole.sum()
