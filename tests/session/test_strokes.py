import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import polygon2mask

from napari_unet.session.strokes import enclosed, pixels_under


def test_a_wider_stroke_covers_more_and_stays_inside():
    rows, columns = pixels_under([(0, 0), (10, 10)], (11, 11), width_px=5)
    assert len(rows) > 30
    assert rows.min() == columns.min() == 0
    assert rows.max() == columns.max() == 10
    assert len(set(zip(rows.tolist(), columns.tolist(), strict=True))) == len(rows)


def test_pixels_come_in_the_order_of_the_stroke():
    rows, columns = pixels_under([(5, 5), (5, 2), (7, 2)], (20, 20))
    found = list(dict.fromkeys(zip(rows.tolist(), columns.tolist(), strict=True)))
    assert found == [(5, 5), (5, 4), (5, 3), (5, 2), (6, 2), (7, 2)]


def filled(outline, shape):
    (top, left), inside = enclosed(outline, shape)
    whole = np.zeros(shape, bool)
    whole[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
    return whole


def test_a_box_encloses_its_pixels():
    expected = np.zeros((20, 30), bool)
    expected[3:9, 4:15] = True
    np.testing.assert_array_equal(filled([(3, 4), (3, 14), (8, 14), (8, 4)], (20, 30)), expected)
    np.testing.assert_array_equal(filled([(8, 4), (8, 14), (3, 14), (3, 4)], (20, 30)), expected)


def test_all_loops_of_an_outline_count():
    eight = [(2, 2), (2, 8), (12, 20), (2, 20), (12, 2)]
    inside = filled(eight, (20, 30))
    assert inside[3, 4]
    assert inside[4, 17]


@pytest.mark.parametrize("outline", [[(5, 5)], [(5, 5), (5, 9)], [(-9, -9), (-9, 50)]])
def test_a_line_encloses_no_more_than_itself(outline):
    rows, columns = pixels_under(outline, (20, 30))
    assert np.count_nonzero(filled(outline, (20, 30))) == len(set(zip(rows, columns, strict=True)))


corners = st.tuples(st.integers(0, 19), st.integers(0, 29))


@settings(deadline=None)
@given(st.tuples(corners, corners, corners))
def test_a_triangle_is_that_of_scikit_image_but_for_its_rim(triangle):
    inside = filled(triangle, (20, 30))
    rim = np.zeros((20, 30), bool)
    rim[pixels_under([*triangle, triangle[0]], rim.shape)] = True
    expected = polygon2mask((20, 30), triangle)
    assert inside[rim].all()
    np.testing.assert_array_equal(inside[~rim], expected[~rim])


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=9))
def test_an_outline_from_far_away_costs_no_more_than_the_plane(outline):
    (top, left), inside = enclosed(outline, (20, 30))
    assert min(top, left) >= 0
    assert top + inside.shape[0] <= 20 or not inside.size
    assert left + inside.shape[1] <= 30 or not inside.size
