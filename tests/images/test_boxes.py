"""Boxes around what is true."""

import numpy as np
import pytest

from napari_unet.images.boxes import around, bounding_box


@pytest.mark.parametrize(
    ("true", "box"),
    [(np.s_[3, 4], (3, 4, 4, 5)), (np.s_[2:5, 1:7], (2, 1, 5, 7)), (np.s_[:0], (0, 0, 8, 9))],
)
def test_a_box_holds_all_that_is_true_and_the_whole_where_nothing_is(true, box):
    mask = np.zeros((8, 9), bool)
    mask[true] = True
    assert bounding_box(mask) == box


def test_what_lies_around_ends_where_the_plane_does():
    plane = np.arange(80).reshape(8, 10)
    mask = plane == 11  # at (1, 1)
    assert plane[around(mask, 2)].tolist() == plane[:4, :4].tolist()
    assert plane[around(mask, 99)].shape == plane.shape
