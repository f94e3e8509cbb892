import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from skimage.draw import disk

from napari_unet.images.instances import carry_ids, instances, merge_known
from napari_unet.schema.settings import MaskSettings

ANY_SIZE = MaskSettings(min_size_px=0, split_touching=False)
SPLIT = MaskSettings(min_size_px=0)
masks = arrays(np.uint8, (7, 8), elements=st.integers(0, 4))


def discs(shape, *centres_and_radii):
    image = np.zeros(shape, np.float32)
    for y, x, radius in centres_and_radii:
        image[disk((y, x), radius, shape=shape)] = 1
    return image


def count(labels):
    ids = set(labels.flat) - {0}
    assert ids == set(range(1, len(ids) + 1))  # compact
    return len(ids)


@settings(max_examples=100, deadline=None)
@given(p=arrays(np.float32, (9, 8), elements=st.floats(0, 1, width=32)))
def test_without_splitting_objects_are_connected_components(p):
    labels = instances(p, ANY_SIZE)
    expected, n = ndimage.label(p > 0.5)
    assert labels.dtype == np.uint16
    assert len({*zip(labels.flat, expected.flat, strict=True)} - {(0, 0)}) == n == count(labels)


@settings(max_examples=100, deadline=None)
@given(
    p=arrays(np.float32, (12, 11), elements=st.floats(0, 1, width=32)),
    threshold=st.sampled_from([0.1, 0.5, 0.9]),
    min_size=st.integers(0, 9),
    split=st.booleans(),
)
def test_objects_are_within_the_mask_large_enough_connected_and_in_raster_order(
    p, threshold, min_size, split
):
    options = MaskSettings(threshold=threshold, min_size_px=min_size, split_touching=split)
    labels = instances(p, options)
    assert not labels[p <= threshold].any()
    assert not labels.any() or np.bincount(labels.ravel())[1:].min() >= min_size
    if min_size <= 1:
        assert labels[p > threshold].all()
    for i in range(1, count(labels) + 1):
        assert ndimage.label(labels == i)[1] == 1
    first_met = [np.flatnonzero(labels == i)[0] for i in range(1, labels.max() + 1)]
    assert first_met == sorted(first_met)


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (33, 1), (16, 15)])
def test_r10_2_empty_full_and_tiny_planes(shape, split):
    options = MaskSettings(min_size_px=0, split_touching=split)
    assert not instances(np.zeros(shape, np.float32), options).any()
    full = instances(np.ones(shape, np.float32), options)
    assert full.shape == shape
    assert (full == 1).all()
    assert instances(np.zeros((0, 5), np.float32), options).shape == (0, 5)


@pytest.mark.parametrize(("radius", "ratio"), [(4, 1), (7, 1), (7, 0.6), (40, 1), (40, 0.4)])
def test_two_touching_discs_are_cut_at_their_waist(radius, ratio):
    size = 5 * radius
    second = ratio * radius
    centre = size // 2
    p = discs(
        (size, size),
        (centre, 1.2 * radius, radius),
        (centre, 1.2 * radius + 0.88 * (radius + second), second),
    )
    assert count(instances(p, ANY_SIZE)) == 1
    labels = instances(p, SPLIT)
    assert count(labels) == 2
    expected = np.pi * radius**2
    assert abs((labels == labels[centre, int(1.2 * radius)]).sum() / expected - 1) < 0.12


def test_a_single_object_is_not_cut_however_rough_or_long_it_is():
    y, x = np.mgrid[:120, :120] - 60
    ellipse = ((y / 50) ** 2 + (x / 15) ** 2 < 1).astype(np.float32)
    assert count(instances(ellipse, SPLIT)) == 1
    rough = np.random.default_rng(0).normal(0, 0.1, y.shape)
    rough = ndimage.gaussian_filter(discs((120, 120), (60, 60, 40)) + rough, 1)
    rough[60, 60] = 0  # a pinhole
    assert count(instances(rough, MaskSettings(min_size_px=20))) == 1


def test_r10_3_a_field_of_discs_gives_the_true_count():
    centres = [(y, x, 9) for y in range(0, 200, 20) for x in range(0, 200, 20)]
    assert count(instances(discs((190, 190), *centres), SPLIT)) == 100  # also those on the edge
    assert count(instances(discs((190, 190), *centres), ANY_SIZE)) == 100


def test_small_objects_are_left_out_and_what_remains_is_renumbered():
    p = discs((60, 60), (8, 8, 2), (30, 30, 10), (50, 50, 2), (50, 20, 5))
    labels = instances(p, MaskSettings(min_size_px=20))
    assert count(labels) == 2
    assert labels[30, 30] == 1
    assert labels[50, 20] == 2


def test_classes_are_never_joined():
    p = np.zeros((3, 10, 20), np.float32)
    p[1, :, :10], p[2, :, 10:] = 0.8, 0.7
    p[0] = 1 - p[1:].sum(axis=0)
    p[:, :2] = np.array([0.9, 0.1, 0])[:, np.newaxis, np.newaxis]
    labels = instances(p, SPLIT)
    assert (labels[2:, :10] == 1).all()
    assert (labels[2:, 10:] == 2).all()
    assert not labels[:2].any()
    assert not instances(p, MaskSettings(threshold=0.75))[:, 10:].any()


