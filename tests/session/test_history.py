import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.schema.correction import State
from napari_unet.session import verdicts
from napari_unet.session.edits import Edit, Move, Region
from napari_unet.session.history import History, Tally
from napari_unet.session.runs import Runs
from napari_unet.session.stops import Stop

SHAPE = (12, 16)
REGION = Region((), (0, 0, 8, 10))


def stop(id_=1, *, audit=False):
    return Stop((), (1, 1, 5, 5), id_, 1.0, audit, ())


class Painter:
    """A history, and the labels that it belongs to."""

    def __init__(self, shape=SHAPE):
        self.history = History(shape)
        self.labels = np.zeros(shape, np.uint16)
        self.entries = []
        self.history.entered.connect(self.entries.append)

    def paint(self, where, id_, kind="paint"):
        before = self.labels.copy()
        self.labels[where] = id_
        pixels = np.flatnonzero(before != self.labels)
        runs = Runs.of_pixels(pixels, before.ravel()[pixels], self.labels.ravel()[pixels])
        made = Edit(kind, runs) if kind == "segment" else verdicts.painted(self.history, kind, runs)
        self.history.do(made)

    def confirm(self, region=REGION):
        self.history.do(verdicts.confirmed(self.history, region))

    def undo(self):
        if edit := self.history.undo():
            edit.labels.backwards().write(self.labels)

    def redo(self):
        if edit := self.history.redo():
            edit.labels.write(self.labels)


@pytest.fixture
def painter():
    painter = Painter()
    painter.paint(np.s_[1:5, 1:5], 1, "segment")
    return painter


def test_r12_1_what_nobody_touched_is_the_models(painter):
    assert not painter.history.states.any()
    assert list(painter.history.known()) == []


def test_painted_is_corrected_and_undo_takes_it_back(painter):
    before = painter.labels.copy()
    painter.paint(np.s_[6:9, 2:5], 2)
    assert (painter.history.states[6:9, 2:5] == State.CORRECTED).all()
    assert np.count_nonzero(painter.history.states) == 9
    painter.undo()
    assert np.array_equal(painter.labels, before)
    assert not painter.history.states.any()
    painter.redo()
    assert (painter.labels[6:9, 2:5] == 2).all()
    assert (painter.history.states[6:9, 2:5] == State.CORRECTED).all()


def test_a_new_edit_ends_what_could_be_redone(painter):
    painter.paint(np.s_[6:9, 2:5], 2)
    painter.undo()
    painter.paint(np.s_[0, 0], 3)
    assert painter.history.redo() is None


def test_with_nothing_done_there_is_nothing_to_undo_or_redo():
    assert History(SHAPE).undo() is None
    assert History(SHAPE).redo() is None


def test_only_what_is_confirmed_is_learned_and_what_nobody_can_know_is_not(painter):
    painter.paint(np.s_[6:11, 2:5], 2)
    painter.history.do(verdicts.unsure(painter.history, np.array([0, 1])))
    painter.confirm()
    ((plane, known),) = painter.history.known()
    assert plane == ()
    expected = np.zeros(SHAPE, np.uint8)
    expected[:8, :10] = State.CONFIRMED
    expected[6:8, 2:5] = State.CONFIRMED | State.CORRECTED
    expected[0, :2] = 0
    assert np.array_equal(known, expected)


def test_an_audited_object_counts_in_no_training(painter):
    painter.history.do(verdicts.right(painter.history, painter.labels, stop(audit=True)))
    assert list(painter.history.known()) == []
    assert painter.history.tally.checked == 0
    assert (painter.history.states[1:5, 1:5] == State.CONFIRMED | State.AUDITED).all()


def test_who_checks_an_object_vouches_for_what_is_close_around_it(painter):
    painter.history.do(verdicts.right(painter.history, painter.labels, stop()))
    states = painter.history.states
    assert (states[1:5, 1:5] == State.CONFIRMED).all()
    assert states[3, 4 + verdicts.RING_PX] == State.CONFIRMED
    assert states[3, 5 + verdicts.RING_PX] == State.MODEL
    assert painter.history.tally == Tally(checked=1)


def test_who_deletes_an_object_vouches_for_the_place(painter):
    edit = verdicts.wrong(painter.history, painter.labels, stop(), seconds=3)
    edit.labels.write(painter.labels)
    painter.history.do(edit)
    assert not painter.labels.any()
    assert (painter.history.states[1:5, 1:5] == State.CORRECTED | State.CONFIRMED).all()
    assert painter.history.states[0, 2] == State.CONFIRMED
    assert painter.history.states[8, 8] == State.MODEL, "what is further away was not looked at"
    assert painter.history.tally == Tally(inside=1, checked=1)
    assert edit.seconds == 3


def test_who_misses_nothing_at_a_place_vouches_for_its_background_alone(painter):
    place = Stop((), (0, 0, 9, 9), 0, 1.0, False, ())
    painter.history.do(verdicts.right(painter.history, painter.labels, place))
    states = painter.history.states
    assert not states[1:5, 1:5].any(), "nobody was asked about the neighbour"
    assert states[0, 0] == states[8, 8] == State.CONFIRMED
    assert np.count_nonzero(states) == 81 - 16


