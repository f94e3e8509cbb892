"""Regions that are confirmed while a model learns join that training, if its user wants it so."""

import time

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_unet.jobs.messages import Cancelled
from napari_unet.schema.events import StepDone
from napari_unet.schema.requests import FineTuneRequest
from napari_unet.schema.training_record import Joined
from napari_unet.training.joining import HELD_BACK


@pytest.fixture
def learning(desk, panel, segmented, engine, settled):
    """A training that has begun with a box of an image, and says nothing by itself."""
    confirm(segmented, (0, 0, 18, 18))
    settled()
    engine.quick = False
    desk.teacher.teach()
    assert desk.session.learns
    return desk.teacher.joiner


@pytest.fixture
def section(panel):
    return panel.fine_tune


def confirm(work, box):
    work.corrector._confirm(box)


def said(joining, **fields):
    of = {"image_id": joining.correction.image_id, "at": joining.at, "regions": joining.regions}
    return Joined(**of, step=120, **{"known_px": 9, **fields})


def test_nothing_joins_unless_its_user_wants_it(learning, segmented, engine, section, qtbot):
    assert not learning.wanted
    assert not section.advanced.join.isChecked()
    confirm(segmented, (0, 20, 18, 40))
    assert engine.words == []
    text = "1 correction made meanwhile counts next time."
    qtbot.waitUntil(lambda: section.meanwhile.text() == text)
    assert not section.joined.isVisible()


def test_a_region_joins_with_all_that_is_known_of_its_plane(
    learning, desk, segmented, engine, section, qtbot
):
    section.advanced.fold.click()
    qtbot.mouseClick(section.advanced.join, Qt.MouseButton.LeftButton)
    assert learning.wanted
    masks = segmented.results.masks
    masks.paint((10, 30), 1)
    assert engine.words == [], "a stroke alone is not confirmed"
    confirm(segmented, (0, 20, 18, 40))
    (joining,) = engine.words
    known = np.zeros(masks.data.shape, bool)
    known[:18, :18] = known[:18, 20:40] = True
    np.testing.assert_array_equal(joining.correction.known > 0, known)
    np.testing.assert_array_equal(joining.correction.labels, masks.data)
    np.testing.assert_array_equal(joining.correction.image, desk.stage.image.data)
    (asked,) = [one for one in engine.requests if isinstance(one, FineTuneRequest)]
    assert joining.correction.image_id == asked.corrections[0].image_id
    assert joining.regions == 1

    confirmed = "2 corrections made meanwhile count next time."
    qtbot.waitUntil(lambda: section.meanwhile.text() == confirmed)
    engine.say(said(joining))
    qtbot.waitUntil(lambda: section.joined.text() == "1 more region joined after step 120.")
    assert section.joined.isVisible()
    assert not section.meanwhile.isVisible(), "what has joined does not wait for the next time"
    time.sleep(0.01)  # the clock of some systems is that coarse
    masks.paint((12, 30), 1)
    text = "1 correction made meanwhile counts next time."
    qtbot.waitUntil(lambda: section.meanwhile.text() == text)
    assert len(engine.words) == 1
    engine.end(Cancelled())
    qtbot.waitUntil(lambda: desk.session.wanted is None)
    assert section.joined.isVisible(), "it is still said when the training has ended"


def test_r12_4_what_is_held_back_says_so_and_counts_next_time(
    learning, segmented, engine, section, qtbot
):
    learning.want(True)
    confirm(segmented, (0, 20, 18, 40))
    engine.say(said(engine.words[0], known_px=0, why_not=HELD_BACK))
    qtbot.waitUntil(lambda: section.joined.text() == HELD_BACK)
    assert section.meanwhile.text() == "1 correction made meanwhile counts next time."


def test_what_was_confirmed_before_the_switch_joins_then(learning, segmented, engine, panel):
    confirm(segmented, (0, 20, 18, 40))
    confirm(segmented, (20, 20, 38, 40))
    learning.want(True)
    (joining,) = engine.words
    assert joining.regions == 2
    learning.want(False)
    confirm(segmented, (0, 42, 18, 58))
    assert len(engine.words) == 1


def test_nothing_joins_once_the_training_is_asked_to_end(learning, desk, segmented, engine):
    learning.want(True)
    desk.session.cancel()
    confirm(segmented, (0, 20, 18, 40))
    assert engine.words == []
    engine.say(StepDone(step=1, loss=1, learning_rate=1))
    engine.end(Cancelled())


def test_folded_it_still_says_that_regions_join(desk, panel, section):
    desk.teacher.joiner.want(True)
    desk.changed.emit()
    assert section.advanced.unusual.text() == "New regions join a running training"
    assert section.advanced.join.isChecked()
    assert not section.advanced.join.isVisible()
