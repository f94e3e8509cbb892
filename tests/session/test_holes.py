import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_unet.session import holes
from napari_unet.session.holes import fill_holes
from tests.session.planes import SIZE, after, bars, planes, unchanged


def with_holes():
    """Bars of which the first has two holes, the second is open to the side, the third has one."""
    labels = bars()
    labels[4:6, 4:6] = labels[10:13, 3:5] = 0
    labels[8:10, 12:16] = 0
    labels[8:12, 20:22] = 0
    return labels


def test_r11_1_all_holes_are_filled_and_bays_are_not():
    labels = with_holes()
    expected = bars()
    expected[8:10, 12:16] = 0
    np.testing.assert_array_equal(after(labels, fill_holes(labels)), expected)


def test_r11_1_a_click_fills_the_holes_of_its_object_or_a_single_one():
    labels = with_holes()
    of_one = after(labels, fill_holes(labels, (3, 3)))
    np.testing.assert_array_equal(of_one[:, :10], bars()[:, :10])
    unchanged(labels, of_one, 1)
    single = after(labels, fill_holes(labels, (4.6, 5.4)))
    assert (single[4:6, 4:6] == 1).all()
    assert not single[10:13, 3:5].any()


def test_an_object_within_a_hole_stays():
    labels = np.zeros((20, 20), np.uint16)
    labels[2:18, 2:18] = 1
    labels[5:15, 5:15] = 0
    labels[8:12, 8:12] = 2
    filled = after(labels, fill_holes(labels))
    unchanged(labels, filled, 1)
    assert np.count_nonzero(filled == 1) == 16 * 16 - 4 * 4
    with pytest.raises(ValueError, match="where one object goes all around"):
        fill_holes(labels, (6, 6))  # two objects touch this background


def test_a_hole_in_an_object_within_a_hole_is_filled_by_the_inner_one():
    labels = np.zeros((20, 20), np.uint16)
    labels[2:18, 2:18] = 4
    labels[4:16, 4:16] = 0
    labels[7:13, 7:13] = 1
    labels[9:11, 9:11] = 0
    repair = fill_holes(labels)
    assert len(set(zip(repair.rows, repair.columns, strict=True))) == len(repair.rows)
    filled = after(labels, repair)
    assert (filled[7:13, 7:13] == 1).all()
    assert np.count_nonzero(filled == 4) == 16 * 16 - 6 * 6


@pytest.mark.parametrize("at", [(0, 0), (9, 13), (10, 10), (-9, 3), (5, 99)])
def test_open_background_is_no_hole(at):
    with pytest.raises(ValueError, match="where one object goes all around"):
        fill_holes(with_holes(), at)


def test_filling_says_that_there_is_no_hole():
    with pytest.raises(ValueError, match="No object has a hole"):
        fill_holes(bars())
    with pytest.raises(ValueError, match="This object has no hole"):
        fill_holes(bars(), (5, 3))


@pytest.mark.parametrize("side", [50, 300, 1500])
def test_large_holes_are_found_from_any_place_in_them(side):
    labels = np.zeros((2000, 2000), np.uint8)
    labels[100 : 102 + side, 200 : 202 + side] = 5
    labels[101 : 101 + side, 201 : 201 + side] = 0
    for at in ((101, 201), (100 + side, 201)):
        assert len(fill_holes(labels, at).rows) == side**2


@settings(deadline=None)
@given(planes())
def test_r11_2_filling_changes_background_only_and_leaves_no_hole(labels):
    try:
        filled = after(labels, fill_holes(labels))
    except ValueError:
        filled = labels
    np.testing.assert_array_equal(filled[labels > 0], labels[labels > 0])
    for id_ in np.unique(filled[filled > 0]):
        closed = ndimage.binary_fill_holes(filled == id_)
        assert (filled[closed] > 0).all()


@settings(deadline=None)
@given(planes(), st.tuples(st.integers(0, SIZE[0] - 1), st.integers(0, SIZE[1] - 1)))
def test_a_click_fills_at_most_what_filling_all_does(labels, at):
    try:
        one = after(labels, fill_holes(labels, at))
    except ValueError:
        return
    (id_,) = np.unique(one[one != labels])
    everywhere = after(labels, fill_holes(labels))
    assert (everywhere[one != labels] > 0).all()
    np.testing.assert_array_equal(one != labels, (one == id_) & (labels == 0))


def test_a_hole_is_looked_for_in_ever_larger_squares(monkeypatch):
    monkeypatch.setattr(holes, "_LOOK_PX", (4, 8))
    assert len(fill_holes(with_holes(), (4, 4)).rows) == 4
    monkeypatch.setattr(holes, "_LOOK_PX", (2,))
    with pytest.raises(ValueError, match="goes all around"):
        fill_holes(with_holes(), (4, 4))
