"""Whether blocks find what is found in the whole image at once."""

from functools import partial
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.draw import disk

from napari_unet.images import blocks
from napari_unet.images.blocks import HALO_PX, instances_in_blocks
from napari_unet.images.classes import mask_of
from napari_unet.images.components import positions
from napari_unet.images.instances import instances
from napari_unet.schema.events import finish
from napari_unet.schema.settings import MaskSettings


def in_blocks(probabilities, options, block_px):
    """The labels that are written block by block."""
    made = []

    def create(dtype):
        made.append(np.full(probabilities.shape[-2:], 99, dtype))  # nothing may be left of these
        return made[-1]

    n = finish(instances_in_blocks(probabilities, options, create, block_px))
    assert n == made[-1].max(initial=0)
    return made[-1]


def check(probabilities, options, block_px, halo_px=HALO_PX):
    once = (instances if options.objects_of is None else mask_of)(probabilities, options)
    with patch.object(blocks, "HALO_PX", halo_px):
        labels = in_blocks(probabilities, options, block_px)
    assert labels.dtype == once.dtype
    np.testing.assert_array_equal(labels, once)
    return int(once.max(initial=0))


SPLIT, WHOLE = (MaskSettings(min_size_px=0, split_touching=split) for split in (True, False))
HALOS = st.sampled_from([1, 25, 32, HALO_PX])
OPTIONS = st.builds(
    MaskSettings,
    threshold=st.sampled_from([0.3, 0.5]),
    min_size_px=st.sampled_from([0, 1, 5, 40]),
    split_touching=st.booleans(),
)


@st.composite
def rough(draw):
    """Smoothed noise: from specks to one object with many holes; of one or more classes."""
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 90), st.integers(1, 90)))
    noise = np.random.default_rng(draw(st.integers(0, 2**32))).random(shape, np.float32)
    sigma = draw(st.sampled_from([0, 0.6, 1.5, 4]))
    noise = ndimage.gaussian_filter(noise, (0, sigma, sigma))
    at = np.quantile(noise, draw(st.sampled_from([0.02, 0.3, 0.5, 0.9])))
    return np.clip(noise - at + 0.5, 0, 1)


@settings(max_examples=60, deadline=None)
@given(p=rough(), options=OPTIONS, block_px=st.integers(3, 100), halo_px=HALOS)
def test_rough_shapes_are_the_same_in_blocks(p, options, block_px, halo_px):
    check(p, options, block_px, halo_px)


@settings(max_examples=40, deadline=None)
@given(
    discs=st.lists(st.tuples(*[st.integers(0, 150)] * 2, st.integers(2, 30)), max_size=40),
    radius=st.integers(0, 12),
    options=OPTIONS,
    block_px=st.integers(20, 160),
    halo_px=HALOS,
)
def test_touching_discs_are_the_same_in_blocks(discs, radius, options, block_px, halo_px):
    """Of many sizes, or of one, where many are equally high."""
    p = np.zeros((150, 140), np.float32)
    for y, x, own_radius in discs:
        p[disk((y, x), radius or own_radius, shape=p.shape)] = 1
    check(p, options, block_px, halo_px)


