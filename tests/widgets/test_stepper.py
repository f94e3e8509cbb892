"""Undo and redo over predictions, and of edits that a thread takes back."""

import numpy as np
import pytest

from napari_unet.schema.settings import MaskSettings
from napari_unet.widgets import stepper
from tests.widgets.hands import objects

# predictions


def test_r2_5_undo_leads_through_predictions_step_by_step(desk, segmented, settled, loud):
    masks, history, seen = segmented.results.masks, segmented.results.specimen.history, []

    def note():
        seen.append((segmented.results.labels(()).copy(), history.states.copy()))

    for do in (
        lambda: masks.paint((10, 10), 9),
        lambda: masks.paint((25, 30), 0),
        lambda: desk.use_mask_settings(MaskSettings(min_size_px=150)),
        lambda: masks.paint((35, 50), 8),
        lambda: desk.use_mask_settings(MaskSettings(threshold=0.7)),
    ):
        note()
        do()
        settled()
    assert len(history.done) >= 5
    seen = seen[: len(history.done)]
    for labels, states in reversed(seen):
        masks.undo()
        np.testing.assert_array_equal(masks.data, labels)
        np.testing.assert_array_equal(history.states, states)


# edits of many pixels, which a thread takes back


@pytest.fixture
def large(hands, monkeypatch):
    """The mask has been filled, which counts as much."""
    monkeypatch.setattr(stepper, "_LARGE_PX", 100)
    hands.paint((0, 0), label=7, mode="fill")
    return hands


def test_many_pixels_are_taken_back_by_a_thread(large, qtbot):
    filled = large.labels()
    large.masks.undo()
    np.testing.assert_array_equal(large.labels(), filled)
    assert large.recorder.busy
    qtbot.waitUntil(lambda: not large.recorder.busy)
    np.testing.assert_array_equal(large.labels(), objects())
    assert large.masks.data is large.specimen.labels
    large.masks.redo()
    qtbot.waitUntil(lambda: not large.recorder.busy)
    np.testing.assert_array_equal(large.labels(), filled)


def test_what_is_asked_for_meanwhile_comes_in_turn(large, qtbot):
    filled = large.labels()
    large.paint((0, 25), label=9)
    for _ in range(3):
        large.masks.undo()
    large.masks.redo()
    large.masks.redo()
    qtbot.waitUntil(lambda: not large.recorder.busy)
    np.testing.assert_array_equal(large.labels(), filled)


@pytest.mark.parametrize("ends_late", [False, True])
def test_what_is_painted_meanwhile_is_not_taken_back(large, qtbot, ends_late):
    large.masks.mode, large.masks.selected_label = "paint", 9
    large.masks.undo()
    let_go = large.press((1, 25), (3, 25))
    if ends_late:
        qtbot.wait(150)
    painted = large.labels()
    let_go()
    qtbot.waitUntil(lambda: not large.recorder.busy)
    np.testing.assert_array_equal(large.labels(), painted)
    large.masks.undo()
    large.masks.undo()
    qtbot.waitUntil(lambda: not large.recorder.busy)
    np.testing.assert_array_equal(large.labels(), objects())


def test_nothing_is_taken_back_of_what_was_let_go_of(large, qtbot):
    filled = large.labels()
    large.masks.mode, large.masks.selected_label = "paint", 7
    large.masks.undo()
    let_go = large.press((1, 25))
    qtbot.wait(100)  # it is ready, and waits for the stroke
    large.recorder.drop()
    let_go()
    qtbot.wait(100)
    np.testing.assert_array_equal(large.labels(), filled)
