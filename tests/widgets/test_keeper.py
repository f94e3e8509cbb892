"""What is done to an image is there again in the next session, whatever comes between."""

import errno
import gc
import os
import tempfile
import threading
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel

from napari_unet import disk
from napari_unet.images.fingerprint import fingerprint
from napari_unet.schema.correction import State
from napari_unet.session.history import History
from napari_unet.session.journal import all_journals, find, read, saver, shelf
from napari_unet.widgets.desk import Desk
from tests.session.fakes import FakeEngine, two_cells


class Sitting:
    """One person at one window with one image."""

    def __init__(self, folder, qtbot, pixels=None, path="", **look):
        self.qtbot, self.viewer = qtbot, ViewerModel()
        self.desk = Desk(self.viewer, lambda: FakeEngine(quick=True, folder=folder))
        look.setdefault("name", "cells")
        pixels = two_cells() if pixels is None else pixels
        self.image = self.viewer.add_image(pixels, metadata={"path": path}, **look)

    @property
    def bench(self):
        return self.desk.stage.bench

    @property
    def work(self):
        return self.desk.stage.work

    @property
    def masks(self):
        return self.work.results.masks

    @property
    def history(self):
        return self.work.specimen.history

    def idle(self):
        desk = self.desk
        self.qtbot.waitUntil(lambda: desk.session.wanted is None and not desk.maker.busy)

    def segment(self):
        self.desk.segment("all")
        self.idle()
        return self

    def correct(self, times=3):
        """Paint so many strokes, check one object, and take a stroke back."""
        for i in range(times):
            self.masks.paint((*self.desk.stage.plane, 30 + i, 50), 7 + i)
        self.work.corrector.confirm_view()
        self.masks.paint((*self.desk.stage.plane, 2, 2), 1)
        self.masks.undo()
        return self

    def settle(self):
        """Wait until it is known whether there is anything to restore."""
        keeper, seen = self.bench.keeper, []
        offer, keeper._offer = keeper._offer, lambda *found: (offer(*found), seen.append(1))
        self.desk.stage._look()
        self.qtbot.waitUntil(lambda: bool(seen))
        keeper._offer = offer
        return self

    def restore(self):
        self.qtbot.waitUntil(lambda: self.desk.stage.offer is not None)
        self.desk.stage.restore()
        self.qtbot.waitUntil(lambda: not self.bench.keeper.restoring)
        return self

    def state(self):
        """All that has to be there again."""
        history = self.history
        return (
            np.array(self.work.specimen.labels).tolist(),
            history.states.tolist(),
            [edit.kind for edit in history.done],
            [edit.kind for edit in history.undone],
            history.highest,
            history.tally,
        )

    def close(self):
        self.desk.close()


@pytest.fixture(autouse=True)
def _spare_folder_of_its_own(tmp_path, monkeypatch):
    (tmp_path / "spare").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spare"))


@pytest.fixture
def sit(tmp_path, qtbot):
    """Sit down at a window; who does so again has closed the one before."""
    sittings = []

    def sit(*pixels, beside=False, **look):
        if sittings and not beside:
            sittings[-1].close()
        sittings.append(Sitting(tmp_path, qtbot, *pixels, **look))
        return sittings[-1]

    yield sit
    for sitting in sittings:
        sitting.close()


def on_disk(sitting):
    """The masks and states that the newest journal comes to."""
    journal = all_journals()[0]
    identity, entries = read(journal.path)
    history = History(identity.shape)
    return history.replay(entries), history.states


def same_on_disk(sitting):
    labels, states = on_disk(sitting)
    np.testing.assert_array_equal(labels, sitting.work.specimen.labels)
    np.testing.assert_array_equal(states, sitting.history.states)


def test_r2_6_corrections_are_there_again(sit):
    first = sit().segment().correct()
    before = first.state()
    second = sit(name="another name").restore()
    assert second.state() == before
    assert second.masks.data is second.work.specimen.labels
    known = second.work.results.slots.find("known")
    np.testing.assert_array_equal(known.data, second.history.states)


