import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_unet.session.splitting import split_between, split_objects, tidy
from tests.session.planes import (
    NEW,
    after,
    bars,
    clicked,
    disks,
    pieces,
    planes,
    strokes,
    unchanged,
)

# -- along a line


def test_r11_1_splitting_makes_two_objects_and_leaves_no_gap():
    labels = bars()
    cut = after(labels, split_objects(labels, [(6.2, 0), (6.2, 9)], NEW))
    assert set(np.unique(cut[labels == 1])) == {1, NEW}
    np.testing.assert_array_equal(cut > 0, labels > 0)
    unchanged(labels, cut, 1)
    assert (cut == 1).sum() > (cut == NEW).sum(), "the larger piece keeps its id"


def test_one_line_splits_all_objects_that_it_crosses():
    labels = bars()
    cut = after(labels, split_objects(labels, [(10, 0), (9, 29)], NEW))
    assert set(np.unique(cut)) == {0, 1, 2, 3, NEW, NEW + 1, NEW + 2}
    assert all(pieces(cut, id_) == 1 for id_ in np.unique(cut)[1:])


@pytest.mark.parametrize("angle", np.linspace(0, np.pi, 9))
def test_a_line_cuts_a_disk_in_two_at_every_angle(angle):
    y, x = np.mgrid[:41, :41] - 20
    labels = (y**2 + x**2 < 15**2).astype(np.uint16)
    ends = 25 * np.array([np.sin(angle), np.cos(angle)])
    cut = after(labels, split_objects(labels, [tuple(20 - ends), tuple(20 + ends)], 2))
    assert set(np.unique(cut)) == {0, 1, 2}
    assert np.bincount(cut.ravel())[1:].min() > 250


@pytest.mark.parametrize(
    "stroke", [[(5, 3)], [(5, 3), (9, 3)], [(0, 0), (0, 29)], [(50, 50), (60, 60)]]
)
def test_splitting_says_what_to_do_where_nothing_is_cut(stroke):
    with pytest.raises(ValueError, match="from edge to edge"):
        split_objects(bars(), stroke, NEW)


@settings(deadline=None)
@given(planes(), strokes)
def test_r11_2_any_cut_makes_new_ids_within_old_objects(labels, stroke):
    try:
        cut = after(labels, split_objects(labels, stroke, NEW))
    except ValueError:
        return
    new = np.unique(cut[cut >= NEW])
    np.testing.assert_array_equal(new, NEW + np.arange(len(new)))
    unchanged(labels, cut, *np.unique(labels[cut >= NEW]))
    np.testing.assert_array_equal(cut > 0, labels > 0)
    assert set(np.unique(labels)) <= set(np.unique(cut))


# -- between two clicks

DUMBBELL = ((30, 25), (30, 50))
"""Where two disks of radius 15 overlap; the waist is at column 37 or 38."""


@pytest.mark.parametrize("clicks", [DUMBBELL, ((22, 14), (40, 58)), ((30, 30), (30, 62))])
def test_r11_1_two_clicks_cut_an_object_at_its_waist(clicks):
    labels = disks(*DUMBBELL)
    cut = after(labels, split_between(labels, clicks, NEW))
    left, right = (cut[round(y), round(x)] for y, x in clicks)
    assert {left, right} == {1, NEW}
    assert (cut[:, :36][labels[:, :36] > 0] == left).all()
    assert (cut[:, 40:][labels[:, 40:] > 0] == right).all()


@pytest.mark.parametrize(
    "clicks", [((30, 40), (30, 50)), ((30, 50), (30, 44)), ((23, 40), (37, 51))]
)
def test_an_object_without_waist_is_cut_halfway(clicks):
    labels = disks((30, 45), radius=20)
    cut = after(labels, split_between(labels, clicks, NEW))
    y, x = np.nonzero(labels)
    to = [np.hypot(y - a, x - b) for a, b in clicks]
    first = cut[clicks[0]]
    assert np.mean((cut[y, x] == first) == (to[0] < to[1])) > 0.95
    assert pieces(cut, 1) == pieces(cut, NEW) == 1


def test_the_larger_half_keeps_its_id_whatever_was_clicked_first():
    labels = disks((30, 20)) | disks((30, 48), radius=20)
    for clicks in ([(30, 20), (30, 48)], [(30, 48), (30, 20)]):
        cut = after(labels, split_between(labels, clicks, NEW))
        assert (cut[30, 20], cut[30, 48]) == (NEW, 1)


