import numpy as np
import pytest

from napari_unet.session.repairs import (
    delete_object,
    merge_objects,
    pixels_under,
    split_objects,
)


def mask():
    """Three objects: two bars that do not touch, and one that touches the second."""
    labels = np.zeros((20, 30), np.uint16)
    labels[2:18, 2:8] = 1
    labels[2:18, 12:18] = 2
    labels[2:18, 18:24] = 3
    return labels


def after(labels, repair):
    labels = labels.copy()
    labels[repair.rows, repair.columns] = repair.values
    return labels


def test_r11_1_deleting_removes_the_clicked_object_and_nothing_else():
    labels = mask()
    np.testing.assert_array_equal(
        after(labels, delete_object(labels, (5, 14))), np.where(labels == 2, 0, labels)
    )


@pytest.mark.parametrize("at", [(0, 0), (-5, 3), (5, 99)])
def test_deleting_says_what_to_do_where_there_is_no_object(at):
    with pytest.raises(ValueError, match="click on the object"):
        delete_object(mask(), at)


def test_r11_1_merging_gives_all_objects_under_the_stroke_the_id_of_the_first():
    labels = mask()
    merged = after(labels, merge_objects(labels, [(5, 20), (5, 14), (5, 4)]))
    np.testing.assert_array_equal(merged, np.where(labels > 0, 3, 0))


def test_merging_needs_two_objects():
    with pytest.raises(ValueError, match="drag from the one onto the other"):
        merge_objects(mask(), [(5, 3), (6, 6)])


def test_r11_1_splitting_makes_two_objects_and_leaves_no_gap():
    labels = mask()
    cut = after(labels, split_objects(labels, [(6.2, 0), (6.2, 9)], 4))
    assert set(np.unique(cut[labels == 1])) == {1, 4}
    np.testing.assert_array_equal(cut > 0, labels > 0)
    np.testing.assert_array_equal(cut[labels != 1], labels[labels != 1])
    assert (cut == 1).sum() > (cut == 4).sum(), "the larger piece keeps its id"


def test_one_line_splits_all_objects_that_it_crosses():
    labels = mask()
    cut = after(labels, split_objects(labels, [(10, 0), (9, 29)], 4))
    assert set(np.unique(cut)) == {0, 1, 2, 3, 4, 5, 6}


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
        split_objects(mask(), stroke, 4)


def test_a_wider_stroke_covers_more_and_stays_inside():
    rows, columns = pixels_under([(0, 0), (10, 10)], (11, 11), width_px=5)
    assert len(rows) > 30
    assert rows.min() == columns.min() == 0
    assert rows.max() == columns.max() == 10
    assert len(set(zip(rows.tolist(), columns.tolist(), strict=True))) == len(rows)
