from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_unet.images import metrics
from napari_unet.images.metrics import THRESHOLDS, Counts, combine, compare, score

masks = arrays(np.uint8, (6, 7), elements=st.integers(0, 4))


def brute_force_counts(labels, truth, threshold):
    """Try every one-to-one matching of objects."""
    found = [labels == i for i in np.unique(labels[labels != 0])]
    real = [truth == i for i in np.unique(truth[truth != 0])]
    hit = [[(a & b).sum() / (a | b).sum() > threshold for b in real] for a in found]
    small, large = sorted((len(found), len(real)))
    at = (lambda i, j: hit[i][j]) if len(found) <= len(real) else (lambda i, j: hit[j][i])
    tp = max(sum(at(i, j) for i, j in enumerate(p)) for p in permutations(range(large), small))
    return Counts(tp, len(found) - tp, len(real) - tp)


@settings(max_examples=150, deadline=None)
@given(labels=masks, truth=masks, threshold=st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.6, 0.95]))
def test_counts_agree_with_trying_every_matching(labels, truth, threshold):
    expected = brute_force_counts(labels, truth, threshold)
    assert metrics.object_counts(labels, truth, threshold) == expected


@settings(max_examples=50, deadline=None)
@given(labels=masks, truth=masks)
def test_scores_of_one_image_follow_their_definitions(labels, truth):
    shared = ((labels > 0) & (truth > 0)).sum()
    either = ((labels > 0) | (truth > 0)).sum()
    counts = [brute_force_counts(labels, truth, t) for t in THRESHOLDS]
    aps = [c.tp / sum(c) if sum(c) else 1.0 for c in counts]
    got = score(labels, truth)
    assert got.iou == (shared / either if either else 1.0)
    assert got.dice == pytest.approx(2 * got.iou / (1 + got.iou))
    assert got.mean_ap == pytest.approx(np.mean(aps))
    assert got.f1_50 == metrics.f1(labels, truth)
    assert got.mean_ap == metrics.mean_ap(labels, truth)
    assert got.pixel_error == ((labels > 0) != (truth > 0)).mean()
    assert got.aji == metrics.aji(labels, truth)
    assert got.hausdorff_95_px == pytest.approx(metrics.hausdorff_95(labels, truth))
    assert got.images == 1


def test_an_iou_equal_to_the_threshold_is_no_hit():
    truth = np.zeros((1, 20), np.uint8)
    truth[0, :] = 1
    for threshold in THRESHOLDS:
        labels = np.zeros_like(truth)
        labels[0, : round(threshold * 20)] = 1
        assert metrics.object_counts(labels, truth, threshold) == (0, 1, 1)
        labels[0, : round(threshold * 20) + 1] = 1
        assert metrics.object_counts(labels, truth, threshold) == (1, 0, 0)


def test_two_empty_images_agree_perfectly_and_an_invented_object_does_not():
    empty = np.zeros((5, 5), np.uint16)
    got = score(empty, empty)
    assert (got.iou, got.dice, got.f1_50, got.mean_ap, got.aji) == (1, 1, 1, 1, 1)
    assert (got.pixel_error, got.hausdorff_95_px) == (0, None)
    one = empty.copy()
    one[2, 2] = 7
    for labels, truth in [(one, empty), (empty, one)]:
        got = score(labels, truth)
        assert (got.iou, got.dice, got.f1_50, got.mean_ap, got.aji) == (0, 0, 0, 0, 0)
        assert (got.pixel_error, got.hausdorff_95_px) == (1 / 25, None)


@settings(max_examples=50, deadline=None)
@given(labels=masks, truth=masks, known=arrays(np.uint8, (6, 7), elements=st.integers(0, 2)))
def test_only_known_pixels_are_looked_at(labels, truth, known):
    inside = known > 0
    got, expected = score(labels, truth, known), score(labels * inside, truth * inside)
    assert got.model_copy(update={"pixel_error": expected.pixel_error}) == expected
    wrong = ((labels > 0) != (truth > 0))[inside]
    assert got.pixel_error == (wrong.mean() if wrong.size else 0)
    scrambled = np.where(inside, labels, 9)
    assert score(scrambled, truth, known) == score(labels, truth, known)


def test_ids_may_be_any_integers():
    truth = np.array([[1, 1, 0, 2, 2], [1, 1, 0, 2, 2]])
    ids = np.array([0, 2**31 + 5, 7_000_000_000])
    assert score(ids[truth], truth) == score(truth, truth)
    assert score(np.array([0, -4, 3])[truth], truth) == score(truth, truth)
    assert metrics.object_counts(truth > 0, truth) == (0, 1, 2)


def test_many_images_average_but_pool_their_objects():
    truth = np.zeros((10, 10), np.uint8)
    truth[::2, ::2] = np.arange(1, 26).reshape(5, 5)
    missed = np.zeros_like(truth)
    one = np.zeros_like(truth)
    one[:4, :4] = 1
    got = combine([compare(missed, truth), compare(one, one)])
    assert (got.iou, got.dice, got.mean_ap, got.images) == (0.5, 0.5, 0.5, 2)
    assert got.f1_50 == 2 / (2 + 25)  # the 25 objects of the first image weigh 25 times as much


@pytest.mark.parametrize(
    ("labels", "truth", "known", "says"),
    [
        (np.zeros((3, 3), int), np.zeros((3, 4), int), None, "one and the same image"),
        (np.zeros((3, 3), int), np.zeros((3, 3), int), np.ones((2, 3)), "one and the same image"),
        (np.zeros((3, 3)), np.zeros((3, 3), int), None, "turn probabilities into labels"),
    ],
)
def test_what_cannot_be_compared_is_refused(labels, truth, known, says):
    with pytest.raises(ValueError, match=says):
        score(labels, truth, known)


def test_no_images_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        combine([])