def test_objects_are_counted_inside_and_outside_of_what_is_confirmed(painter):
    painter.paint(np.s_[6:8, 2:5], 2)
    painter.paint(np.s_[1:5, 1:5], 0, "delete")
    painter.paint(np.s_[9:11, 12:14], 4)
    assert painter.history.tally == Tally(outside=3)
    painter.confirm()
    assert painter.history.tally == Tally(inside=2, outside=1, regions=1)
    painter.undo()
    painter.undo()
    assert painter.history.tally == Tally(outside=2)


def test_a_region_within_another_is_not_counted(painter):
    painter.confirm(Region((), (1, 1, 4, 4)))
    painter.confirm()
    painter.confirm()
    assert painter.history.tally.regions == 1


def test_r6_6_a_mask_is_counted_once_for_each_change(painter):
    painter.paint(np.s_[6:8, 2:5], 2)
    counted = painter.history.tally
    assert painter.history.tally is counted, "many places show it"
    painter.confirm()
    assert painter.history.tally == Tally(inside=1, regions=1)
    painter.undo()
    assert painter.history.tally == counted


@given(st.lists(st.tuples(*(st.integers(0, n) for n in (1, 4, 4, 4, 4))), max_size=12))
def test_regions_are_counted_that_lie_in_no_other(places):
    history = History((2, 9, 9))
    for plane, y, x, height, width in places:
        region = Region((plane,), (y, x, y + height + 1, x + width + 1))
        history.do(verdicts.confirmed(history, region))
    made = {region: _pixels(region) for region in history.regions}
    outer = sum(not any(made[a] < made[b] for b in made) for a in made)
    assert history.tally.regions == outer


def _pixels(region):
    (plane,), (y0, x0, y1, x1) = region
    return {(plane, y, x) for y in range(y0, y1) for x in range(x0, x1)}


def test_painting_over_pixels_that_nobody_could_know_makes_them_known(painter):
    painter.history.do(verdicts.unsure(painter.history, np.arange(4)))
    painter.paint(np.s_[0, :2], 5)
    assert painter.history.states[0, :4].tolist() == [2, 2, 4, 4]


def test_an_id_is_given_once(painter):
    assert [painter.history.new_id(), painter.history.new_id()] == [2, 3]
    painter.paint(np.s_[0, 0], 9)
    painter.undo()
    assert painter.history.new_id() == 10


def test_what_came_since_a_moment_is_known_unless_something_was_undone(painter):
    moment = painter.history.moment
    assert painter.history.since(moment) == []
    painter.paint(np.s_[0, 0], 9)
    (edit,) = painter.history.since(moment)
    assert edit is painter.history.done[-1]
    painter.undo()
    assert painter.history.since(moment) is None


def test_planes_are_told_apart():
    painter = Painter((2, 3, 6, 6))
    painter.paint(np.s_[1, 2, 2:4, 2:4], 1)
    painter.confirm(Region((1, 2), (0, 0, 6, 6)))
    painter.confirm(Region((0, 1), (0, 0, 2, 2)))
    found = dict(painter.history.known())
    assert sorted(found) == [(0, 1), (1, 2)]
    assert np.count_nonzero(found[0, 1]) == 4
    assert (found[1, 2][2:4, 2:4] == 3).all()


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("paint"), st.integers(0, 10), st.integers(0, 14), st.integers(0, 4)),
        st.tuples(st.just("confirm"), st.integers(0, 10), st.integers(0, 14), st.just(0)),
        st.tuples(st.just("unsure"), st.integers(0, 10), st.integers(0, 14), st.just(0)),
        st.just(("undo", 0, 0, 0)),
        st.just(("redo", 0, 0, 0)),
    ),
    max_size=40,
)


@given(actions=ACTIONS)
def test_replaying_the_journal_gives_the_same_mask_states_and_way_back(actions):
    painter = Painter()
    seen = {}
    for name, y, x, id_ in actions:
        match name:
            case "paint":
                painter.paint(np.s_[y : y + 3, x : x + 4], id_)
            case "confirm":
                painter.confirm(Region((), (y, x, y + 2, x + 2)))
            case "unsure":
                painter.history.do(verdicts.unsure(painter.history, np.array([y * 16 + x])))
            case "undo":
                painter.undo()
            case "redo":
                painter.redo()
        now = (painter.labels.tobytes(), painter.history.states.tobytes())
        key = tuple(map(id, painter.history.done))
        assert seen.setdefault(key, now) == now
        learnt = sum(np.count_nonzero(known) for _, known in painter.history.known())
        assert painter.history.known_px == learnt
    again = History(SHAPE)
    labels = again.replay(painter.entries)
    assert np.array_equal(labels, painter.labels)
    assert np.array_equal(again.states, painter.history.states)
    assert again.undone == painter.history.undone
    assert again.tally == painter.history.tally
    assert again.known_px == painter.history.known_px
    while painter.history.done:
        painter.undo()
    assert not painter.labels.any()
    assert not painter.history.states.any()


def test_a_journal_that_steps_back_too_often_is_read_all_the_same(painter):
    entries = [Move.UNDO, *painter.entries, Move.REDO]
    assert np.array_equal(History(SHAPE).replay(entries), painter.labels)


def test_replaying_makes_room_for_large_ids():
    edit = Edit("segment", Runs.of_pixels(np.array([3]), np.array([0]), np.array([70_000])))
    labels = History(SHAPE).replay([edit])
    assert labels.dtype == np.uint32
    assert labels[0, 3] == 70_000
