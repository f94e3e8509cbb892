"""A tiled prediction is the prediction of the whole image."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.inference import tiled
from napari_unet.inference.tiled import predict_tiles, predict_whole
from napari_unet.networks.build import build_network, fuse, network_settings
from napari_unet.schema.catalog import NETWORKS
from tests.networks.test_networks import each, tiny

NOISE = np.random.default_rng(0).random((1, 150, 130), dtype=np.float32)
sizes = st.tuples(st.integers(1, 100), st.integers(1, 100))


def network_of(name, seed=0, **more):
    """Its statistics are those of noise, so that activations keep their size."""
    settings = network_settings(name, **tiny(name, features=4, **more))
    network = build_network(name, settings, seed)
    generator = torch.Generator().manual_seed(seed)
    side = network.fitting_px(64) + 2 * network.margin_px
    network.train().heads(torch.rand(4, 1, side, side, generator=generator))
    return fuse(network)


NORMALIZATIONS = ["kernel", "batch", "layer", "none"]
SHAPES = [
    {"normalization": normalization, "upsampling": how}
    for normalization in NORMALIZATIONS
    for how in ("transposed", "bilinear", "nearest")
]


@pytest.mark.parametrize(("name", "shape"), each(*SHAPES))
@settings(max_examples=3, deadline=None)
@given(sizes, st.integers(16, 150), st.integers(0, 2**16))
def test_r10_1_tiled_equals_whole(name, shape, size, tile_px, seed):
    network = network_of(name, **shape)
    image = np.random.default_rng(seed).random((1, *size), dtype=np.float32)
    whole = predict_whole(network, image, tile_px=8192)
    in_tiles = predict_whole(network, image, tile_px=tile_px)
    assert np.abs(whole - in_tiles).max() < 1e-4


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_the_networks_of_these_tests_answer_every_pixel_differently(name, normalization):
    image = np.random.default_rng(0).random((1, 50, 50), dtype=np.float32)
    assert predict_whole(network_of(name, normalization=normalization), image).std() > 1e-3


def test_group_norm_is_why_this_needs_a_test():
    """The control: a norm that looks at the whole tile is found out."""
    network = network_of("unet", normalization="group")
    image = np.random.default_rng(0).random((1, 130, 130), dtype=np.float32)
    image[:, :60] *= 5
    in_tiles, whole = (predict_whole(network, image, tile_px=size) for size in (32, 8192))
    assert np.abs(whole - in_tiles).max() > 1e-3


@settings(max_examples=8, deadline=None)
@given(sizes, st.data())
def test_r6_4_a_region_is_a_part_of_the_whole(shape, data):
    y = sorted(data.draw(st.lists(st.integers(0, shape[0]), min_size=2, max_size=2, unique=True)))
    x = sorted(data.draw(st.lists(st.integers(0, shape[1]), min_size=2, max_size=2, unique=True)))
    box = (y[0], x[0], y[1], x[1])
    network = network_of("unet")
    image = np.random.default_rng(1).random((1, *shape), dtype=np.float32)
    whole = predict_whole(network, image)
    for tile, part in predict_tiles(network, image, tile_px=32, region=box):
        y0, x0, y1, x1 = tile.core
        assert y[0] <= y0 < y1 <= y[1]
        assert x[0] <= x0 < x1 <= x[1]
        np.testing.assert_allclose(part, whole[:, y0:y1, x0:x1], atol=1e-4)


def test_r3_1_short_of_memory_a_whole_is_made_of_smaller_tiles(monkeypatch):
    """So a training lives on whose network is asked in the meantime."""
    network, image = network_of("unet"), NOISE
    expected, run, sides = predict_whole(network, image), tiled._run, []

    def short(network, shown, level):
        sides.append(max(shown.shape))
        if sides[-1] > 100:
            raise RuntimeError("MPS backend out of memory")
        return run(network, shown, level)

    monkeypatch.setattr(tiled, "_run", short)
    np.testing.assert_allclose(predict_whole(network, image), expected, atol=1e-5)
    assert max(sides) > 100 > min(sides)


def test_an_error_that_is_not_for_want_of_memory_is_raised(monkeypatch):
    def wrong(network, shown, level):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(tiled, "_run", wrong)
    with pytest.raises(RuntimeError, match="mat1"):
        predict_whole(network_of("unet"), NOISE)


def test_r10_4_the_tile_that_was_chosen_is_used():
    network = network_of("unet")
    shown = []
    network.heads = spy(network.heads, shown)
    predict_whole(network, np.zeros((1, 200, 200), np.float32), tile_px=64)
    assert len(shown) == 16
    widest = 64 + 2 * 4 * -(-network.halo_px // 4) + 4
    assert max(max(shape[-2:]) for shape in shown) <= widest


def test_a_network_that_does_not_pad_sees_the_image_mirrored():
    """The overlap-tile strategy of the paper: beyond the edge lies the image's reflection."""
    network = network_of("unet-2015", depth=3)
    image = np.random.default_rng(0).random((1, 40, 40), dtype=np.float32)
    mirrored = np.pad(image, [(0, 0), (48, 48), (48, 48)], mode="reflect")
    inside = (slice(None), slice(48, 88), slice(48, 88))
    expected = predict_whole(network, mirrored)[inside]
    np.testing.assert_allclose(predict_whole(network, image), expected, atol=1e-5)


def spy(function, seen):
    def called(image, level=None):
        seen.append(image.shape)
        return function(image, level)

    return called


@pytest.mark.parametrize("name", NETWORKS)
def test_averaging_over_rotations_makes_the_answer_turn_with_the_image(name):
    network = network_of(name)
    image = np.random.default_rng(0).random((1, 64, 64), dtype=np.float32)
    turned = averaged(network, np.rot90(image, axes=(1, 2)).copy())
    expected = np.rot90(averaged(network, image), axes=(1, 2))
    np.testing.assert_allclose(turned, expected, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_r10_1_averaging_over_rotations_does_not_depend_on_the_tiles(name):
    network = network_of(name)
    image = np.random.default_rng(0).random((1, 70, 45), dtype=np.float32)
    tiled, whole = (averaged(network, image, tile_px) for tile_px in (32, 512))
    np.testing.assert_allclose(tiled, whole, atol=1e-4)


def averaged(network, image, tile_px=512):
    """Probabilities of a whole image, averaged over its flips and turns."""
    whole = np.full(image.shape, np.nan, np.float32)
    for tile, found in predict_tiles(network, image, tile_px=tile_px, rotations=True):
        y0, x0, y1, x1 = tile.core
        whole[:, y0:y1, x0:x1] = found
    return whole
