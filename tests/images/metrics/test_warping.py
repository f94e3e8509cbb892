"""Bending masks: what a simple pixel is, and which mistakes are left."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from napari_unet.images.metrics import split_merge_error, warping_error
from napari_unet.images.metrics.warping import (
    _neighbourhoods,
    _simple_neighbourhoods,
    splits_and_mergers,
    warp,
)

masks = arrays(bool, (7, 8))
CORNERS = np.ones((3, 3))


def topology(mask):
    """Number of objects (joined at sides) and of pieces of background (at sides and corners)."""
    return ndimage.label(mask)[1], ndimage.label(~np.pad(mask, 1), CORNERS)[1]


def test_a_pixel_is_simple_exactly_if_changing_it_keeps_every_count_of_pieces():
    rng = np.random.default_rng(0)
    simple = _simple_neighbourhoods()
    seen = set()
    while len(seen) < 256:
        mask = rng.random((9, 9)) < rng.choice([0.2, 0.5, 0.8])
        y, x = rng.integers(1, 8, 2)
        padded = np.pad(mask, 1)
        code = np.frombuffer(bytes(_neighbourhoods(padded)), np.uint8).reshape(11, 11)[y + 1, x + 1]
        changed = mask.copy()
        changed[y, x] ^= True
        assert simple[code] == (topology(mask) == topology(changed))
        seen.add(int(code))


@settings(max_examples=150, deadline=None)
@given(real=masks, found=masks)
def test_bending_keeps_the_topology_and_leaves_no_pixel_that_could_be_bent(real, found):
    warped = warp(real, found)
    assert topology(warped) == topology(real)
    assert not ((warped != real) & (real == found)).any()  # only where they differed
    for y, x in np.argwhere(warped != found):
        changed = warped.copy()
        changed[y, x] ^= True
        assert topology(changed) != topology(warped)


@settings(max_examples=100, deadline=None)
@given(truth=masks)
def test_what_is_equal_has_no_mistake(truth):
    assert warping_error(truth, truth) == split_merge_error(truth, truth) == 0


def fewest_mistakes(real, found):
    """Try every order of bending."""
    start = real.tobytes()
    seen, waiting, fewest = {start}, [start], real.size
    while waiting:
        mask = np.frombuffer(waiting.pop(), bool).reshape(real.shape)
        fewest = min(fewest, int((mask != found).sum()))
        for y, x in np.argwhere(mask != found):
            changed = mask.copy()
            changed[y, x] ^= True
            key = changed.tobytes()
            if key not in seen and topology(changed) == topology(mask):
                seen.add(key)
                waiting.append(key)
    return fewest


def test_the_mistakes_are_hardly_more_than_the_fewest_there_can_be():
    rng = np.random.default_rng(1)
    more = []
    for _ in range(120):
        real, found = rng.random((2, 3, 4)) < 0.5
        left = round(warping_error(found, real) * real.size)
        more.append(left - fewest_mistakes(real, found))
    assert min(more) == 0
    assert np.mean(more) < 0.4  # the order of bending matters now and then, in noise at least


def cells():
    """Two cells, 9 x 8 pixels each, with a membrane one pixel wide around and between them."""
    mask = np.zeros((11, 19), bool)
    mask[1:10, 1:9] = mask[1:10, 10:18] = True
    return mask


def test_a_membrane_elsewhere_costs_nothing_and_a_gap_in_it_a_pixel():
    truth = cells()
    moved = np.zeros_like(truth)
    moved[1:10, 1:8] = moved[1:10, 9:18] = True
    assert (moved != truth).sum() == 9 + 9
    assert warping_error(moved, truth) == 0
    far = np.zeros_like(truth)
    far[1:10, 1:7] = far[1:10, 8:18] = True
    assert warping_error(far, truth) > 0
    gap = truth.copy()
    gap[5, 9] = True
    assert warping_error(gap, truth) == split_merge_error(gap, truth) == 1 / truth.size


def test_splits_mergers_and_other_mistakes():
    truth = cells()
    size = truth.size
    split = truth.copy()
    split[4, 1:9] = False  # a line of 8 pixels: bent as far as possible, one pixel remains
    assert split_merge_error(split, truth) == warping_error(split, truth) == 1 / size
    hole = truth.copy()
    hole[3, 3] = False
    assert warping_error(hole, truth) == 1 / size
    assert split_merge_error(hole, truth) == 0
    lost = truth.copy()
    lost[:, :9] = False
    assert warping_error(lost, truth) == 1 / size  # the cell shrinks to a pixel
    assert split_merge_error(lost, truth) == 0
    crumb = np.zeros((9, 9), bool)
    crumb[4, 4] = True
    assert warping_error(crumb, np.zeros((9, 9), bool)) == 1 / 81
    assert split_merge_error(crumb, np.zeros((9, 9), bool)) == 0


def slow_splits_and_mergers(warped, mistakes):
    """The rule of the challenge's software, with the whole plane counted anew for each mistake."""
    objects = np.pad(ndimage.label(warped)[0], 1)
    total = 0
    for y, x in np.argwhere(mistakes) + 1:
        near = objects[y - 1 : y + 2, x - 1 : x + 2].copy()
        near[1, 1] = near[0, 0]  # not the pixel itself
        ids = set(near.ravel().tolist())
        if len(ids) > 2:
            total += 1
        elif len(ids) == 2 and objects[y, x]:
            gone = np.pad(warped, 1)
            gone[y, x] = False
            pieces = ndimage.label(gone)[0][y - 1 : y + 2, x - 1 : x + 2]
            total += len(set(pieces.ravel().tolist())) > 2
    return total


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_splits_and_mergers_are_those_of_the_challenges_rule(seed):
    rng = np.random.default_rng(seed)
    rough = rng.standard_normal((2, 40, 40))
    real, found = (ndimage.gaussian_filter(one, 1.2) > -0.05 for one in rough)
    warped = warp(real, found)
    mistakes = warped != found
    assert splits_and_mergers(warped, mistakes) == slow_splits_and_mergers(warped, mistakes)


def test_the_certain_pixels_are_bent_first():
    truth = np.array([[0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]], bool)
    found = np.zeros_like(truth)
    certainty = np.zeros(truth.shape)
    certainty[1, 1:4] = 0.1, 0.2, 0.3
    assert np.argwhere(warp(truth, found, certainty)).tolist() == [[1, 1]]
    assert np.argwhere(warp(truth, found, certainty[:, ::-1])).tolist() == [[1, 3]]


def test_a_section_of_the_challenges_size_takes_seconds():
    rng = np.random.default_rng(0)
    real, found = (
        ndimage.gaussian_filter(one, 3) > -0.03 for one in rng.normal(size=(2, 512, 512))
    )
    began = time.process_time()
    warping_error(found, real)
    assert time.process_time() - began < 5


def test_several_planes_are_refused():
    with pytest.raises(ValueError, match="one plane after the other"):
        warping_error(np.zeros((2, 3, 3), bool), np.zeros((2, 3, 3), bool))
