import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers import Image, Labels

from napari_unet.widgets.layers.geometry import Frame, placement

numbers = st.floats(-3, 3)
scales = st.floats(0.1, 4)


def spread(angle):
    """A rotation of y and x, as a matrix of an image with channels first."""
    turn = np.eye(3)
    turn[1:, 1:] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return turn


@settings(deadline=None, max_examples=25)
@given(scales, scales, numbers, numbers, numbers, numbers, numbers)
def test_r14_3_a_pixel_of_the_result_lies_on_its_pixel_of_the_image(
    sy, sx, ty, tx, angle, shear, shift
):
    affine = np.eye(4)
    affine[1:3, 1:3] = [[1, 0.3 * shear], [0, 1]]
    affine[1, 3] = shift
    image = Image(
        np.zeros((2, 8, 9)),
        scale=(5, sy, sx),
        translate=(7, ty, tx),
        rotate=spread(angle),
        shear=(0, 0, shear),
        affine=affine,
    )
    result = Labels(np.zeros((8, 9), np.uint16), **placement(image, "CYX"))
    for at in ((0, 0), (7, 0), (3.5, 8)):
        np.testing.assert_allclose(
            result.data_to_world(at), image.data_to_world((0, *at))[1:], atol=1e-9
        )


def test_r14_3_units_and_axis_labels_are_taken_over_without_the_channels():
    image = Image(
        np.zeros((2, 4, 8, 9)), axis_labels=("c", "z", "y", "x"), units=("pixel", "um", "um", "nm")
    )
    result = Labels(np.zeros((4, 8, 9), np.uint16), **placement(image, "CZYX"))
    assert result.axis_labels == ("z", "y", "x")
    assert [str(unit) for unit in result.units] == ["micrometer", "micrometer", "nanometer"]


def test_channels_between_other_axes_become_one_pixel_that_reaches_over_all_of_them():
    image = Image(np.zeros((3, 4, 8, 9)), scale=(2, 0.5, 1, 1), translate=(0, 3, 0, 0))
    result = Labels(np.zeros((3, 1, 8, 9), np.uint16), **placement(image, "ZCYX"))
    for channel in range(4):
        at = result.world_to_data(image.data_to_world((2, channel, 5, 6)))
        assert [round(place) for place in at] == [2, 0, 5, 6]
    low = image.data_to_world((0, -0.5, 0, 0))
    assert round(result.world_to_data(low)[1], 6) == -0.5


@pytest.mark.parametrize(
    ("axes", "rgb", "shape", "expected"),
    [
        ("YX", False, (8, 9), (8, 9)),
        ("YXC", True, (8, 9), (8, 9)),
        ("ZYXC", True, (4, 8, 9), (4, 8, 9)),
        ("CYX", False, (8, 9), (8, 9)),
        ("ZCYX", False, (4, 8, 9), (4, 1, 8, 9)),
        ("TZCYX", False, (2, 4, 8, 9), (2, 4, 1, 8, 9)),
    ],
)
def test_r8_2_a_result_has_the_shape_of_its_image_without_the_channels(axes, rgb, shape, expected):
    frame = Frame(axes, rgb, shape)
    assert frame.shape == expected
    plane = np.zeros(expected)[frame.plane((0,) * (len(shape) - 2))]
    assert plane.shape == (8, 9)
    rows, columns = np.array([1, 7]), np.array([2, 8])
    index = frame.pixels((0,) * (len(shape) - 2), rows, columns)
    assert np.zeros(expected)[index].shape == (2,)
