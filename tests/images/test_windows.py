"""Whether a box is cut as in the whole image, though only its surroundings are read."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_unet.images import windows
from napari_unet.images.splitting import distance_inside, smooth


def porous(seed):
    """Large objects with holes of about the size that makes a pinhole."""
    random = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(random.random((160, 160)), random.choice([3, 8]))
    mask = noise > np.quantile(noise, random.choice([0.1, 0.4]))
    for _ in range(random.integers(0, 30)):
        y, x = random.integers(0, 160, 2)
        length = random.integers(15, 26)
        mask[(y, slice(x, x + length)) if random.random() < 0.5 else (slice(y, y + length), x)] = 0
    return mask.astype(np.uint8)


def check(classes, box, halo_px):
    """Bit by bit, with what is cut caught on the way."""
    seen = []

    def see(mine, width):
        seen.append(np.where(mine, width, 0))
        return np.zeros(mine.shape, np.int32)

    def read(window):
        return classes[windows.slices(window)]

    with patch.object(windows, "cut", see):
        windows.cut_within(read, classes.shape, box, lambda inside: inside, halo_px)
    whole = smooth(distance_inside(classes > 0), classes > 0)[windows.slices(box)]
    assert bool(seen) == whole.any()
    for width in seen:
        np.testing.assert_array_equal(width, whole)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    corner=st.tuples(st.integers(0, 100), st.integers(0, 100)),
    halo_px=st.integers(1, 60),
)
def test_distances_in_a_box_are_those_of_the_whole_image(seed, corner, halo_px):
    check(porous(seed), (*corner, corner[0] + 40, corner[1] + 40), halo_px)


@pytest.mark.parametrize("beyond_px", [1, 5, 9, 12])
def test_a_slit_of_which_only_a_part_is_seen_is_no_pinhole(beyond_px):
    """What is seen of it is smaller than a pinhole, what is beyond the window is not."""
    classes = np.zeros((41, 200), np.uint8)
    classes[10:31] = 1
    classes[20, 60 + beyond_px : 84 + beyond_px] = 0
    for halo_px in range(8, 40):
        check(classes, (10, 30, 31, 60), halo_px)


def test_a_speck_in_a_moat_sees_the_shore_beyond_the_land():
    """Where the window is filled altogether nothing is known of distances."""
    classes = np.zeros((300, 320), np.uint8)
    classes[5:, 7:] = 1
    classes[150:153, 150:153] = 0
    classes[151, 151] = 1
    check(classes, (145, 145, 160, 160), 1)
