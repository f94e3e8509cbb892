import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.images.instances import carry_ids, merge_known
from napari_unet.schema.correction import Known
from napari_unet.session.edits import Edits, PlaneEdits, Region, Tally

SHAPE = (12, 16)
BOX = (2, 3, 9, 12)


def mask(*boxes):
    labels = np.zeros(SHAPE, np.uint16)
    for i, (y0, x0, y1, x1) in enumerate(boxes, start=1):
        labels[y0:y1, x0:x1] = i
    return labels


def predicted(edits, labels, new, plane=()):
    """What the mask maker does with a new prediction."""
    state = edits[plane].state(labels)
    shown = merge_known(carry_ids(new, labels), labels, state)
    edits.accept(plane, PlaneEdits(shown.copy(), state), int(shown.max()))
    return shown


@pytest.fixture
def edits():
    return Edits(SHAPE)


@pytest.fixture
def labels(edits):
    return predicted(edits, mask(), mask((1, 1, 5, 5), (6, 8, 11, 14)))


def test_r12_1_what_nobody_touched_is_unknown(edits, labels):
    assert (edits[()].state(labels) == Known.UNKNOWN).all()
    assert list(edits.known(labels)) == []


def test_a_painted_pixel_is_corrected_and_undo_takes_that_back(edits, labels):
    painted = labels.copy()
    painted[8, 2:5] = 3
    state = edits[()].state(painted)
    assert (state[8, 2:5] == Known.CORRECTED).all()
    assert np.count_nonzero(state) == 3
    assert not edits[()].state(labels).any()


def test_r12_1_background_counts_inside_of_a_confirmed_region(edits, labels):
    edits.confirm(Region((), BOX))
    state = edits[()].state(labels)
    assert (state[2:9, 3:12] == Known.CONFIRMED).all()
    assert np.count_nonzero(state) == 7 * 9


def test_edits_inside_of_a_region_stay_corrected(edits, labels):
    edits.confirm(Region((), BOX))
    labels[3, 4] = 0
    assert edits[()].state(labels)[3, 4] == Known.CORRECTED


def test_edits_outside_of_all_regions_are_not_learned(edits, labels):
    edits.confirm(Region((), BOX))
    labels[0, 0] = 9
    ((_, known),) = edits.known(labels)
    assert known[0, 0] == Known.UNKNOWN
    assert (known[2:9, 3:12] > 0).all()


def test_taking_back_leaves_what_other_regions_confirm(edits, labels):
    edits.confirm(Region((), BOX))
    edits.confirm(Region((), (0, 0, 5, 5)))
    edits.take_back()
    state = edits[()].state(labels)
    assert (state[2:9, 3:12] == Known.CONFIRMED).all()
    assert np.count_nonzero(state) == 7 * 9


def test_what_is_forgotten_is_unknown_again(edits, labels):
    edits.confirm(Region((), BOX))
    where = np.zeros(SHAPE, bool)
    where[3:5, 4:6] = True
    edits.forget((), where)
    state = edits[()].state(labels)
    assert not state[where].any()
    assert np.count_nonzero(state) == 7 * 9 - 4


def test_a_region_within_another_is_not_counted_twice(edits):
    edits.confirm(Region((), BOX))
    edits.confirm(Region((), (3, 4, 5, 6)))
    edits.confirm(Region((), BOX))
    edits.confirm(Region((), (0, 0, 3, 3)))
    assert edits.region_count == 2


def test_corrected_objects_are_counted_inside_and_outside_of_regions(edits, labels):
    edits.confirm(Region((), (5, 6, 12, 16)))
    labels[1:5, 1:5] = 0  # deleted, outside
    labels[6, 8] = 0  # changed, inside
    labels[11, 15] = 7  # new, inside
    edits.count((), labels)
    assert edits.tally == Tally(inside=2, outside=1)
    assert edits.highest == 7


def test_only_planes_with_regions_are_learned():
    edits = Edits((3, 2, *SHAPE))
    stack = np.zeros((3, 2, *SHAPE), np.uint16)
    edits.confirm(Region((2, 1), BOX))
    stack[0, 0, 5, 5] = 1
    assert [plane for plane, _ in edits.known(stack)] == [(2, 1)]


boxes = st.tuples(st.integers(0, 11), st.integers(0, 15), st.integers(1, 6), st.integers(1, 6)).map(
    lambda b: (b[0], b[1], min(12, b[0] + b[2]), min(16, b[1] + b[3]))
)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("paint"), boxes, st.integers(0, 9)),
        st.tuples(st.just("confirm"), boxes, st.just(0)),
        st.tuples(st.just("predict"), boxes, st.integers(1, 9)),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=150)
@given(actions)
def test_r2_4_a_prediction_never_changes_a_known_pixel(actions):
    edits, labels = Edits(SHAPE), mask()
    truth = {}
    for what, (y0, x0, y1, x1), value in actions:
        inside = np.s_[y0:y1, x0:x1]
        if what == "paint":
            labels[inside] = value
        elif what == "confirm":
            edits.confirm(Region((), (y0, x0, y1, x1)))
        else:
            known = edits[()].state(labels)
            labels = predicted(edits, labels, mask((y0, x0, y1, x1)))
            for at in zip(*np.nonzero(known), strict=True):
                assert labels[at] == truth[at]
        state = edits[()].state(labels)
        if what == "predict":  # nothing that was known is forgotten, nothing else becomes known
            np.testing.assert_array_equal(state > 0, known > 0)
        truth = {at: labels[at] for at in zip(*np.nonzero(state), strict=True)}