def test_r6_1_ids_are_16_bit_as_long_as_they_fit():
    p = np.zeros((600, 600), np.float32)
    p[::2, ::2] = 1
    labels = instances(p, SPLIT)
    assert labels.dtype == np.uint32
    assert count(labels) == 300 * 300
    assert instances(p[:300, :300], SPLIT).dtype == np.uint16


def test_a_stack_is_refused():
    with pytest.raises(ValueError, match="one plane at a time"):
        instances(np.zeros((2, 1, 5, 5)))


def test_masks_are_made_live():
    rng = np.random.default_rng(1)
    centres = rng.uniform(0, 1024, (500, 2))
    p = discs((1024, 1024), *((y, x, 18) for y, x in centres))
    start = time.process_time()
    assert instances(p).max() > 250
    assert time.process_time() - start < 1.5  # 0.25 s on one core when nothing else runs


# -- ids from one mask to the next


def test_r11_2_objects_that_stay_keep_their_ids():
    old = np.zeros((4, 12), np.uint16)
    old[:, 0:3], old[:, 4:7], old[:, 8:11] = 7, 2, 300
    new = np.zeros_like(old)
    new[:, 1:3], new[:, 5:6], new[:, 6:8], new[:, 11:] = 1, 2, 3, 4
    carried = carry_ids(new, old)
    assert (carried[0] == [0, 7, 7, 0, 0, 2, 1, 1, 0, 0, 0, 3]).all()
    assert carried.dtype == np.uint16


def test_the_largest_overlap_keeps_the_id():
    old = np.full((1, 10), 5)
    new = np.array([[1, 1, 1, 2, 2, 2, 2, 0, 0, 0]])
    assert carry_ids(new, old).tolist() == [[1, 1, 1, 5, 5, 5, 5, 0, 0, 0]]
    assert carry_ids(old, new).tolist() == [[2] * 10]


@settings(max_examples=100, deadline=None)
@given(new=masks, old=masks, far=st.sampled_from([1, 1000, 100_000]))
def test_carrying_renames_objects_and_nothing_else(new, old, far):
    old = old.astype(np.int64) * far
    carried = carry_ids(new, old)
    names = {*zip(new.flat, carried.flat, strict=True)}
    assert len(names) == len(set(new.flat)) == len(set(carried.flat))
    assert ((carried == 0) == (new == 0)).all()
    assert carry_ids(carried, old).tolist() == carried.tolist()
    for i in set(carried.flat) - {0}:  # an old id is only taken over from an object underneath
        assert i not in old or ((carried == i) & (old == i)).any()


def test_ids_do_not_creep_up_while_a_slider_moves():
    rng = np.random.default_rng(0)
    p = ndimage.gaussian_filter(rng.random((80, 80)), 2)
    low, high = np.quantile(p, [0.6, 0.8])
    labels = instances(p, MaskSettings(threshold=low, min_size_px=0))
    most = labels.max()
    for threshold in [high, low] * 20:
        settings = MaskSettings(threshold=threshold, min_size_px=0)
        labels = carry_ids(instances(p, settings), labels)
    assert labels.max() <= 2 * most


# -- known pixels


def test_r2_known_pixels_stay_and_the_prediction_goes_on_from_them():
    current = np.array([[0, 9, 9, 0, 0, 0, 0, 4, 4, 0]])
    known = np.array([[0, 1, 1, 1, 0, 0, 0, 0, 0, 0]])
    new = np.array([[9, 9, 9, 9, 9, 0, 2, 2, 0, 1]])
    merged = merge_known(new, current, known)
    # Left of the known pixels object 9 goes on; right of them the rest, cut off by known
    # background, is another object.
    assert merged.tolist() == [[9, 9, 9, 0, 3, 0, 2, 2, 0, 1]]
    assert merged.dtype == np.uint16


def test_a_cell_cut_by_a_painted_line_becomes_two():
    new = np.ones((9, 9), np.uint16)
    known = np.zeros_like(new)
    known[:, 3] = 1
    merged = merge_known(new, np.zeros_like(new), known)
    assert (merged[:, :3] == 2).all()
    assert (merged[:, 3] == 0).all()
    assert (merged[:, 4:] == 1).all()  # the larger part keeps the id


@settings(max_examples=150, deadline=None)
@given(new=masks, current=masks, known=arrays(np.uint8, (7, 8), elements=st.integers(0, 2)))
def test_merging_keeps_the_known_and_never_joins_strangers(new, current, known):
    merged = merge_known(new, current, known)
    vouched = known > 0
    assert (merged[vouched] == current[vouched]).all()
    assert ((merged > 0) == np.where(vouched, current > 0, new > 0)).all()
    known_ids = set(current[vouched].tolist())
    outside = np.where(vouched, 0, merged)
    for i in set(outside.flat) - {0}:
        here = outside == i
        if i not in known_ids:
            assert ndimage.label(here)[1] == 1
            assert len(set(new[here])) == 1
    whole = [i for i in set(new.flat) - {0} if ndimage.label(new == i)[1] == 1]
    if not vouched.any():  # objects in one piece keep their ids
        assert all((merged[new == i] == i).all() for i in whole)


def test_nothing_known_and_everything_known():
    new, current = np.eye(5, dtype=np.uint16) * 3, np.full((5, 5), 8, np.uint16)
    assert (merge_known(new, current, np.ones_like(new)) == 8).all()
    assert ((merge_known(new, current, np.zeros_like(new)) > 0) == (new > 0)).all()
