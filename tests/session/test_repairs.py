import numpy as np
import pytest
from hypothesis import given, settings

from napari_unet.session.repairs import (
    delete_in,
    delete_object,
    encircle,
    merge_clicked,
    merge_objects,
)
from tests.session.planes import NEW, after, bars, clicked, pieces, planes, strokes, unchanged


def box(y0, x0, y1, x1):
    return [(y0, x0), (y0, x1 - 1), (y1 - 1, x1 - 1), (y1 - 1, x0)]


def ring(centre, radius, turns=1.0):
    angles = np.linspace(0, 2 * np.pi * turns, 60)
    return [(centre[0] + radius * np.sin(a), centre[1] + radius * np.cos(a)) for a in angles]


# -- delete


def test_r11_1_deleting_removes_the_clicked_object_and_nothing_else():
    labels = bars()
    np.testing.assert_array_equal(
        after(labels, delete_object(labels, (5, 14))), np.where(labels == 2, 0, labels)
    )


def test_all_pieces_of_a_deleted_object_go():
    labels = bars()
    labels[labels == 3] = 1
    np.testing.assert_array_equal(
        after(labels, delete_object(labels, (5, 3))), np.where(labels == 1, 0, labels)
    )


@pytest.mark.parametrize("at", [(0, 0), (-5, 3), (5, 99)])
def test_deleting_says_what_to_do_where_there_is_no_object(at):
    with pytest.raises(ValueError, match="click on the object"):
        delete_object(bars(), at)


@pytest.mark.parametrize(
    ("region", "gone"),
    [
        (box(0, 0, 20, 30), {1, 2, 3}),
        (box(-99, -99, 999, 999), {1, 2, 3}),
        (box(0, 0, 20, 16), {1, 2}),  # four of six columns of the second
        (box(0, 0, 20, 15), {1}),  # half of the second is not more than half
        ([(1, 10), (1, 25), (18, 25), (18, 10)], {2, 3}),
        ([(-30, 5), (10, 40), (50, 5)], {2, 3}),  # a triangle that begins and ends outside
        (ring((10, 4.5), 9), {1}),
    ],
)
def test_r11_1_objects_that_lie_in_a_region_are_deleted(region, gone):
    labels = bars()
    expected = np.where(np.isin(labels, list(gone)), 0, labels)
    np.testing.assert_array_equal(after(labels, delete_in(labels, region)), expected)


@pytest.mark.parametrize("region", [box(0, 8, 20, 11), box(2, 2, 18, 4), [(0, 0)], [(99, 99)] * 3])
def test_deleting_in_a_region_says_what_to_do_where_no_object_lies(region):
    with pytest.raises(ValueError, match="draw around the objects"):
        delete_in(bars(), region)


@settings(deadline=None)
@given(planes(), strokes)
def test_r11_1_deleting_in_any_outline_takes_whole_objects(labels, outline):
    try:
        repair = delete_in(labels, outline)
    except ValueError:
        return
    repaired = after(labels, repair)
    gone = set(np.unique(labels).tolist()) - set(np.unique(repaired).tolist())
    assert gone
    np.testing.assert_array_equal(repaired, np.where(np.isin(labels, list(gone)), 0, labels))


# -- merge


def test_r11_1_merging_gives_all_objects_under_the_stroke_the_id_of_the_first():
    labels = bars()
    merged = after(labels, merge_objects(labels, [(5, 20), (5, 14), (5, 4)]))
    np.testing.assert_array_equal(merged, np.where(labels > 0, 3, 0))


def test_r11_1_clicks_merge_what_was_clicked_and_nothing_between():
    labels = bars()
    merged = after(labels, merge_clicked(labels, [(5, 3), (5, 20)]))
    np.testing.assert_array_equal(merged, np.where(labels == 3, 1, labels))


def test_merging_needs_two_objects():
    with pytest.raises(ValueError, match="drag from the one onto the other"):
        merge_objects(bars(), [(5, 3), (6, 6)])
    for clicks in ([(5, 3), (6, 6)], [(5, 3), (0, 0)], [(5, 3)], [(5, 3), (-9, 99)]):
        with pytest.raises(ValueError, match="click on the one, then on the other"):
            merge_clicked(bars(), clicks)


@settings(deadline=None)
@given(clicked(3))
def test_r11_2_merging_moves_whole_objects(plane):
    labels, clicks = plane
    try:
        repaired = after(labels, merge_clicked(labels, clicks))
    except ValueError:
        return
    gone = set(np.unique(labels).tolist()) - set(np.unique(repaired).tolist())
    (into,) = np.unique(repaired[np.isin(labels, list(gone))]).tolist()
    unchanged(labels, repaired, into, *gone)
    np.testing.assert_array_equal(repaired > 0, labels > 0)


# -- encircle


def test_r11_2_what_was_drawn_around_becomes_an_object_with_a_new_id():
    labels = np.zeros((40, 40), np.uint16)
    drawn = after(labels, encircle(labels, ring((20, 20), 10), NEW))
    y, x = np.indices(labels.shape)
    distance = np.hypot(y - 20, x - 20)
    assert (drawn[distance <= 9] == NEW).all()
    assert not drawn[distance > 11].any()


def test_an_outline_may_stay_open_and_cross_itself():
    labels = np.zeros((40, 40), np.uint16)
    whole = after(labels, encircle(labels, ring((20, 20), 10), NEW))
    for turns in (0.9, 1.2, 2.1):
        drawn = after(labels, encircle(labels, ring((20, 20), 10, turns), NEW))
        assert np.count_nonzero(drawn != whole) < 0.1 * np.count_nonzero(whole)
        assert pieces(drawn == 0, True) == 1, "nothing is left out inside"


def test_r11_2_other_objects_keep_their_pixels_and_the_new_one_is_in_one_piece():
    labels = bars()
    drawn = after(labels, encircle(labels, box(4, 3, 10, 18), NEW))
    unchanged(labels, drawn)
    np.testing.assert_array_equal(np.argwhere(drawn == NEW)[[0, -1]], [[4, 8], [9, 11]])
    across = after(labels, encircle(labels, box(4, 0, 10, 10), NEW))
    unchanged(labels, across)
    assert pieces(across, NEW) == 1


@pytest.mark.parametrize(
    ("outline", "says"),
    [
        ([(5, 5)], "draw all around"),
        ([(5, 5), (9, 20)], "draw all around"),
        ([(5, 9), (19, 9), (5, 9)], "draw all around"),
        ([(99, 99), (120, 99), (120, 130)], "draw all around"),
        (box(3, 3, 8, 8), "Other objects fill"),
    ],
)
def test_encircling_says_what_to_do(outline, says):
    with pytest.raises(ValueError, match=says):
        encircle(bars(), outline, NEW)


@settings(deadline=None)
@given(planes(), strokes)
def test_r11_2_any_outline_leaves_all_objects_as_they_are(labels, outline):
    try:
        drawn = after(labels, encircle(labels, outline, NEW))
    except ValueError:
        return
    unchanged(labels, drawn)
    assert pieces(drawn, NEW) == 1
    assert (labels[drawn == NEW] == 0).all()
