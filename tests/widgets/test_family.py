"""The family of the chosen model in the panel: go back to any of them, compare two."""

from datetime import UTC, datetime, timedelta

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel

from napari_unet.schema.proof import HeldOutScores, Proof
from napari_unet.schema.settings import TrainSettings
from napari_unet.schema.training_record import Learnt, TrainingRecord
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.panel import Panel
from tests.session.fakes import write_card

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def tuned(library, desk):
    """Two models that descend from the one of the library; the older is chosen."""
    made = descend(library, desk.session.model.card)
    desk.session.refresh_models()
    desk.session.choose(made[0].id)
    return made


def descend(folder, base):
    first = tune(folder, base, 1, 0.4, 0.6)
    return [first, tune(folder, base, 2, 0.6, 0.7, chosen=first.id)]


def tune(folder, base, number, before, after, chosen=None):
    scores = [HeldOutScores(iou=f1, dice=f1, f1_50=f1) for f1 in (before, after)]
    images = tuple(Learnt(image_id=str(i), known_px=9, objects=7) for i in range(number))
    proof = Proof(before=scores[0], after=scores[1])
    return write_card(
        folder / f"tuned{number}.safetensors",
        "one (tuned)",
        parent=base.id,
        created=datetime.now(UTC) + timedelta(minutes=number),
        recipe=TrainSettings(seed=number).model_dump(mode="json"),
        training=TrainingRecord(images=images, chosen=chosen, proof=proof),
    )


@pytest.fixture
def panel(panel, desk, qtbot):
    qtbot.waitUntil(lambda: desk.session.device is not None)
    return panel


@pytest.fixture
def family(tuned, panel, settled):
    settled()
    panel.fine_tune.family.fold.click()
    return panel.fine_tune.family


def texts(widget):
    QTest.qWait(10)  # what has just been made is shown when the window comes to it
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


def test_it_is_folded_until_asked_for(tuned, panel):
    family = panel.fine_tune.family
    assert family.fold.accessibleName() == "History (3 models)"
    assert not family.list.isVisible()
    assert not family.table.isVisible()


def test_a_model_without_family_is_told_what_will_be_here(panel):
    family = panel.fine_tune.family
    family.fold.click()
    assert family.fold.accessibleName() == "History"
    assert family.nothing.isVisible()
    assert not family.list.isVisible()


def test_r13_2_it_says_of_each_model_when_on_what_and_how_good(family):
    said = texts(family.list)
    assert said[0] == "1  one"
    assert said[2::2] == ["2  one (tuned)", "3  one (tuned)"]
    assert said[3].endswith("1 image, 7 objects, object F1 0.40 -> 0.60")
    assert said[5].endswith("2 images, 14 objects, object F1 0.60 -> 0.70")


def test_r13_2_one_click_goes_back_to_any_of_them(family, desk, qtbot, tuned):
    base = next(one.card for one in desk.session.models if one.card.name == "one")
    assert not family.list.buttons[tuned[0].id].isEnabled(), "it is in use"
    for card in (base, tuned[1], tuned[0]):
        QTest.qWait(50)  # until it has its place
        qtbot.mouseClick(family.list.buttons[card.id], LEFT)
        assert desk.session.model.card.id == card.id
        assert not family.list.buttons[card.id].isEnabled()


def test_while_a_job_runs_no_other_model_can_be_used(family, desk, engine, image, settled):
    engine.quick = False
    desk.segment("all")
    assert not any(one.isEnabled() for one in family.list.buttons.values())
    engine.work()
    settled()
    assert sum(one.isEnabled() for one in family.list.buttons.values()) == 2


def test_the_newest_is_compared_with_what_it_took_the_place_of(family):
    table = family.table
    assert [box.currentText()[0] for box in (table.first, table.second)] == ["2", "3"]
    said = texts(table.table)
    assert said[said.index("Object F1") :][:3] == ["Object F1", "0.60", "0.70"]
    assert said[said.index("Seed") :][:3] == ["Seed", "1", "2"]
    assert not table.note.isVisible()


def test_any_two_can_be_compared_and_scores_of_different_pixels_are_said(family):
    table = family.table
    table.first.setCurrentIndex(0)
    table.first.activated.emit(0)
    assert table.note.text().startswith("Measured on different pixels")
    assert "Learnt from" in texts(table.table)
    table.second.setCurrentIndex(0)
    table.second.activated.emit(0)
    assert "Nothing differs in how they were made." in texts(table.table)
    assert not table.note.isVisible()


def test_a_model_that_is_kept_joins_it(family, desk, library, tuned):
    tune(library, desk.session.model.card, 3, 0.7, 0.8)
    desk.session.refresh_models()
    assert family.fold.accessibleName() == "History (4 models)"
    assert len(family.list.buttons) == 4


@pytest.mark.window
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_with_a_mouse_in_a_narrow_window_nothing_is_cut_off(
    make_napari_viewer, engine, library, qtbot, theme
):
    viewer = make_napari_viewer(show=True)
    viewer.theme = theme
    desk = Desk(viewer, lambda: engine)
    made = descend(library, desk.session.model.card)
    desk.session.refresh_models()
    panel = Panel(viewer, desk)
    dock = viewer.window.add_dock_widget(panel, area="right")
    QTest.qWait(100)
    viewer.window._qt_window.resizeDocks([dock], [100], Qt.Orientation.Horizontal)
    family = panel.fine_tune.family
    panel._scroll.ensureWidgetVisible(family.fold)
    QTest.mouseClick(family.fold, LEFT)
    content = panel._scroll.widget()
    qtbot.waitUntil(lambda: family.list.isVisible() and cut_off(family, content) == [])
    assert content.width() <= panel._scroll.viewport().width()
    use = family.list.buttons[made[1].id]
    panel._scroll.ensureWidgetVisible(use)
    QTest.mouseClick(use, LEFT)
    assert desk.session.model.card.id == made[1].id
    desk.close()


def cut_off(family, content):
    """The labels that have too little room."""
    shown = [label for label in family.findChildren(QLabel) if label.isVisible()]
    assert shown
    return [
        label.text()
        for label in shown
        if label.height() < label.heightForWidth(label.width())
        or label.mapTo(content, label.rect().topRight()).x() >= content.width()
    ]
