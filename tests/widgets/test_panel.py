import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QWidget,
)

from napari_unet.jobs.messages import Cancelled
from napari_unet.schema.events import Progress, StepDone, Validated
from napari_unet.schema.requests import PredictRequest
from napari_unet.schema.settings import MaskSettings, NetworkSettings
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.panel import Panel
from napari_unet.widgets.setup_check import SetupCheck
from tests.session.fakes import BETTER, FakeEngine, two_cells, write_card


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def texts(panel):
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]


def test_without_an_image_one_friendly_line_says_what_to_do(panel):
    assert not panel.segment.run.isEnabled()
    assert any("File > Open Sample > U-Net" in text for text in texts(panel))


def test_everything_that_is_disabled_says_why(panel, image):
    assert panel.segment.run.isEnabled()
    assert not panel.correct.confirm.isEnabled()
    assert panel.correct.reason.text().startswith("Segment first")
    assert not panel.fine_tune.run.isEnabled()
    assert panel.fine_tune.reason.text().startswith("Confirm a region first")


def test_r8_1_the_reading_is_said_in_one_line_with_a_choice_beside_it(panel, viewer, desk):
    viewer.add_image(np.zeros((20, 2, 32, 32)), name="stack")
    line = panel.segment.description.text()
    assert line == "20 slices x 2 channels x 32 x 32; channel 1 of each slice"
    assert panel.segment.axes.isVisible()
    panel.segment.channel.setCurrentIndex(1)
    panel.segment.channel.activated.emit(1)
    assert panel.segment.description.text().endswith("channel 2 of each slice")
    other = [panel.segment.axes.itemText(i) for i in range(panel.segment.axes.count())]
    at = other.index("time, channels")
    panel.segment.axes.activated.emit(at)
    assert desk.stage.reading.axes == "TCYX"


def test_of_a_colour_image_one_colour_or_stain_can_be_segmented(
    panel, viewer, desk, engine, settled
):
    viewer.add_image(np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8), rgb=True)
    channel = panel.segment.channel
    names = [channel.itemText(i) for i in range(channel.count())]
    assert names[:3] == ["red", "green", "blue"]
    assert names[-1] == "brightness"
    assert channel.currentText() == "brightness"
    channel.activated.emit(names.index("red"))
    desk.segment("view")
    settled()
    np.testing.assert_array_equal(engine.requests[-1].planes[0], desk.stage.image.data[..., 0])


def test_r8_5_where_is_explicit_and_starts_with_what_is_on_the_screen(panel, viewer):
    scope = panel.segment.scope
    viewer.add_image(two_cells())
    assert [scope.itemText(i) for i in range(scope.count())] == ["What I see", "The whole image"]
    viewer.add_image(np.zeros((7, 32, 32)))
    assert scope.currentText() == "What I see"
    assert [scope.itemText(i) for i in range(scope.count())][1:] == ["This slice", "All 7 slices"]


def test_images_are_listed_by_their_present_names(panel, viewer):
    image = viewer.add_image(two_cells(), name="first")
    viewer.add_image(two_cells(), name="second")
    image.name = "renamed"
    names = [panel.segment.image.itemText(i) for i in range(panel.segment.image.count())]
    assert names == ["renamed", "second"]
    panel.segment.image.activated.emit(0)
    assert panel.desk.stage.image is image


def test_the_whole_loop_by_its_buttons(panel, image, desk, qtbot, settled, library):
    click(qtbot, panel.segment.run)
    settled()
    assert panel.segment.status.text() == "The model sees 2 objects here."
    click(qtbot, panel.correct.tools["delete"])
    assert panel.correct.tools["delete"].isChecked()
    assert "Click on a wrong object" in panel.correct.hint.text()
    desk.stage.work.corrector._on_stroke_ended([(10.0, 10.0)])
    click(qtbot, panel.correct.confirm)
    text = "Fine-tune\non 1 corrected object in 1 region"
    qtbot.waitUntil(lambda: panel.fine_tune.run.text() == text)
    assert panel.correct.count.text() == "1 object corrected, 1 region confirmed"
    click(qtbot, panel.fine_tune.run)
    settled()
    card = panel.fine_tune.card
    assert card.isVisible()
    assert card.verdict.text() == "Better."
    assert [card.cells["f1_50", when].text() for when in (0, 1)] == ["0.40", "0.60"]
    click(qtbot, card.keep)
    settled()
    assert not card.isVisible()
    assert panel.segment.model.currentText() == "tuned"
    assert len(list(library.iterdir())) == 2