def test_a_click_near_the_edge_gets_its_whole_half():
    labels = disks(*DUMBBELL)
    cut = after(labels, split_between(labels, [(30, 11), (30, 38)], NEW))
    assert min((cut == 1).sum(), (cut == NEW).sum()) > 400


def test_an_object_at_the_edge_of_the_image_is_cut_as_any():
    labels = disks(*DUMBBELL)[20:40, 15:60]
    cut = after(labels, split_between(labels, [(10, 3), (10, 40)], NEW))
    assert 20 <= np.argmax(cut[10] != cut[10, 0]) <= 25


@pytest.mark.parametrize(
    "clicks",
    [((5, 3), (5, 14)), ((0, 0), (5, 3)), ((5, 3), (0, 0)), ((5, 3), (5.2, 3)), ((5, 3), (5, -99))],
)
def test_splitting_between_says_what_to_click(clicks):
    with pytest.raises(ValueError, match="Click on two places of one object"):
        split_between(bars(), clicks, NEW)


@settings(deadline=None)
@given(clicked(2))
def test_r11_2_any_two_clicks_make_two_objects_of_one(plane):
    labels, clicks = plane
    try:
        cut = after(labels, split_between(labels, clicks, NEW))
    except ValueError:
        return
    (first, second) = (cut[tuple(np.round(at).astype(int))] for at in clicks)
    assert first != second
    assert NEW in (first, second)
    unchanged(labels, cut, *np.unique(labels[cut == NEW]))
    np.testing.assert_array_equal(cut > 0, labels > 0)


# -- tidy


def test_r11_2_an_object_that_was_erased_through_becomes_two():
    labels = bars()
    labels[5:7] = 0
    tidied = after(labels, tidy(labels, NEW))
    np.testing.assert_array_equal(tidied[7:], labels[7:])  # the larger pieces
    np.testing.assert_array_equal(tidied[:5][labels[:5] > 0] >= NEW, True)
    assert len(np.unique(tidied)) == 7
    only = after(labels, tidy(labels, NEW, (10, 14)))
    unchanged(labels, only, 2)
    assert set(np.unique(only[labels == 2])) == {2, NEW}


def test_crumbs_go_only_when_asked():
    labels = bars()
    labels[2:18, 2:8] = 0
    labels[2:4, 2:4] = labels[10:14, 2:6] = 1
    labels[0, 0] = 9
    kept = after(labels, tidy(labels, NEW))
    assert set(np.unique(kept)) == {0, 1, 2, 3, 9, NEW}
    swept = after(labels, tidy(labels, NEW, min_size_px=5))
    assert set(np.unique(swept)) == {0, 1, 2, 3}
    assert np.count_nonzero(swept == 1) == 16


def test_thousands_of_pieces_are_no_trouble():
    labels = np.zeros((600, 600), np.uint16)
    labels[::3, ::3] = 1
    tidied = labels.astype(np.uint32)
    repair = tidy(labels, 2)
    tidied[repair.rows, repair.columns] = repair.values
    assert len(np.unique(tidied)) == 40_001


def test_tidying_says_that_there_is_nothing_to_do():
    with pytest.raises(ValueError, match="every object is in one piece"):
        tidy(bars(), NEW)
    with pytest.raises(ValueError, match="click on the object that has fallen apart"):
        tidy(bars(), NEW, (0, 0))


@settings(deadline=None)
@given(planes(), st.integers(0, 5))
def test_r11_2_after_tidying_every_object_is_in_one_piece(labels, min_size_px):
    whole = [id_ for id_ in np.unique(labels)[1:] if pieces(labels, id_) == 1]
    try:
        tidied = after(labels, tidy(labels, NEW, min_size_px=min_size_px))
    except ValueError:
        tidied = labels
    ids, sizes = np.unique(tidied[tidied > 0], return_counts=True)
    assert all(pieces(tidied, id_) == 1 for id_ in ids)
    assert sizes.min(initial=99) >= min_size_px
    for id_ in whole:
        is_large = np.count_nonzero(labels == id_) >= min_size_px
        np.testing.assert_array_equal(tidied == id_, (labels == id_) & is_large)
    new = ids[ids >= NEW]
    np.testing.assert_array_equal(new, NEW + np.arange(len(new)))
    if not min_size_px:  # the largest piece keeps its id
        for id_ in np.unique(labels[labels > 0]):
            parts = ndimage.label(labels == id_)[0]
            largest = np.bincount(parts.ravel())[1:].max()
            assert np.count_nonzero(tidied == id_) == largest
