"""The simulated hand paints errors only, rightly, and needs the time that it would."""

import math

import numpy as np
import pytest
from skimage.draw import disk

from benchmarks.strokes import by_strokes, dense, seconds_of
from napari_unet.images.metrics import f1


@pytest.fixture
def truth():
    labels = np.zeros((96, 96), np.int32)
    for number, (y, x, r) in enumerate([(20, 20, 11), (20, 60, 9), (62, 30, 14)], start=4):
        labels[disk((y, x), r)] = number
    labels[50:80, 60:76], labels[50:80, 76:92] = 7, 8  # two that touch
    return labels


@pytest.fixture
def mask(truth):
    """One object missed, two merged, one invented, one too small by a pixel."""
    found = np.where(truth == 8, 7, truth) * 3
    found[truth == 5] = 0
    found[80:95, 4:20] = 77
    edge = (truth == 4) & (np.roll(truth, 1, 0) != 4)
    found[edge] = 0
    return found


def partners(labels, truth):
    """Which numbers of two masks lie on each other."""
    return set(zip(labels.ravel().tolist(), truth.ravel().tolist(), strict=True))


def test_strokes_lie_in_errors_and_make_them_right(mask, truth):
    done = by_strokes(mask, truth, seed=0)
    pairs = partners(np.where(done.painted, done.labels, 0), np.where(done.painted, truth, 0))
    right = mask == 3 * truth
    assert done.painted.any()
    assert not (done.painted & right).any()
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def test_all_objects_are_right_in_the_end(mask, truth):
    done = by_strokes(mask, truth, seed=1)
    assert 3 <= done.strokes <= 12
    assert f1(mask, truth) < 0.7
    assert f1(done.labels, truth, threshold=0.9) == 1


def test_what_lies_beside_a_true_edge_is_left_alone(truth):
    """One pixel along every outline is no error that anybody sees."""
    smaller = np.where(truth == np.roll(truth, 1, 0), truth, 0)
    done = by_strokes(smaller, truth, seed=0)
    assert done.strokes == 0
    assert done.seconds == 0
    assert not done.painted.any()
    assert len(partners(done.labels, smaller)) == 6


def test_what_is_missing_is_painted_and_what_is_invented_is_wiped_off(truth):
    nothing = np.zeros_like(truth)
    painted = by_strokes(nothing, truth, seed=0)
    assert 5 <= painted.strokes <= 12
    assert f1(painted.labels, truth, threshold=0.9) == 1
    assert (by_strokes(truth, nothing, seed=0).labels > 0).mean() < 0.01


def test_the_same_seed_paints_the_same_and_another_does_not(mask, truth):
    masks = [by_strokes(mask, truth, seed).painted for seed in (3, 3, 4)]
    assert np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[0], masks[2])


def test_the_hand_is_tired_after_so_many_strokes(mask, truth):
    few = by_strokes(mask, truth, seed=0, most=2)
    assert few.strokes == 2
    assert few.painted.sum() < by_strokes(mask, truth, seed=0).painted.sum()


def test_the_time_is_that_of_a_mouse():
    assert seconds_of([]) == 0
    assert seconds_of([400]) == pytest.approx(1.2)
    assert seconds_of([1, 1]) == pytest.approx(2 * (1 / 120 + 0.2))


def test_the_time_of_a_stroke_is_that_of_its_length():
    truth = np.zeros((40, 140), np.int32)
    truth[15:22, 10:130] = 1
    done = by_strokes(np.zeros_like(truth), truth, seed=0, most=1)
    assert done.seconds == pytest.approx(0.2 + 110 / 400, abs=0.05)


def test_outlines_cost_their_perimeter():
    truth = np.zeros((60, 60), np.int32)
    truth[10:50, 10:50] = 3
    done = dense(truth)
    assert done.strokes == 1
    assert done.seconds == pytest.approx(0.2 + math.ceil(4 * 39 / 400 * 120) / 120)
    assert np.array_equal(done.labels, truth)
