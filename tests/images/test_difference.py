import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_unet.images.difference import DIFFER, ONLY_NEW, ONLY_OLD, difference


def test_each_pixel_is_of_one_of_four_kinds():
    old, new = np.array([[0, 1, 0, 1, 1]]), np.array([[0, 0, 2, 1, 2]])
    assert difference(old, new).tolist() == [[0, ONLY_OLD, ONLY_NEW, 0, DIFFER]]


@given(arrays(np.uint16, (2, 5, 7), elements=st.integers(0, 3)))
def test_the_other_way_round_old_and_new_change_places(both):
    old, new = both
    there, back = difference(old, new), difference(new, old)
    assert (np.array([0, ONLY_NEW, ONLY_OLD, DIFFER])[there] == back).all()
    assert ((there == 0) == (old == new)).all()
    assert not difference(old, old).any()


def test_masks_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match="make both of one plane"):
        difference(np.zeros((2, 3)), np.zeros((3, 2)))
