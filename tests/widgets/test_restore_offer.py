"""The card that offers what an earlier session did."""

import tempfile

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_unet.widgets.desk import Desk
from napari_unet.widgets.restore_offer import RestoreOffer
from tests.session.fakes import FakeEngine, two_cells


@pytest.fixture(autouse=True)
def _spare_folder_of_its_own(tmp_path, monkeypatch):
    (tmp_path / "spare").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spare"))


@pytest.fixture
def corrected(tmp_path, qtbot):
    """Correct an image in a session of its own; gives the masks as they were left."""
    viewer = ViewerModel()
    desk = Desk(viewer, lambda: FakeEngine(quick=True, folder=tmp_path))
    viewer.add_image(two_cells(), name="cells", metadata={"path": "/data/plate 1/cells.tif"})
    desk.segment("all")
    qtbot.waitUntil(lambda: desk.session.wanted is None and not desk.maker.busy)
    masks = desk.stage.work.results.masks
    masks.paint((35, 50), 7)
    masks.paint((35, 55), 7)
    left = masks.data.copy()
    desk.close()
    return left


@pytest.fixture
def card(desk, qtbot):
    card = RestoreOffer(desk)
    qtbot.addWidget(card)
    return card


@pytest.fixture
def shown(corrected, card, viewer, qtbot):
    """The card over the same file."""
    viewer.add_image(two_cells(), name="again", metadata={"path": "/data/plate 1/cells.tif"})
    qtbot.waitUntil(card.isVisible)
    return card


def test_nothing_is_offered_where_there_is_nothing(card, image, qtbot):
    qtbot.wait(100)
    assert not card.isVisible()


def test_it_says_how_much_and_from_when(shown):
    assert shown.text.text().startswith("Restore 2 corrections from ")
    assert not shown.note.isVisible()


def test_it_says_that_the_file_was_elsewhere(corrected, card, viewer, qtbot):
    viewer.add_image(two_cells(), metadata={"path": "/elsewhere/copy.tif"})
    qtbot.waitUntil(card.isVisible)
    assert "/data/plate 1/cells.tif" in card.note.text()
    assert card.note.isVisible()


def test_restore_brings_the_masks_back_and_the_card_goes(shown, desk, corrected, qtbot):
    shown.restore.click()
    assert not shown.restore.isEnabled()
    assert shown.restore.text() == "Restoring …"
    qtbot.waitUntil(lambda: not shown.isVisible())
    np.testing.assert_array_equal(desk.stage.work.results.masks.data, corrected)


def test_clicked_twice_restores_once(shown, desk, viewer, qtbot):
    desk.stage.restore()
    desk.stage.restore()
    qtbot.waitUntil(lambda: not shown.isVisible())
    qtbot.wait(50)
    assert [layer.name for layer in viewer.layers].count("again masks") == 1


def test_of_several_one_is_chosen(shown, desk, corrected, settled, tmp_path, qtbot):
    assert not shown.which.isVisible(), "there is one only"
    shown.dismiss.click()
    desk.segment("all")
    settled()
    desk.stage.work.results.masks.paint((38, 3), 9)
    desk.close()
    viewer = ViewerModel()
    later = Desk(viewer, lambda: FakeEngine(quick=True, folder=tmp_path))
    card = RestoreOffer(later)
    qtbot.addWidget(card)
    viewer.add_image(two_cells())
    qtbot.waitUntil(card.isVisible)
    assert card.text.text() == "Restore one of 2 earlier sessions?"
    assert card.which.isVisible()
    entries = [card.which.itemText(i).split(" from ")[0] for i in range(card.which.count())]
    assert entries == ["1 correction", "2 corrections"]
    card.which.setCurrentIndex(1)
    card.which.activated.emit(1)
    card.restore.click()
    qtbot.waitUntil(lambda: not card.isVisible())
    np.testing.assert_array_equal(later.stage.work.results.masks.data, corrected)
    later.close()


def test_not_now_hides_it_for_this_session(shown, viewer, desk, qtbot):
    shown.dismiss.click()
    assert not shown.isVisible()
    again = desk.stage.image
    viewer.add_image(1 - two_cells())
    desk.stage.choose(again)
    qtbot.wait(100)
    assert not shown.isVisible()


def test_it_goes_once_the_image_is_corrected_and_comes_back_when_that_is_undone(
    shown, desk, settled
):
    desk.segment("all")
    settled()
    assert shown.isVisible(), "a prediction corrects nothing"
    masks = desk.stage.work.results.masks
    masks.paint((38, 3), 9)
    assert not shown.isVisible()
    masks.undo()
    assert shown.isVisible()


def test_another_image_hides_it_and_choosing_the_first_shows_it_again(shown, viewer, desk, qtbot):
    first = desk.stage.image
    viewer.add_image(1 - two_cells())
    assert not shown.isVisible()
    desk.stage.choose(first)
    qtbot.waitUntil(shown.isVisible)


def test_r14_5_equal_name_and_equal_path_are_not_the_same_image(corrected, card, viewer, qtbot):
    other = two_cells()
    other[1, 1] = 0.3
    viewer.add_image(other, name="cells", metadata={"path": "/data/plate 1/cells.tif"})
    qtbot.wait(150)
    assert not card.isVisible()


def test_while_the_image_is_segmented_it_waits(shown, desk, engine, settled, qtbot):
    engine.quick = False
    desk.segment("all")
    assert not shown.restore.isEnabled()
    engine.work()
    settled()
    assert shown.restore.isEnabled()


def test_closing_the_image_hides_it(shown, viewer, desk):
    viewer.layers.remove(desk.stage.image)
    assert not shown.isVisible()