def test_undo_reaches_back_into_the_session_before_and_redo_comes_back(sit):
    first = sit().segment()
    empty = np.zeros_like(first.masks.data)
    segmented = first.masks.data.copy()
    first.correct()
    corrected = first.masks.data.copy()
    second = sit().restore()
    for _ in range(4):
        second.masks.undo()
    np.testing.assert_array_equal(second.masks.data, segmented)
    assert not second.history.states.any()
    second.masks.undo()
    np.testing.assert_array_equal(second.masks.data, empty)
    for _ in range(5):
        second.masks.redo()
    np.testing.assert_array_equal(second.masks.data, corrected)


def test_what_is_done_after_restoring_goes_into_the_same_journal(sit):
    sit().segment().correct()
    second = sit().restore()
    second.masks.paint((38, 3), 3)
    second.masks.undo()
    second.masks.undo()
    before = second.state()
    third = sit().restore()
    assert third.state() == before
    assert len(all_journals()) == 1


def test_r11_2_new_objects_get_numbers_that_were_never_used_before(sit):
    first = sit().segment().correct()
    used = {first.history.highest, *np.unique(first.masks.data)}
    second = sit().restore()
    second.work.corrector.toolbox.use("new")
    assert second.masks.selected_label not in used


def test_what_was_restored_is_learned(sit):
    first = sit().segment().correct()
    (before,) = first.bench.corrections()
    second = sit().restore()
    (after,) = second.bench.corrections()
    assert after.image_id == before.image_id
    np.testing.assert_array_equal(after.labels, before.labels)
    np.testing.assert_array_equal(after.known, before.known)


def test_a_prediction_that_was_made_before_restoring_stays(sit):
    sit().segment().correct()
    second = sit().segment()
    probabilities = second.work.specimen.probabilities
    assert second.desk.stage.offer is not None
    second.restore()
    assert second.work.specimen.probabilities is probabilities
    assert list(second.work.specimen.seen) == [()]
    assert second.history.states.any()
    assert [layer.name for layer in second.viewer.layers].count("cells masks") == 1


def test_restoring_while_masks_are_made_brings_no_second_layer(sit):
    before = sit().segment().correct().state()
    second = sit()
    second.qtbot.waitUntil(lambda: second.desk.stage.offer is not None)
    second.desk.maker._latest._wait_ms = 200
    second.desk.segment("all")
    second.qtbot.waitUntil(lambda: second.desk.maker.busy)
    second.restore()
    assert second.desk.maker.busy
    second.idle()
    assert second.state() == before
    assert [layer.name for layer in second.viewer.layers].count("cells masks") == 1


def test_strokes_while_a_journal_is_read_are_not_replaced_by_it(sit):
    sit().segment().correct()
    second = sit().segment()
    second.qtbot.waitUntil(lambda: second.desk.stage.offer is not None)
    second.desk.stage.restore()
    second.masks.paint((38, 3), 9)
    mine = second.masks.data.copy()
    second.qtbot.waitUntil(lambda: not second.bench.keeper.restoring)
    np.testing.assert_array_equal(second.masks.data, mine)
    assert sum(journal.corrections > 0 for journal in find_all(second)) == 2, "both are kept"


def find_all(sitting):
    for journal in sitting.bench.keeper._journals.values():
        assert journal.flush(5)
    return all_journals()


def test_an_image_that_is_closed_while_its_journal_is_read_stays_closed(sit):
    sit().segment().correct()
    second = sit()
    second.qtbot.waitUntil(lambda: second.desk.stage.offer is not None)
    second.desk.stage.restore()
    second.viewer.layers.remove(second.image)
    second.qtbot.waitUntil(lambda: not second.bench.keeper.restoring)
    assert len(second.viewer.layers) == 0


def test_a_window_that_is_closed_while_a_journal_is_read_can_go_on(sit):
    before = sit().segment().correct().state()
    second = sit()
    second.qtbot.waitUntil(lambda: second.desk.stage.offer is not None)
    second.desk.stage.restore()
    second.close()
    assert not second.bench.keeper.restoring
    assert second.restore().state() == before


# whose corrections they are


@pytest.fixture
def looked_at(monkeypatch):
    """In the thread of the window: how often somebody has looked what is in an image."""
    count = []

    def spy(array, axes):
        count.extend([1] * (threading.current_thread() is threading.main_thread()))
        return fingerprint(array, axes)

    monkeypatch.setattr("napari_unet.session.origin.fingerprint", spy)
    return count