def test_discarding_leaves_the_model_as_it_was(panel, segmented, desk, qtbot, settled, library):
    click(qtbot, panel.correct.confirm)
    qtbot.waitUntil(panel.fine_tune.run.isEnabled)
    click(qtbot, panel.fine_tune.run)
    settled()
    click(qtbot, panel.fine_tune.card.discard)
    assert not panel.fine_tune.card.isVisible()
    assert panel.segment.model.currentText() == "one"
    assert len(list(library.iterdir())) == 1


@pytest.fixture
def slow(viewer, qtbot):
    """A panel whose engine waits to be told what to say."""
    engine = FakeEngine()
    desk = Desk(viewer, lambda: engine)
    viewer.add_image(two_cells())
    panel = Panel(viewer, desk)
    qtbot.addWidget(panel)
    yield panel, engine
    desk.close()


def test_r4_2_and_r4_6_progress_cancel_and_back(slow, qtbot):
    panel, engine = slow
    panel.desk.segment("view")
    running = panel.segment.running
    assert panel.segment.run.isHidden()
    assert not running.isHidden()
    engine.say(Progress(phase="tile", done=3, total=12, seconds_left=8))
    qtbot.waitUntil(lambda: running.text.text() == "Tile 4 of 12, 8 s left")
    assert (running.bar.value(), running.bar.maximum()) == (3, 12)
    click(qtbot, running.stop)
    assert running.text.text() == "Ending …"
    assert engine.cancelled == 1
    engine.end(Cancelled())
    qtbot.waitUntil(lambda: not panel.segment.run.isHidden())
    assert panel.segment.run.isEnabled()


def test_r4_5_while_one_job_runs_the_other_button_waits(slow, qtbot):
    panel, _ = slow
    panel.desk.segment("view")
    assert not panel.fine_tune.run.isEnabled()
    assert not panel.segment.model.isEnabled()


def test_r13_1_the_curves_are_live_and_survive_the_panel(slow, viewer, qtbot):
    panel, engine = slow
    panel.desk.segment("view")
    engine.work()
    qtbot.waitUntil(lambda: panel.desk.session.running is None and not panel.desk.maker.busy)
    panel.desk.stage.work.corrector.confirm_view()
    engine.work()  # how long it takes is found out first
    qtbot.waitUntil(lambda: bool(panel.fine_tune.estimate.text()))
    panel.desk.teacher.teach()
    assert not panel.fine_tune.plot.isHidden()
    engine.say(StepDone(step=1, loss=0.7, learning_rate=0.1))
    engine.say(Validated(step=1, scores=BETTER))
    qtbot.waitUntil(lambda: len(panel.desk.session.curves.tests) == 1)
    again = Panel(viewer, panel.desk)
    qtbot.addWidget(again)
    assert not again.fine_tune.plot.isHidden()
    assert not again.fine_tune.running.isHidden()


def test_a_second_panel_shows_what_the_first_left(panel, viewer, desk, qtbot, segmented):
    again = Panel(viewer, desk)
    qtbot.addWidget(again)
    assert again.segment.status.text() == "The model sees 2 objects here."
    assert again.correct.confirm.isEnabled()


def test_r11_5_everything_has_a_tooltip_and_can_be_reached_by_keyboard(panel, segmented):
    found = [
        *panel.findChildren(QAbstractButton),
        *panel.findChildren(QComboBox),
        *panel.findChildren(QAbstractSpinBox),
    ]
    ours = [w for w in found if w.objectName() not in ("qt_toolbar_ext_button",)]
    assert len(ours) > 20
    for widget in ours:
        assert widget.toolTip() or widget.parent().toolTip(), widget
        assert widget.focusPolicy() != Qt.FocusPolicy.NoFocus, widget


