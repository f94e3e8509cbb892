"""Grey values are brought to one range, whatever they were."""

import numpy as np
import pytest

from napari_unet.images.normalize import find_stretches, normalize

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32, np.float64])
def test_r8_4_same_result_for_every_dtype(dtype):
    image = RNG.integers(0, 120, (40, 50))
    np.testing.assert_allclose(normalize(image.astype(dtype)), normalize(image), atol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "offset"), [(np.float64, 1e9), (np.int32, 2e9), (np.uint32, 4e9), (np.int64, -1e15)]
)
def test_r8_4_large_grey_values_are_told_apart(dtype, offset):
    image = RNG.integers(0, 120, (40, 50))
    np.testing.assert_allclose(normalize((image + offset).astype(dtype)), normalize(image))


@pytest.mark.parametrize(("dtype", "largest"), [(np.float32, 3.4e38), (np.float64, 1.7e308)])
def test_r8_4_the_largest_numbers_there_are_give_numbers(dtype, largest):
    image = RNG.random((40, 50)).astype(dtype)
    image[:4], image[-4:] = -largest, largest
    result = normalize(image)
    assert (result[0, :4] == 0).all()
    assert (result[0, -4:] == 1).all()


def test_r8_4_same_result_up_to_scaling():
    image = RNG.random((40, 50))
    np.testing.assert_allclose(normalize(image * 4000 - 7), normalize(image), atol=1e-4)


def test_percentiles_become_0_and_1():
    result = normalize(np.linspace(0, 1000, 10_000).reshape(100, 100), (1, 99))
    assert np.percentile(result, 1) == pytest.approx(0, abs=1e-3)
    assert np.percentile(result, 99) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("image", [np.full((5, 5), 7), np.full((5, 5), np.nan), np.ones((1, 1))])
def test_r8_4_nothing_to_see_gives_zeros(image):
    assert (normalize(image) == 0).all()


def test_r8_4_a_sparse_image_is_not_lost():
    image = np.zeros((100, 100))
    image[50, 50] = 1000
    assert normalize(image).max() == 1


def test_pixels_that_are_no_numbers_count_as_dark():
    image = RNG.random((20, 20))
    image[3, 4], image[5, 6], image[7, 8] = np.nan, np.inf, -np.inf
    result = normalize(image)
    assert np.isfinite(result).all()
    assert result[0, 3, 4] == result.min()


def test_channels_are_stretched_one_by_one():
    image = np.stack([RNG.random((30, 30)), 1000 * RNG.random((30, 30))])
    both = normalize(image)
    np.testing.assert_array_equal(both[1], normalize(image[1])[0])
    assert both.dtype == np.float32


IMAGES = {
    "small": RNG.integers(0, 255, (1, 60, 70), dtype=np.uint8),
    "two channels": RNG.random((2, 30, 40)),
    "sampled": RNG.integers(0, 4000, (1, 2100, 1700), dtype=np.uint16),
    "broken": np.where(RNG.random((1, 1300, 1900)) < 0.1, np.nan, RNG.random((1, 1300, 1900))),
    "constant": np.full((1, 2000, 1500), 7),
    "nothing": np.full((1, 40, 40), np.inf),
}
IMAGES["sparse"] = np.zeros((1, 2000, 1501), np.uint8)
IMAGES["sparse"][0, 1, 1] = 9


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("name", IMAGES)
def test_r6_3_block_by_block_it_is_the_same_bit_for_bit(name, inverted):
    image = IMAGES[name]
    blocks = []

    def read(box):
        y0, x0, y1, x1 = box
        blocks.append((y1 - y0) * (x1 - x0))
        return image[:, y0:y1, x0:x1]

    found = find_stretches(
        read, image.shape[1:], (1.0, 99.8), inverted=inverted, block_px=(513, 400)
    )
    stretched = np.stack([stretch(plane) for stretch, plane in zip(found, image, strict=True)])
    np.testing.assert_array_equal(stretched, normalize(image, inverted=inverted))
    assert max(blocks) <= 513 * 400
    assert sum(stretch.broken for stretch in found) == np.count_nonzero(~np.isfinite(image))


def test_of_a_plane_up_to_a_megapixel_and_a_half_every_pixel_counts():
    image = np.zeros((1, 1200, 1200), np.uint16)
    image[0, ::2, ::2] = 1000
    assert normalize(image).max() == 1
    found = find_stretches(lambda box: image, (1200, 1200), (0, 76), block_px=(1200, 1200))
    assert (found[0].low, found[0].high) == (0, 1000)