def test_r4_1_what_is_read_from_the_disk_is_not_read_again_to_begin(sit, looked_at):
    pixels = da.from_array(two_cells())
    first = sit(pixels, contrast_limits=(0, 1)).settle().segment().correct()
    assert not looked_at
    assert first.work.identity.content == fingerprint(two_cells(), "YX")
    second = sit(pixels, contrast_limits=(0, 1)).restore()
    assert not looked_at
    second.desk.stage.read_as("YX")
    second.image.data = da.from_array(np.flipud(two_cells()))
    second.segment()
    assert second.work.identity.content == fingerprint(np.flipud(two_cells()), "YX")


def test_r14_5_an_image_that_was_changed_in_place_is_known_as_it_is_now(sit):
    sitting = sit().settle()
    sitting.image.data[3, 50] = 1
    sitting.segment()
    assert sitting.work.identity.content == fingerprint(sitting.image.data, "YX")


def test_r14_5_another_image_is_offered_nothing(sit):
    sit(path="/data/a.tif").segment().correct()
    other = two_cells()
    other[0, 0] = 0.5
    assert sit(other, path="/data/a.tif").settle().desk.stage.offer is None, "equal name and path"
    assert sit(two_cells()[:, :50].copy()).settle().desk.stage.offer is None
    assert sit(path="/data/b.tif").settle().desk.stage.offer.identity.path == "/data/a.tif"


def test_nothing_is_offered_where_nothing_was_corrected(sit):
    first = sit().segment()
    assert find_all(first)
    assert sit().settle().desk.stage.offer is None


def test_what_was_all_taken_back_is_not_offered(sit):
    first = sit().segment()
    first.masks.paint((30, 50), 7)
    first.masks.undo()
    assert sit().settle().desk.stage.offer is None


def test_an_offer_is_for_the_axes_that_it_was_made_for(sit):
    stack = np.stack([two_cells()] * 3)  # read as channels first
    first = sit(stack)
    assert first.desk.stage.reading.axes == "CYX"
    first.segment().correct()
    before = first.state()
    second = sit(stack.copy())
    second.qtbot.waitUntil(lambda: second.desk.stage.offer is not None)
    second.desk.stage.read_as("ZYX")
    assert second.settle().desk.stage.offer is None
    second.desk.stage.read_as("CYX")
    assert second.restore().state() == before


def test_axes_that_change_while_a_journal_is_read_are_not_undone(sit):
    stack = np.stack([two_cells()] * 3)
    sit(stack).segment().correct()
    second = sit(stack.copy())
    second.qtbot.waitUntil(lambda: second.desk.stage.offer is not None)
    second.desk.stage.restore()
    second.desk.stage.read_as("ZYX")
    second.qtbot.waitUntil(lambda: not second.bench.keeper.restoring)
    assert second.desk.stage.begin().specimen.shape == (3, 40, 60)


def test_r2_6_work_that_another_reading_ends_is_offered_when_it_is_read_so_again(sit):
    stack = np.stack([two_cells()] * 3)
    first = sit(stack).segment().correct()
    before = first.state()
    first.desk.stage.read_as("ZYX")
    assert first.work is None
    first.desk.stage.read_as("CYX")
    assert first.restore().state() == before


def test_r2_6_and_micro_sam_995_every_plane_of_a_stack_comes_back(sit):
    stack = np.stack([two_cells()] * 9)
    first = sit(stack).segment()
    assert first.desk.stage.reading.axes == "ZYX"
    for plane in (8, 0, 4):  # far from each other
        first.viewer.dims.set_current_step(0, plane)
        first.masks.paint((plane, 30, 50), 40 + plane)
        first.work.corrector.confirm_view()
    before = first.state()
    labels = first.masks.data.copy()
    second = sit(stack.copy()).restore()
    assert second.state() == before
    for plane in range(9):
        np.testing.assert_array_equal(second.masks.data[plane], labels[plane])
        assert second.history.states[plane].any() == (plane in (0, 4, 8))


# several windows, several images


