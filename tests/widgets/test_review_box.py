"""The part of the panel that leads from object to object."""

import pytest

from napari_unet.widgets.review_box import ReviewBox
from napari_unet.widgets.tools import REVIEW_KEYS
from tests.session.fakes import two_cells


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr("napari_unet.widgets.layers.flight.FLIGHT_MS", 1)


@pytest.fixture
def box(desk, qtbot):
    box = ReviewBox(desk)
    qtbot.addWidget(box)
    box.show()
    return box


@pytest.fixture
def started(box, segmented, qtbot):
    box.start.click()
    qtbot.waitUntil(lambda: segmented.reviewer.stop is not None)
    return segmented


def test_before_there_is_a_mask_nothing_can_be_checked(box, image):
    assert not box.start.isEnabled()
    assert not box.card.isVisible()


def test_it_is_offered_once_there_is_a_mask(box, segmented):
    assert box.start.isEnabled()
    assert box.start.isVisible()
    assert not box.card.isVisible()


def test_it_shows_where_one_is(box, started):
    assert not box.start.isVisible()
    assert box.card.isVisible()
    assert box.where.text()
    assert all(made.isEnabled() for made in box.answers.values())
    assert box.looked.text() == ""


def test_while_places_are_looked_for_nothing_can_be_answered(box, segmented):
    box.start.click()
    assert "Looking for" in box.where.text()
    assert not any(made.isEnabled() for made in box.answers.values())
    assert box.end.isEnabled()
    box.end.click()
    assert box.start.isVisible()


@pytest.mark.parametrize("name", REVIEW_KEYS)
def test_every_button_does_what_its_key_does(box, started, name):
    first = started.reviewer.stop
    if name == "back":
        box.answers["next"].click()
    box.answers[name].click()
    reviewer, history = started.reviewer, started.specimen.history
    kinds = [edit.kind for edit in history.done if edit.kind != "segment"]
    assert kinds == {"say_right": ["right"], "delete": ["wrong"]}.get(name, [])
    assert reviewer.fixing == (name == "fix")
    assert (reviewer.stop == first) == (name in ("fix", "back"))
    assert f"Key: {REVIEW_KEYS[name]}" in box.answers[name].toolTip()
    assert box.answers[name].text().endswith(REVIEW_KEYS[name])


def test_while_fixing_only_right_and_next_are_alive(box, started):
    box.answers["fix"].click()
    assert "Space" in box.where.text()
    alive = {name for name, made in box.answers.items() if made.isEnabled()}
    assert alive == {"say_right", "next"}
    box.answers["say_right"].click()
    assert "1 looked at, 1 fixed" in box.looked.text()


def test_what_was_said_is_counted_and_taken_back_by_undo(box, started):
    box.answers["say_right"].click()
    assert "1 looked at, 0 fixed" in box.looked.text()
    started.corrector.recorder.undo()
    assert "looked at" not in box.looked.text()


def test_it_ends_by_its_button(box, started):
    box.end.click()
    assert not box.card.isVisible()
    assert box.start.isVisible()
    assert not started.reviewer.active


def test_another_image_ends_it(box, started, viewer):
    viewer.add_image(two_cells(), name="other")
    assert not started.reviewer.active
    assert not box.card.isVisible()
    assert not box.start.isEnabled()


def test_masks_that_are_deleted_end_it(box, started, viewer):
    viewer.layers.remove(started.results.masks)
    assert not box.card.isVisible()
    assert not box.start.isEnabled()


def test_in_3d_it_cannot_begin(box, segmented, viewer):
    viewer.dims.ndisplay = 3
    assert not box.start.isEnabled()


def test_closing_the_desk_ends_it(box, started, desk):
    desk.close()
    assert not started.reviewer.active
    assert started.reviewer.stop is None


def test_a_new_mask_of_the_model_is_gone_on_with(box, started, desk, settled, qtbot):
    box.answers["say_right"].click()
    places = started.reviewer.queue._places
    desk.segment("all")
    settled()
    qtbot.waitUntil(lambda: started.reviewer.queue._places is not places)
    assert started.reviewer.active
    assert "1 looked at" in box.looked.text()


def test_a_segmentation_in_the_middle_of_it_keeps_what_was_said(box, started, desk, settled):
    before = started.results.masks.data.copy()
    box.answers["delete"].click()
    after = started.results.masks.data.copy()
    assert (before != after).any()
    desk.segment("all")
    settled()
    assert (started.results.masks.data == after).all()