def test_every_key_stands_in_its_tooltip(panel):
    for name, button in panel.correct.tools.items():
        assert "Key: " in button.toolTip(), name
    assert "Key: R" in panel.correct.confirm.toolTip()


def test_nothing_is_wider_than_400_pixels(panel, segmented, desk, qtbot):
    panel.segment.more.setChecked(True)
    qtbot.wait(10)
    assert panel.minimumWidth() <= 400
    right = panel.mapToGlobal(QPoint(400, 0)).x()
    for button in panel.findChildren(QAbstractButton):
        if button.isVisible():
            assert button.mapToGlobal(QPoint(button.width(), 0)).x() <= right, button.text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_of_the_viewer_is_followed(panel, viewer, theme):
    viewer.theme = "light" if theme == "dark" else "dark"
    before = panel.styleSheet()
    viewer.theme = theme
    assert panel.styleSheet() != before


def test_a_panel_that_was_closed_follows_no_theme_any_more(viewer, desk, qtbot, said):
    panel, window = Panel(viewer, desk), QWidget()
    panel.setParent(window)
    with qtbot.waitSignal(panel.destroyed):
        panel.setParent(None)  # so does napari with a dock widget that is closed
    viewer.theme = "light"
    assert said() == []


def test_showing_the_overlay_can_be_switched_off(panel, viewer, segmented, desk, qtbot):
    click(qtbot, panel.correct.confirm)
    qtbot.waitUntil(lambda: "cells known" in viewer.layers)
    panel.correct.overlay.setChecked(False)
    assert not viewer.layers["cells known"].visible


def test_the_overlay_that_was_switched_off_is_so_for_images_that_come_later(
    panel, viewer, desk, settled
):
    panel.correct.overlay.setChecked(False)
    viewer.add_image(two_cells(), name="later")
    desk.segment("all")
    settled()
    desk.stage.work.corrector.confirm_view()
    assert not viewer.layers["later known"].visible
    assert not Panel(viewer, desk).correct.overlay.isChecked(), "nor does another panel forget"


def test_moving_a_slider_is_followed_by_the_mask(panel, segmented, settled):
    panel.segment.masks.editor("min_size_px").setValue(150)
    settled()
    assert segmented.results.labels(())[10, 10] == 0


def test_settings_that_a_model_brings_are_shown(panel, desk):
    desk.use_mask_settings(MaskSettings(threshold=0.7))
    desk.changed.emit()
    assert panel.segment.masks.editor("threshold").value() == pytest.approx(0.7)


def test_heads_can_be_chosen_where_the_model_has_several(
    panel, desk, image, engine, library, settled
):
    nested = NetworkSettings(deep_supervision=True)
    write_card(library / "nested.safetensors", "nested", network="unet++", network_settings=nested)
    desk.session.refresh_models()
    section = panel.segment
    heads = section.predict.editor("head")

    def choose(name):
        names = [section.model.itemText(i) for i in range(section.model.count())]
        section.model.activated.emit(names.index(name))

    choose("nested")
    assert heads.isEnabled()
    heads.setCurrentText("L2")
    choose("one")
    assert not heads.isEnabled()
    assert "one head" in heads.toolTip()
    desk.segment("plane")
    settled()
    (asked,) = [one for one in engine.requests if isinstance(one, PredictRequest)]
    assert asked.settings.head == heads.currentText() == "accurate"
    choose("nested")
    assert desk.predict_settings.head == heads.currentText() == "L2"


def test_r5_7_the_setup_is_shown_as_one_text_to_paste(viewer, desk, qtbot):
    check = SetupCheck(viewer, desk)
    qtbot.addWidget(check)
    qtbot.waitUntil(lambda: "No GPU was found" in check.text.toPlainText())
    click(qtbot, check.copy)
    pasted = QApplication.clipboard().text()
    assert "napari:" in pasted
    assert "torch:" in pasted