@pytest.mark.parametrize(("radius", "seed"), [(5, 7), (8, 16), (8, 28)])
def test_equally_high_objects_do_not_depend_on_others(radius, seed):
    """The watershed of scikit-image starts with any of them: these were not the same."""
    p = np.zeros((90, 90), np.float32)
    for at in np.random.default_rng(seed).integers(0, 90, (2500 // radius**2, 2)):
        p[disk(at, radius, shape=p.shape)] = 1
    check(p, SPLIT, 30)


@pytest.mark.parametrize("block_px", [16, 50])
def test_r10_3_discs_over_every_border_give_the_true_count(block_px):
    p = np.zeros((1, 140, 150), np.float32)
    for y in range(0, 140, 20):
        for x in range(0, 150, 20):
            p[0][disk((y, x), 9, shape=p.shape[1:])] = 1
    assert check(p, SPLIT, block_px) == check(p, WHOLE, block_px) == 7 * 8


@pytest.mark.parametrize("options", [SPLIT, WHOLE])
@pytest.mark.parametrize("shape", [(1, 1), (1, 70), (70, 1), (33, 64), (0, 5)])
def test_r10_2_empty_full_and_tiny_planes(shape, options):
    assert check(np.zeros(shape, np.float32), options, 16) == 0
    assert check(np.ones(shape, np.float32), options, 16) == int(0 not in shape)


@pytest.mark.parametrize("options", [SPLIT, WHOLE])
def test_one_object_that_winds_through_all_blocks_is_one(options):
    p = np.zeros((1, 101, 101), np.float32)
    p[0, ::4] = 1
    p[0, 1::8, -1] = p[0, 2::8, -1] = p[0, 3::8, -1] = 1
    p[0, 5::8, 0] = p[0, 6::8, 0] = p[0, 7::8, 0] = 1
    assert check(p, WHOLE, 20) == 1
    assert check(p, options, 20, halo_px=1) >= 1


@pytest.mark.parametrize("options", [SPLIT, WHOLE])
def test_classes_are_the_same_in_blocks(options):
    """Also where so many probabilities are added that their order matters."""
    noise = np.random.default_rng(0).random((12, 90, 80), np.float32)
    p = np.exp(40 * ndimage.gaussian_filter(noise, (0, 3, 3)))
    p /= p.sum(axis=0)
    few = p[:3] / p[:3].sum(axis=0)
    for block_px in (7, 31):
        check(p[:, :40, :50], options.model_copy(update={"threshold": 0.9}), block_px)
        check(few, options, block_px + 20)
        check(few, options.model_copy(update={"objects_of": 2}), block_px + 20)
    with pytest.raises(ValueError, match="no class 3"):
        in_blocks(few, options.model_copy(update={"objects_of": 3}), 50)


@pytest.mark.parametrize("options", [SPLIT, WHOLE])
def test_r6_1_ids_are_16_bit_as_long_as_they_fit(options):
    p = np.zeros((600, 600), np.float32)
    p[::2, ::2] = 1
    assert check(p, options, 300) == 300 * 300
    assert check(p[:300, :300], options, 299) == 150 * 150


class Guarded:
    """A file that is never to be read or written but by boxes of so many pixels."""

    def __init__(self, array, most_px):
        self.array, self.most_px, self.shape = array, most_px, array.shape

    def __getitem__(self, at):
        part = self.array[at]
        assert part.size <= self.most_px
        return part

    def __setitem__(self, at, values):
        assert values.size <= self.most_px
        self.array[at] = values


@pytest.mark.parametrize(("options", "halo_px"), [(SPLIT, HALO_PX), (WHOLE, 0)])
def test_r6_3_no_more_is_read_at_once_than_a_block_and_its_halo(options, halo_px):
    """Of objects that touch in pairs."""
    p = np.zeros((1, 400, 500), np.float32)
    for y in range(9, 400, 23):
        for x in range(9, 480, 45):
            for beside in (x, x + 18):
                p[0][disk((y, beside), 10, shape=p.shape[1:])] = 1
    labels = np.zeros(p.shape[1:], np.uint16)
    most = (100 + 2 * halo_px) ** 2
    finish(
        instances_in_blocks(Guarded(p, most), options, lambda dtype: Guarded(labels, 100**2), 100)
    )
    np.testing.assert_array_equal(labels, instances(p, options))


def test_from_zarr_to_zarr(tmp_path):
    zarr = pytest.importorskip("zarr")
    p = ndimage.gaussian_filter(np.random.default_rng(0).random((1, 120, 130), np.float32), 2)
    stored = zarr.open_array(
        tmp_path / "p", mode="w", shape=p.shape, dtype="f4", chunks=(1, 50, 50)
    )
    stored[:] = p

    def create(dtype):
        place = tmp_path / "labels"
        return zarr.open_array(place, mode="w", shape=p.shape[1:], dtype=dtype, chunks=(64, 64))

    assert finish(instances_in_blocks(stored, SPLIT, create, 64)) > 5
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "labels")[:], instances(p, SPLIT))


def test_each_block_is_announced_and_the_last_is_the_end():
    p = np.ones((1, 50, 70), np.float32)
    for options, passes in ((SPLIT, 3), (WHOLE, 2)):
        job = instances_in_blocks(p, options, partial(np.zeros, p.shape[1:]), 25)
        done = [(event.done, event.total) for event in job]
        assert sorted(done) == done
        assert len(set(done)) == passes * 6 == done[-1][0] == done[-1][1]


def test_r6_5_pixels_beyond_two_thousand_million_are_counted():
    assert positions(np.array([7]), (50_000, 10, 50_005, 15), 60_000) == 50_001 * 60_000 + 12
