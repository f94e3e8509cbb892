"""Distances to the two nearest objects against one distance transform for each object."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_unet.images.two_nearest import two_nearest


def brute_force(labels):
    """float64: one distance transform of the whole image for each object."""
    far = np.full(labels.shape, np.inf)
    objects = [ndimage.distance_transform_edt(labels != i) for i in np.unique(labels) if i]
    return np.sort([*objects, far, far], axis=0)[:2]


def agrees(labels, reach_px):
    """Exact within the reach, and nothing else seems to be within it."""
    expected, found = brute_force(labels), two_nearest(labels, reach_px)
    matters = expected.sum(0) < reach_px
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == np.float64
        np.testing.assert_allclose(one[matters], other[matters], rtol=0, atol=1e-6)
    assert (np.add(*found)[~matters] >= reach_px - 1e-6).all()


def several_blobs(shape, step_px, seed):
    """Round objects of many sizes, some of which touch, some cut by the edge."""
    rng = np.random.default_rng(seed)
    seeds = np.ones(shape, bool)
    places = rng.integers(0, shape, (shape[0] * shape[1] // step_px**2, 2))
    seeds[tuple(places.T)] = False
    away, nearest = ndimage.distance_transform_edt(seeds, return_indices=True)
    ids = np.ravel_multi_index(nearest, shape)
    return np.where(away < rng.uniform(1, step_px, ids.size)[ids], ids + 1, 0)


@settings(max_examples=60, deadline=None)
@given(
    labels=hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.int32, np.int64]),
        st.tuples(*[st.integers(1, 24)] * 2),
        elements=st.integers(0, 5),
        fill=st.just(0),
    ),
    reach_px=st.floats(0, 60),
)
def test_random_labels_equal_brute_force(labels, reach_px):
    agrees(labels, reach_px)


@pytest.mark.parametrize("reach_px", [7.5, 30.4, 700])
@pytest.mark.parametrize("seed", [0, 1])
def test_touching_objects_and_those_at_the_edge_equal_brute_force(seed, reach_px):
    """Larger than what is worked on at once; their numbers need more than 16 bits."""
    labels = several_blobs((181, 230), 40, seed)
    assert labels[0].any()
    assert labels[:, -1].any()
    assert labels.max() > 2**15
    agrees(labels, reach_px)
    agrees(labels.astype(np.uint64) * 2**20, reach_px)


@pytest.mark.parametrize("shape", [(1, 90), (90, 1), (1, 1), (3, 200)])
def test_narrow_images_equal_brute_force(shape):
    labels = np.random.default_rng(0).integers(0, 40, shape)
    agrees(np.where(labels < 4, labels, 0), 30.4)


@pytest.mark.parametrize("objects", [0, 1])
def test_two_objects_are_infinitely_far_where_there_are_not_two(objects):
    labels = np.zeros((9, 40), int)
    labels[4, 3] = objects
    assert np.isinf(np.add(*two_nearest(labels, 20))).all()


def test_parts_of_one_object_are_no_two_objects():
    labels = np.zeros((1, 12), int)
    labels[0, [0, 2, 11]] = 5, 5, 1
    first, second = two_nearest(labels, 30)
    assert (first[0, 1], second[0, 1]) == (1, 10)
