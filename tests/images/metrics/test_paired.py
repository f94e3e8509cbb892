"""How sure a difference is: counted around each object, and drawn again."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.images.metrics import object_counts
from napari_unet.images.metrics.local import block_counts, local_counts
from napari_unet.images.metrics.paired import correlation_of, f1_of, interval_of_difference


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_counted_around_objects_adds_up_to_the_counts_of_the_whole(seed):
    rng = np.random.default_rng(seed)
    labels, truth = np.kron(rng.integers(0, 4, (2, 5, 6)), np.ones((1, 3, 3), int))
    known = rng.random(labels.shape) > 0.1
    table = local_counts(labels, truth, known)
    tp, fp, fn = object_counts(labels, truth, known=known)
    assert table[:, :3].sum(axis=0).tolist() == [tp, fp, fn]
    expected = [
        int(((labels != 0) == a)[((truth != 0) == b) & known].sum())
        for a in (False, True)
        for b in (False, True)
    ]
    assert table[:, 3:].sum(axis=0).tolist() == expected


def test_pixels_and_invented_objects_belong_to_the_nearest_object():
    truth = np.zeros((20, 40), int)
    truth[5:15, 2:10], truth[5:15, 30:38] = 3, 9
    labels = truth.copy()
    labels[8:12, 24:27] = 50
    first, second = local_counts(labels, truth)
    assert first[:3].tolist() == [1, 0, 0]
    assert second[:3].tolist() == [1, 1, 0]
    assert first[5] == 0
    assert second[5] == 12


def test_a_large_image_is_looked_up_coarsely_and_still_adds_up():
    truth = np.zeros((1500, 1100), np.int32)
    truth[10:200, 10:200], truth[900:1400, 500:1000] = 1, 2
    table = local_counts(np.roll(truth, 3, 1), truth)
    assert table[:, 3:].sum() == truth.size
    assert table[:, 0].tolist() == [1, 1]


def test_without_objects_there_is_one_place():
    nothing = np.zeros((10, 10), int)
    assert local_counts(nothing, nothing).tolist() == [[0, 0, 0, 100, 0, 0, 0]]


def test_squares_hold_every_pixel_that_is_looked_at_once():
    rng = np.random.default_rng(0)
    labels, truth, known = (rng.integers(0, 2, (70, 33)) for _ in range(3))
    found = block_counts(labels, truth, known)
    assert found.shape == (6, 4)
    expected = [np.sum((truth == t) & (labels == n) & (known == 1)) for n in (0, 1) for t in (0, 1)]
    assert found.sum(axis=0).tolist() == expected
    known[:32] = 0
    assert block_counts(labels, truth, known).shape == (4, 4)
    assert block_counts(labels[:5, :5], truth[:5, :5]).sum() == 25


def table(found, missed, invented=0):
    rows = [[1, 0, 0, 9, 0, 0, 9]] * found + [[0, 0, 1, 9, 9, 0, 0]] * missed
    rows += [[0, 1, 0, 0, 0, 9, 0]] * invented
    return np.array(rows)


def test_the_scores_of_sums_are_those_of_the_counts():
    sums = table(6, 2, 3).sum(axis=0)
    assert f1_of(sums) == pytest.approx(12 / (12 + 3 + 2))
    assert correlation_of(table(5, 0).sum(axis=0)[3:]) == 1
    everything = np.array([0, 0, 50, 50])
    assert correlation_of(everything) == 0
    assert f1_of(np.zeros(7, int)) == 0


def test_the_interval_holds_the_difference_and_narrows_with_more_objects():
    widths = []
    for n in (8, 80, 800):
        before, after = table(n // 2, n // 2), table(3 * n // 4, n // 4)
        low, high = interval_of_difference(before, after)
        assert low < f1_of(after.sum(axis=0)) - f1_of(before.sum(axis=0)) < high
        widths.append(high - low)
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


def test_the_interval_is_that_of_a_loop_and_the_same_each_time():
    before, after = table(40, 40), table(60, 20)
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, 80, 80) for _ in range(4000)]
    differences = [f1_of(after[d].sum(0)) - f1_of(before[d].sum(0)) for d in drawn]
    found = interval_of_difference(before, after)
    assert list(found) == pytest.approx(np.percentile(differences, (2.5, 97.5)).tolist(), abs=0.02)
    assert found == interval_of_difference(before, after)


def test_it_covers_the_true_difference_nearly_always():
    rng, hits = np.random.default_rng(1), 0
    for seed in range(200):
        old, new = rng.random(40) < 0.5, rng.random(40) < 0.7
        before, after = (np.zeros((40, 7), int) for _ in "ab")
        before[:, 0], before[:, 2], after[:, 0], after[:, 2] = old, ~old, new, ~new
        low, high = interval_of_difference(before, after, seed=seed)
        true = 2 * 0.7 / 1.7 - 2 * 0.5 / 1.5
        hits += low <= true <= high
    assert hits >= 180


@pytest.mark.parametrize("n", [20, 1000, 30_000])
def test_a_thousand_draws_take_less_than_50_ms(n):
    before, after = table(n // 2, n // 2), table(n // 4, 3 * n // 4)
    interval_of_difference(before, after)
    times = []
    for _ in range(5):
        start = time.process_time()
        interval_of_difference(before, after)
        times.append(time.process_time() - start)
    assert min(times) < 0.05, times
