"""Scores of masks of classes, against what a person counts, and class by class with numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_unet.images.class_metrics import class_scores, confusion, scores_of

TRUTH = np.array([[0, 0, 1, 1], [2, 2, 1, 1]])
FOUND = np.array([[0, 1, 1, 1], [2, 0, 1, 2]])


def test_scores_are_those_that_a_person_counts():
    scores = class_scores(FOUND, TRUTH, 4)
    assert scores.iou == (1 / 3, 3 / 5, 1 / 3, None)
    assert scores.dice == (2 / 4, 6 / 8, 2 / 4, None)
    assert scores.mean_iou == pytest.approx((1 / 3 + 3 / 5 + 1 / 3) / 3)
    assert scores.mean_dice == pytest.approx((0.5 + 0.75 + 0.5) / 3)
    assert scores.accuracy == 5 / 8
    assert scores.pixels == (2, 4, 2, 0)


def test_rows_are_the_truth_and_columns_what_was_found():
    np.testing.assert_array_equal(confusion(FOUND, TRUTH, 3), [[1, 1, 0], [0, 3, 1], [1, 0, 1]])


def test_pixels_that_are_not_known_do_not_count():
    known = np.array([[1, 0, 1, 1], [1, 0, 1, 0]])
    assert class_scores(FOUND, TRUTH, 3, known).accuracy == 1
    outside = np.where(known, TRUTH, 99)  # no class, but nobody vouched for it
    assert class_scores(FOUND, outside, 3, known).accuracy == 1


def test_where_there_is_nothing_to_compare_all_is_right():
    scores = class_scores(FOUND, TRUTH, 3, np.zeros_like(TRUTH))
    assert scores.iou == (None, None, None)
    assert scores.mean_iou == scores.mean_dice == scores.accuracy == 1


two_masks = arrays(np.uint8, (2, 6, 5), elements=st.integers(0, 3))


@given(two_masks)
def test_each_class_is_scored_as_if_it_were_the_only_one(masks):
    found, truth = masks
    scores = class_scores(found, truth, 4)
    for index in range(4):
        shared = ((found == index) & (truth == index)).sum()
        either = ((found == index) | (truth == index)).sum()
        assert scores.iou[index] == (shared / either if either else None)
    assert scores.accuracy == pytest.approx((found == truth).mean())


@given(two_masks, two_masks)
def test_tables_of_images_add_up(one, other):
    together = scores_of(confusion(*one, 4) + confusion(*other, 4))
    assert together == class_scores(*np.concatenate([one, other], axis=1), 4)


@pytest.mark.parametrize("labels", [np.full((2, 4), 3), np.full((2, 4), -1), np.zeros((2, 4))])
def test_what_is_no_class_is_refused(labels):
    with pytest.raises(ValueError, match="0 to 2"):
        class_scores(labels, TRUTH, 3)
    with pytest.raises(ValueError, match="0 to 2"):
        class_scores(TRUTH, labels, 3)


def test_masks_of_two_images_are_refused():
    with pytest.raises(ValueError, match="one and the same image"):
        class_scores(TRUTH[:1], TRUTH, 3)