def test_two_windows_on_one_image_lose_nothing_and_are_told(sit, said):
    first = sit(path="/data/a.tif").segment()
    first.masks.paint((30, 50), 7)
    find_all(first)
    second = sit(path="/data/a.tif", beside=True).settle()
    assert second.desk.stage.offer is None, "what another window is at is not offered"
    second.segment()
    second.masks.paint((30, 55), 8)
    first.masks.paint((31, 50), 7)
    second.qtbot.waitUntil(lambda: any("another window" in sentence for sentence in said()))
    states = [one.state() for one in (first, second)]
    for one in (first, second):
        one.close()
    journals = all_journals()
    assert len(journals) == 2
    restored = []
    for journal in journals:
        identity, entries = read(journal.path)
        restored.append(History(identity.shape).replay(entries).tolist())
    assert sorted(restored) == sorted(state[0] for state in states)


def test_r2_6_switching_to_another_image_and_back_keeps_all(sit):
    first = sit().segment().correct()
    before = first.state()
    other = first.viewer.add_image(1 - two_cells(), name="other")
    assert first.desk.stage.image is other
    assert first.work is None
    first.desk.stage.choose(first.image)
    assert first.state() == before


def test_r2_6_an_image_that_is_closed_is_on_the_disk_at_once(sit):
    first = sit().segment().correct()
    labels, states = first.masks.data.copy(), first.history.states.copy()
    first.viewer.layers.remove(first.image)
    np.testing.assert_array_equal(on_disk(first)[0], labels)
    np.testing.assert_array_equal(on_disk(first)[1], states)
    assert not all_journals()[0].busy


def test_masks_that_outlive_their_image_are_still_saved(sit):
    first = sit().segment().correct()
    masks, journal = first.masks, all_journals
    first.viewer.layers.remove(first.image)
    first.image = None
    gc.collect()
    masks.paint((38, 3), 12)
    first.qtbot.waitUntil(lambda: (on_disk(first)[0] == 12).any())
    np.testing.assert_array_equal(on_disk(first)[0], masks.data)
    assert len(journal()) == 1


def test_r2_6_leaving_an_image_brings_it_to_the_disk_and_takes_our_layers_away(sit):
    first = sit().segment().correct()
    before = first.state()
    first.desk.leave(first.image)
    assert list(first.viewer.layers) == [first.image]
    assert first.work is None
    assert not all_journals()[0].busy
    first.desk.stage._look()
    assert first.restore().state() == before


def test_leaving_what_was_never_worked_on_does_nothing(sit):
    first = sit()
    first.desk.leave(first.image)
    assert list(first.viewer.layers) == [first.image]


def test_what_was_not_wanted_now_is_not_offered_again_in_this_session(sit):
    before = sit().segment().correct().state()
    second = sit()
    second.qtbot.waitUntil(lambda: second.desk.stage.offer is not None)
    second.bench.keeper.dismiss(second.image)
    assert second.desk.stage.offer is None
    second.viewer.add_image(1 - two_cells(), name="other")
    second.settle()
    second.desk.stage.choose(second.image)
    second.qtbot.wait(100)
    assert second.desk.stage.offer is None
    assert sit().restore().state() == before, "but in the next one"


def test_r2_6_what_was_not_wanted_now_is_offered_beside_what_came_later(sit):
    before = sit().segment().correct(times=5).state()
    second = sit().segment()
    second.masks.paint((38, 3), 9)
    third = sit()
    third.qtbot.waitUntil(lambda: third.desk.stage.offer is not None)
    keeper, image = third.bench.keeper, third.image
    newest, older = keeper.offers(image)
    assert (newest.corrections, older.corrections) == (1, 5)
    assert keeper.offer(image) == newest
    keeper.choose(image, older)
    assert third.restore().state() == before
    assert keeper.offers(image) == []


def test_after_closing_the_window_what_is_painted_is_still_saved(sit):
    first = sit().segment()
    first.close()
    first.correct()
    find_all(first)
    same_on_disk(first)


# disks


