"""Rand and information scores against counting every pair of pixels, and scikit-image."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.metrics import adapted_rand_error, variation_of_information

from napari_unet.images.metrics import rand_error, v_info, v_rand

masks = arrays(np.uint8, (5, 6), elements=st.integers(0, 3))


def alone(labels):
    """Labels in which every background pixel has an id of its own."""
    ids = 1000 + np.arange(labels.size).reshape(labels.shape)
    return np.where(labels == 0, ids, labels)


def every_pair(labels, truth):
    """Ordered pairs of pixels of true regions: together in both, in the found, in the true ones."""
    inside = truth != 0
    found, real = alone(labels)[inside], truth[inside]
    with_found, with_real = found[:, None] == found, real[:, None] == real
    return (with_found & with_real).sum(), with_found.sum(), with_real.sum(), len(found)


@settings(max_examples=150, deadline=None)
@given(labels=masks, truth=masks, alpha=st.sampled_from([0.0, 0.3, 0.5, 1.0]))
def test_v_rand_counts_pairs_of_pixels_and_each_pixel_with_itself(labels, truth, alpha):
    assume(truth.any())
    both, in_found, in_real, _ = every_pair(labels, truth)
    assert v_rand(labels, truth, alpha) == pytest.approx(
        both / (alpha * in_found + (1 - alpha) * in_real)
    )


@settings(max_examples=150, deadline=None)
@given(labels=masks, truth=masks)
def test_rand_error_counts_pairs_of_different_pixels(labels, truth):
    assume(truth.any())
    both, in_found, in_real, pixels = every_pair(labels, truth)
    assume(in_found + in_real > 2 * pixels)
    expected = 1 - 2 * (both - pixels) / (in_found + in_real - 2 * pixels)
    assert rand_error(labels, truth) == pytest.approx(expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        assert rand_error(labels, truth) == pytest.approx(
            adapted_rand_error(truth, alone(labels))[0]
        )


@settings(max_examples=150, deadline=None)
@given(labels=masks, truth=masks)
def test_v_info_follows_from_the_variation_of_information(labels, truth):
    assume(len(np.unique(truth[truth != 0])) > 1)
    found = alone(labels)[truth != 0]
    real = truth[truth != 0].astype(int)
    merges, splits = variation_of_information(real, np.unique(found, return_inverse=True)[1])

    def entropy(values):
        part = np.unique(values, return_counts=True)[1] / len(values)
        return -(part * np.log2(part)).sum()

    total = entropy(found) + entropy(real)
    assert v_info(labels, truth) == pytest.approx((total - merges - splits) / total, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(truth=masks)
def test_what_is_equal_is_perfect_whatever_the_ids(truth):
    other_ids = np.array([0, 900, 3, 20])[truth]
    assert v_rand(other_ids, truth) == 1
    assert rand_error(other_ids, truth) == 0
    assert v_info(other_ids, truth) == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(labels=masks, truth=masks)
def test_where_nothing_is_membrane_both_masks_count_alike(labels, truth):
    labels, truth = labels + 1, truth + 1
    for score in (v_rand, rand_error, v_info):
        assert score(labels, truth) == pytest.approx(score(truth, labels))


@settings(max_examples=60, deadline=None)
@given(labels=masks, truth=masks, inside=masks)
def test_pixels_of_true_membrane_are_not_looked_at(labels, truth, inside):
    elsewhere = np.where(truth == 0, inside, labels)
    assert v_rand(elsewhere, truth) == v_rand(labels, truth)
    assert rand_error(elsewhere, truth) == rand_error(labels, truth)


def test_two_regions_by_hand():
    truth = np.array([[1, 1, 1, 0, 2, 2]])
    merged = np.ones((1, 6), int)
    assert v_rand(merged, truth) == (9 + 4) / (0.5 * 25 + 0.5 * 13)
    assert v_rand(merged, truth, alpha=0) == 1  # nothing is split
    assert v_rand(merged, truth, alpha=1) == 13 / 25
    assert rand_error(merged, truth) == pytest.approx(1 - 2 * (6 + 2) / (20 + 8))
    assert v_info(merged, truth) == 0  # one region tells nothing
    nothing = np.zeros((1, 6), int)
    assert v_rand(nothing, truth) == 5 / (0.5 * 5 + 0.5 * 13)
    assert rand_error(nothing, truth) == 1
    assert v_rand(truth, nothing) == 1  # there is nothing to divide
