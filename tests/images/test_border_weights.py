"""The border weight map against a brute-force reference."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_unet.images.border_weights import border_weights, border_weights_2019, reach_px
from napari_unet.images.targets import make_target, open_gaps


def brute_force(labels, w0, sigma):
    """Every distance from every background pixel to every pixel of every object, in float64."""
    weights = np.ones(labels.shape)
    objects = [np.argwhere(labels == i) for i in np.unique(labels) if i]
    if len(objects) < 2:
        return weights
    for pixel in np.argwhere(labels == 0):
        d1, d2 = sorted(np.sqrt(((o - pixel) ** 2).sum(1)).min() for o in objects)[:2]
        weights[tuple(pixel)] += w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))
    return weights


def brute_force_2019(labels, v, w0, gap, rim):
    """As `brute_force`, with distances to the nearest object where there is but one."""
    weights = np.ones(labels.shape)
    objects = [np.argwhere(labels == i) for i in np.unique(labels) if i]
    for pixel in np.argwhere(labels == 0):
        distances = sorted(np.sqrt(((o - pixel) ** 2).sum(1)).min() for o in objects)
        d1, d2 = [*distances, np.inf, np.inf][:2]
        weights[tuple(pixel)] = (
            v
            + w0 * np.exp(-((d1 + d2) ** 2) / (2 * gap**2))
            + (1 - v) * np.exp(-(d1**2) / (2 * rim**2))
        )
    return weights


@settings(max_examples=40, deadline=None)
@given(
    labels=hnp.arrays(np.int32, st.tuples(*[st.integers(1, 20)] * 2), elements=st.integers(0, 4)),
    v=st.floats(0, 1),
    w0=st.floats(0, 100),
    gap=st.floats(0.5, 20),
    rim=st.floats(0.5, 20),
)
def test_the_weights_of_2019_equal_brute_force(labels, v, w0, gap, rim):
    np.testing.assert_allclose(
        border_weights_2019(labels, v, w0, gap, rim),
        brute_force_2019(labels, v, w0, gap, rim),
        rtol=1e-6,
        atol=2e-5,
    )


def test_the_weights_of_2019_by_hand():
    labels = np.zeros((5, 400), np.int32)
    labels[:, :5], labels[:, 6:9] = 1, 2
    weights = border_weights_2019(labels)
    assert weights[2, 2] == 1
    gap = 0.1 + 50 * np.exp(-(2**2) / (2 * 6**2)) + 0.9 * np.exp(-1 / (2 * 10**2))
    assert weights[2, 5] == pytest.approx(gap)
    assert weights[2, 390] == pytest.approx(0.1, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    labels=hnp.arrays(np.int32, st.tuples(*[st.integers(1, 24)] * 2), elements=st.integers(0, 6)),
    w0=st.floats(0, 100),
    sigma=st.floats(0.5, 20),
)
def test_equals_brute_force(labels, w0, sigma):
    expected = brute_force(labels, w0, sigma)
    np.testing.assert_allclose(border_weights(labels, w0, sigma), expected, rtol=1e-6, atol=1e-6)


def test_r12_7_the_weights_of_500_objects_in_a_megapixel_take_less_than_a_second():
    labels = np.zeros((1024, 1024), np.uint16)
    for id_, (y, x) in enumerate(np.ndindex(20, 25), start=1):
        labels[50 * y + 5 : 50 * y + 45, 40 * x + 5 : 40 * x + 37] = id_
    begun = time.thread_time()
    weight_map = make_target(labels).weight_map
    assert time.thread_time() - begun < 1
    assert weight_map.max() > 2


def test_equals_brute_force_between_far_objects():
    labels = np.zeros((40, 70), np.int32)
    labels[5:10, 5:10], labels[20:30, 12:20], labels[3:36, 60:68] = 1, 2, 9
    np.testing.assert_allclose(border_weights(labels), brute_force(labels, 10, 5), atol=1e-6)


def test_r1_7_the_narrowest_gap_has_the_paper_s_weight():
    labels = np.zeros((5, 11), np.int32)
    labels[:, :5], labels[:, 6:] = 1, 2
    gap = 1 + 10 * np.exp(-((1 + 1) ** 2) / (2 * 5**2))
    assert border_weights(labels)[2, 5] == pytest.approx(gap)


@pytest.mark.parametrize("labels", [np.zeros((7, 9), int), np.ones((7, 9), int)])
def test_without_neighbours_all_pixels_count_the_same(labels):
    assert (border_weights(labels) == 1).all()


def test_no_border_weight_is_no_reach():
    assert reach_px(0, 5) == 0


def test_touching_objects_are_separated_by_a_line_of_background():
    labels = np.zeros((6, 6), np.uint16)
    labels[:, :3], labels[:, 3:] = 1, 2
    separated = open_gaps(labels)
    assert separated.dtype == labels.dtype
    assert (separated[:, 2] == 0).all()
    assert (separated[:, :2] == 1).all()
    assert (separated[:, 3:] == 2).all()


def test_r12_1_unknown_pixels_weigh_nothing():
    labels = np.zeros((8, 8), np.uint16)
    labels[2:5, 2:5] = 70_000 % 65_536
    known = np.zeros((8, 8), bool)
    known[:, :4] = True
    target, weight_map = make_target(labels, known)
    assert (weight_map[:, 4:] == 0).all()
    assert (weight_map[:, :4] > 0).all()
    assert target.max() == 1


def test_labels_that_may_not_be_written_are_read():
    """Arrays from files and from other processes are often read-only."""
    labels = np.zeros((9, 9), np.uint16)
    labels[2:5, 2:5] = 7
    expected = make_target(labels.copy())
    labels.flags.writeable = False
    np.testing.assert_array_equal(make_target(labels).weight_map, expected.weight_map)
