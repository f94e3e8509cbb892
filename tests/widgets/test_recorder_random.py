"""Whatever is done in whatever order: the layer, the states and the journal say the same."""

from contextlib import suppress
from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from napari_unet.session.edits import Edit, Move
from napari_unet.session.history import History
from napari_unet.session.journal import Identity, Journal, read
from napari_unet.widgets import runner
from tests.widgets.hands import Hands

zarr = pytest.importorskip("zarr")

HEIGHT, WIDTH = 18, 22
rows, columns = st.integers(-1, HEIGHT), st.integers(-1, WIDTH)
place = st.tuples(st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1))
line = st.lists(st.tuples(rows, columns), min_size=1, max_size=4)
outline = st.lists(place, min_size=4, max_size=6)
label = st.integers(0, 5)
brush = st.integers(3, 6)


class Corrections(RuleBasedStateMachine):
    """A person corrects; `past` has what each undo has to lead back to."""

    shape = (HEIGHT, WIDTH)
    grows = False
    """Whether ids may need more than two bytes, which takes masks off the disk."""
    made = 0
    """Edits and steps back and forth, of all examples."""
    folder = None

    def __init__(self):
        super().__init__()
        self.hands = Hands.on(self.shape, self.empty())
        self.history, self.entries = self.hands.history, []
        self.history.entered.connect(self.entries.append)
        self.mirror = Mirror(self.shape)
        self.past, self.at, self.heard = [self.seen()], 0, 0

    def empty(self):
        return np.zeros(self.shape, np.uint16)

    @property
    def kinds(self):
        return [entry.kind for entry in self.entries[-2:] if isinstance(entry, Edit)]

    def seen(self):
        return self.hands.labels(), self.history.states.copy()

    @initialize(seed=st.integers(0, 3))
    def start(self, seed):
        self.predict(seed)

    # napari's own tools

    @rule(places=line, label=label, brush=brush, keep=st.booleans())
    def paint(self, places, label, brush, keep):
        self.hands.masks.preserve_labels = keep
        self.hands.paint(*places, label=label, brush=brush)

    @rule(places=line, brush=brush)
    def erase(self, places, brush):
        self.hands.paint(*places, brush=brush, mode="erase")

    @rule(at=place, label=label)
    def fill(self, at, label):
        self.hands.paint(at, label=label, mode="fill")

    @rule(corners=outline, label=label)
    def polygon(self, corners, label):
        if self.hands.masks.n_edit_dimensions == 2:
            self.hands.polygon(corners, label)

    @rule(at=place, label=label)
    def set_pixels(self, at, label):
        where = np.nonzero(self.hands.labels() == self.hands.labels()[(*self.hands.plane, *at)])
        self.hands.masks.data_setitem(where, label)

    @rule(places=line, label=label)
    def block(self, places, label):
        with self.hands.masks.block_history():
            for at in places:
                self.hands.masks.paint((*self.hands.plane, *at), label)
                self.hands.masks.paint((*self.hands.plane, *at), label + 1)

    # ours

    @rule(tool=st.sampled_from(["delete", "merge", "split", "holes", "encircle"]), stroke=outline)
    def drag(self, tool, stroke):
        self.hands.use(tool, stroke)

    @rule(tool=st.sampled_from(["delete", "merge", "split", "holes"]), one=place, other=place)
    def click(self, tool, one, other):
        self.hands.use(tool, [one], *([[other]] if tool in ("merge", "split") else []))

    @rule(at=place, brush=brush, highest=st.sampled_from([0, 0, 65_535, 70_000]))
    def new(self, at, brush, highest):
        if self.grows:
            self.history.highest = max(self.history.highest, highest)
        self.hands.corrector.toolbox.use("new")
        self.hands.masks.brush_size = brush
        self.hands.drag(at)

    @rule(at=place, label=label)
    def tidy(self, at, label):
        self.paint([at], label, 2, keep=False)
        self.all_agree()
        with suppress(ValueError):  # every object is in one piece
            self.hands.tidy()

    @rule(stroke=line, brush=brush)
    def unsure(self, stroke, brush):
        self.hands.masks.brush_size = brush
        self.hands.use("unsure", stroke)

    @rule(one=place, other=place)
    def confirm(self, one, other):
        self.hands.use("box", [one, other])

    @rule(at=place, right=st.booleans(), audit=st.booleans())
    def judge(self, at, right, audit):
        self.hands.judge(at, right=right, audit=audit)

    @precondition(lambda self: self.kinds[-2:] != ["segment"] * 2)  # else some do nothing else
    @rule(seed=st.integers(0, 20))
    def predict(self, seed):
        coarse = np.random.default_rng(seed + len(self.entries)).integers(0, 5, (3, 4))
        fine = coarse.repeat(HEIGHT // 3, 0).repeat(-(-WIDTH // 4), 1)[:, :WIDTH]
        self.hands.accept(fine.astype(np.uint16))

    @rule(dtype=st.sampled_from([np.uint8, np.int64]), shift=st.integers(1, 3))
    def replace(self, dtype, shift):
        self.hands.masks.data = np.roll(self.hands.labels(), shift, -1).astype(dtype)

    # and around it

    @precondition(lambda self: len(self.shape) > 2)
    @rule(plane=st.integers(0, 1), dimensions=st.sampled_from([2, 3]))
    def turn(self, plane, dimensions):
        self.hands.viewer.dims.set_current_step(0, plane)
        self.hands.masks.n_edit_dimensions = dimensions

    @rule(back=st.integers(1, 4), forth=st.integers(0, 4), by_key=st.booleans())
    def undo_and_redo(self, back, forth, by_key):
        masks, key = self.hands.masks, self.hands.key
        for _ in range(back):
            key("Control-Z") if by_key else masks.undo()
        for _ in range(forth):
            key("Control-Shift-Z") if by_key else masks.redo()

    @invariant()
    def all_agree(self):
        now = self.seen()
        added = self.entries[self.heard :]
        self.heard = len(self.entries)
        assert len(added) == 1 or Move.UNDO in added or Move.REDO in added or not added
        for entry in added:
            self.mirror.enter(entry)
            if entry is Move.UNDO:
                self.at -= 1
            elif entry is Move.REDO:
                self.at += 1
            else:
                self.past[self.at + 1 :] = [now]
                self.at += 1
        assert len(self.history.done) == self.at
        assert_same(now, self.past[self.at])
        assert_same([self.hands.known()], now[1:])
        assert_same((self.mirror.labels, self.mirror.states), now)

    def teardown(self):
        identity = Identity("a digest", "/data/cells.tif", self.hands.specimen.axes, self.shape)
        journal = Journal(identity, self.folder)
        for entry in self.entries:
            journal.write(entry)
        journal.close()
        if self.entries:
            replayed = History(self.shape)
            kept = replayed.replay(read(journal.path)[1]), replayed.states
            assert_same(kept, self.seen())
        type(self).made += len(self.entries)
        while self.history.done:
            self.hands.masks.undo()
        assert_same(self.seen(), self.past[0])


class Mirror:
    """Labels and states by the entries alone, as a replay of them would have it so far."""

    def __init__(self, shape):
        self.labels, self.states = np.zeros(shape, np.uint32), np.zeros(shape, np.uint8)
        self.done, self.undone = [], []

    def enter(self, entry):
        if entry is Move.UNDO:
            self.undone.append(self.done.pop())
            self.write(self.undone[-1].labels.backwards(), self.undone[-1].states.backwards())
            return
        if entry is not Move.REDO:
            self.undone = [entry]
        self.done.append(self.undone.pop())
        self.write(self.done[-1].labels, self.done[-1].states)

    def write(self, labels, states):
        labels.write(self.labels)
        states.write(self.states)


class Plane(Corrections):
    grows = True


class Stack(Corrections):
    shape = (2, HEIGHT, WIDTH)


class Stored(Stack):
    """Its masks lie in chunks, as they would on a disk."""

    def empty(self):
        chunks = (1, HEIGHT, WIDTH // 2)
        return zarr.create_array(
            {}, shape=self.shape, chunks=chunks, dtype=np.uint16, compressors=None
        )


def assert_same(ones, others):
    for one, other in zip(ones, others, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.long
@pytest.mark.parametrize(("machine", "edits"), [(Plane, 2000), (Stack, 2000), (Stored, 500)])
def test_random_edits_with_undo_and_redo(machine, edits, qapp, tmp_path, monkeypatch):
    def fail(error):
        if not isinstance(error, ValueError):  # a sentence of ours: there was nothing to do
            raise error

    monkeypatch.setattr(runner, "report", fail)
    machine.folder, machine.made = tmp_path, 0
    how = settings(
        max_examples=max(1, edits // 130),
        stateful_step_count=300,  # a new viewer takes as long as many strokes
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    for number in count():
        run_state_machine_as_test(seed(number)(machine), settings=how)
        if machine.made >= edits:
            break
