"""A colour image is seen as a grey one in the way that was asked for."""

import numpy as np
import pytest
from skimage.color import hed2rgb

from napari_unet.images.axes import channel_names, describe, plane
from napari_unet.images.colour import COLOURS, luminance, one_colour


def test_luminance_weighs_the_colours():
    assert luminance(np.array([[[100, 0, 0]]], np.uint8))[0, 0] == pytest.approx(21.25)
    assert luminance(np.array([[[9, 9, 9, 255]]], np.uint8))[0, 0] == pytest.approx(9)


def test_the_blue_stain_is_told_from_brown_and_white():
    amounts = np.zeros((3, 8, 3))
    amounts[0, :, 0], amounts[1, :, 2] = 0.08, 0.08
    blue, brown, white = one_colour((255 * hed2rgb(amounts)).round().astype(np.uint8), 3)
    assert blue.dtype == np.float32
    np.testing.assert_allclose(blue, 0.08, atol=0.005)
    np.testing.assert_allclose([brown, white], 0, atol=0.005)


@pytest.mark.parametrize("alpha", [0, 1])
def test_a_plane_of_one_colour(alpha):
    stack = np.random.default_rng(0).integers(0, 255, (4, 9, 8, 3 + alpha), dtype=np.uint8)
    assert channel_names(stack.shape, "ZYXC") == COLOURS
    np.testing.assert_array_equal(plane(stack, "ZYXC", 2, 1), stack[2, ..., 1])
    np.testing.assert_array_equal(plane(stack, "ZYXC", 2, 3), one_colour(stack[2], 3))
    with pytest.raises(ValueError, match="no channel 5: the image has 4, counted from 1"):
        plane(stack, "ZYXC", 2, 4)


def test_channels_that_are_no_colours_have_numbers():
    assert channel_names((2, 9, 8), "CYX") == ("channel 1", "channel 2")
    assert channel_names((9, 8), "YX") == ()
    assert describe((9, 8, 3), "YXC", 3) == "9 x 8, colour; blue stain"
