import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_unet.session.runs import Runs

SHAPES = st.sampled_from([(1, 1), (7, 9), (1, 20), (3, 5, 4), (2, 2, 3, 6)])


@st.composite
def changes(draw):
    """An array before and after."""
    shape = draw(SHAPES)
    values = st.integers(0, 3)
    before = draw(hnp.arrays(np.uint16, shape, elements=values))
    return before, draw(hnp.arrays(np.uint16, shape, elements=values))


whole = Runs.of_arrays


def sparse(before, after):
    pixels = np.flatnonzero(before != after)
    return Runs.of_pixels(pixels, before.ravel()[pixels], after.ravel()[pixels])


@pytest.mark.parametrize("make", [whole, sparse])
@given(change=changes())
def test_runs_lead_there_and_back(make, change):
    before, after = change
    runs = make(before, after)
    array = before.copy()
    runs.write(array)
    assert np.array_equal(array, after)
    runs.backwards().write(array)
    assert np.array_equal(array, before)
    assert runs.size == np.count_nonzero(before != after)


@given(change=changes())
def test_runs_survive_the_disk(change):
    runs = sparse(*change)
    again = Runs.from_bytes(runs.to_bytes())
    for column in ("start", "length", "before", "after"):
        assert np.array_equal(getattr(runs, column), getattr(again, column))


@given(change=changes())
def test_the_box_holds_every_changed_pixel_and_is_no_larger_than_the_array(change):
    before, after = change
    runs = sparse(before, after)
    if not len(runs):
        return
    rest = np.ones(before.shape, bool)
    rest[runs.box(before.shape)] = False
    assert not (before != after)[rest].any()


def test_long_runs_are_written_like_short_ones():
    before, after = np.zeros((4, 1000), np.uint8), np.zeros((4, 1000), np.uint8)
    after[1:3, 10:900] = 1
    runs = whole(before, after)
    assert len(runs) == 2
    runs.write(before)
    assert np.array_equal(before, after)


def test_a_box_lies_where_its_plane_is():
    stack = np.zeros((3, 8, 8), np.uint16)
    after = np.full((2, 3), 5, np.uint16)
    Runs.of_box(stack.shape, (2,), (4, 1, 6, 4), stack[2, 4:6, 1:4], after).write(stack)
    assert np.argwhere(stack).min(axis=0).tolist() == [2, 4, 1]
    assert np.argwhere(stack).max(axis=0).tolist() == [2, 5, 3]


@pytest.mark.parametrize("data", [b"", b"nonsense", Runs.none().to_bytes()[:-3]])
def test_bytes_that_hold_no_edit_are_refused(data):
    with pytest.raises(ValueError, match="older copy"):
        Runs.from_bytes(data)


def test_r2_2_a_stroke_takes_a_few_kilobytes_on_an_image_of_any_size():
    rows, columns = np.mgrid[:60, :60]
    disc = (rows - 30) ** 2 + (columns - 30) ** 2 < 900
    pixels = (rows[disc] + 4000) * 8192 + columns[disc]
    runs = Runs.of_pixels(
        pixels, np.zeros(disc.sum(), np.uint32), np.full(disc.sum(), 7, np.uint32)
    )
    assert len(runs.to_bytes()) < 2_000


@given(change=changes())
def test_many_runs_are_written_piece_by_piece(change):
    before, after = change
    array = before.copy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("napari_unet.session.runs._PIECE", 2)
        whole(before, after).write(array)
    assert np.array_equal(array, after)