@pytest.fixture
def broken_disk(monkeypatch):
    """A disk that takes nothing, until it does."""
    broken = [True]

    def watch(operation):
        if broken[0]:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(saver, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(disk, "watch", watch)
    yield broken
    broken[0] = False


def test_r2_7_a_full_disk_is_told_and_nothing_is_lost(sit, said, broken_disk):
    first = sit()
    first.desk.segment("all")
    first.idle()
    first.correct()
    first.qtbot.waitUntil(lambda: any("saved neither in" in sentence for sentence in said()))
    broken_disk[0] = False
    first.qtbot.waitUntil(lambda: any("again" in sentence for sentence in said()))
    assert not any("Something went wrong" in sentence for sentence in said())
    find_all(first)
    same_on_disk(first)


def test_r2_7_an_image_that_cannot_be_saved_is_not_left(sit, broken_disk, monkeypatch):
    monkeypatch.setattr("napari_unet.widgets.keeper._SAVE_S", 0.05)
    first = sit().segment().correct()
    before = first.state()
    with pytest.raises(OSError, match="not saved yet"):
        first.desk.leave(first.image)
    assert first.state() == before
    assert first.masks in first.viewer.layers
    broken_disk[0] = False
    first.qtbot.waitUntil(lambda: bool(find_all(first)))
    first.desk.leave(first.image)
    assert first.work is None


def test_r2_7_an_image_that_is_closed_though_it_cannot_be_saved(
    sit, said, broken_disk, monkeypatch
):
    monkeypatch.setattr("napari_unet.widgets.keeper._SAVE_S", 0.05)
    first = sit().segment().correct()
    labels = first.masks.data.copy()
    other = first.viewer.add_image(1 - two_cells(), name="other")
    first.desk.stage.choose(first.image)
    first.viewer.layers.remove(first.image)
    assert first.desk.stage.image is other, "the window goes on all the same"
    assert any("not saved yet" in sentence for sentence in said())
    first.image = None
    gc.collect()
    broken_disk[0] = False
    first.qtbot.waitUntil(lambda: bool(all_journals()))
    np.testing.assert_array_equal(on_disk(first)[0], labels)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_read_only_home_is_written_around(sit, said, tmp_path):
    Path(tmp_path).chmod(0o500)
    try:
        written_around(sit, said)
    finally:
        Path(tmp_path).chmod(0o700)


def test_a_home_that_cannot_be_made_is_written_around(sit, said, tmp_path):
    (tmp_path / "journals").write_text("not a folder")
    written_around(sit, said)


def written_around(sit, said):
    first = sit().segment().correct()
    before = first.state()
    first.qtbot.waitUntil(lambda: any("cannot be saved in" in sentence for sentence in said()))
    assert shelf.spare_folder() in find_all(first)[0].path.parents
    assert sit().restore().state() == before


def test_a_journal_that_is_damaged_after_it_was_offered_is_told(sit, said):
    sit().segment().correct()
    second = sit()
    second.qtbot.waitUntil(lambda: second.desk.stage.offer is not None)
    second.desk.stage.offer.path.write_bytes(b"no journal at all")
    second.desk.stage.restore()
    second.qtbot.waitUntil(lambda: not second.bench.keeper.restoring)
    assert any("choose an older one" in sentence for sentence in said())
    assert second.segment().correct().history.states.any()


# nothing is left behind


def test_no_thread_writes_after_the_window_is_closed(sit):
    def writers():
        return [thread for thread in threading.enumerate() if thread.name == "journal"]

    first = sit().segment().correct()
    assert writers()
    first.close()
    assert not writers()


def test_a_state_that_is_not_known_is_never_offered_as_known(sit):
    first = sit().segment().correct()
    assert {int(state) for state in np.unique(first.history.states)} <= {
        int(State.CONFIRMED),
        int(State.CONFIRMED | State.CORRECTED),
    }
    second = sit().restore()
    np.testing.assert_array_equal(second.history.states, first.history.states)


def test_what_is_found_is_the_newest(sit):
    sit().segment().correct(times=1)
    newer = sit().segment().correct(times=2)
    before = newer.state()
    third = sit()
    third.qtbot.waitUntil(lambda: third.desk.stage.offer is not None)
    identity = third.desk.stage.offer.identity
    assert len(find(identity)) == 2
    assert third.restore().state() == before
