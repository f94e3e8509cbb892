"""Another network and another loss can be chosen in the panel, folded away at first."""

from pathlib import Path

import pytest
from napari.components import ViewerModel
from npe2 import PluginManifest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QCheckBox, QLabel

import napari_unet
from napari_unet.schema.catalog import LOSSES, NETWORKS
from napari_unet.schema.requests import FineTuneRequest
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.panel import Panel

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def advanced(panel):
    return panel.fine_tune.advanced


def choose(choice, title):
    index = choice.box.findText(title)
    assert index >= 0, title
    choice.box.setCurrentIndex(index)
    choice.box.activated.emit(index)


def titles(choice):
    return [choice.box.itemText(index) for index in range(choice.box.count())]


def test_it_is_closed_until_asked_for(advanced, qtbot):
    assert advanced.fold.isVisible()
    assert not advanced.start.isVisible()
    assert not advanced.loss.isVisible()
    assert not advanced.unusual.isVisible()
    qtbot.mouseClick(advanced.fold, LEFT)
    assert advanced.start.isVisible()
    assert advanced.loss.isVisible()


def test_all_of_the_catalogue_is_offered_by_title_with_when_to_choose_it(advanced):
    advanced.fold.setChecked(True)
    assert titles(advanced.start) == [
        "This model",
        *(f"A new {entry.title}" for entry in NETWORKS.values()),
    ]
    assert titles(advanced.loss) == [entry.title for entry in LOSSES.values()]
    for entry in LOSSES.values():
        choose(advanced.loss, entry.title)
        assert advanced.loss.when.text() == entry.when
    for entry in NETWORKS.values():
        choose(advanced.start, f"A new {entry.title}")
        assert advanced.start.when.text().startswith(entry.when)


def test_what_is_chosen_is_what_is_asked_for(panel, advanced, desk, engine, segmented, settled):
    segmented.corrector.confirm_view()
    settled()
    choose(advanced.start, "A new UNet++")
    panel.fine_tune.settings.editor("seconds").setValue(30)
    choose(advanced.loss, "Focal loss")
    assert panel.fine_tune.run.text().startswith("Teach a new UNet++\non ")
    desk.teacher.teach()
    settled()
    (asked,) = [one.settings for one in engine.requests if isinstance(one, FineTuneRequest)]
    assert (asked.network, asked.loss.loss, asked.seconds) == ("unet++", "focal", 30)


def test_the_input_can_be_left_as_it_is(advanced, desk, qtbot):
    advanced.fold.setChecked(True)
    box = advanced.input.findChild(QCheckBox)
    assert box.isVisible()
    assert box.isChecked()
    box.click()
    assert not desk.teacher.settings.auto_input
    choose(advanced.start, "A new U-Net")
    assert not box.isVisible()
    assert desk.teacher.settings.network == "unet"
    assert not desk.teacher.settings.auto_input


def test_folded_it_still_says_what_is_not_as_usual(advanced):
    advanced.fold.setChecked(True)
    choose(advanced.start, "A new U-Net")
    choose(advanced.loss, "Dice loss")
    assert not advanced.unusual.isVisible()
    advanced.fold.setChecked(False)
    assert advanced.unusual.text() == "Starts from a new U-Net; loss: Dice loss"
    assert advanced.unusual.isVisible()


def test_after_keeping_a_new_network_it_is_what_goes_on(panel, advanced, desk, segmented, settled):
    segmented.corrector.confirm_view()
    settled()
    choose(advanced.start, "A new U-Net")
    choose(advanced.loss, "Dice loss")
    desk.teacher.teach()
    settled()
    desk.session.keep()
    settled()
    assert advanced.start.box.currentText() == "This model"
    assert panel.fine_tune.run.text().startswith("Fine-tune")
    assert (desk.teacher.settings.network, desk.teacher.settings.loss.loss) == (None, "dice")


@pytest.fixture
def _installed(plugin_settings, npe2pm):
    path = Path(napari_unet.__file__).parent / "napari.yaml"
    npe2pm.register(PluginManifest.from_file(path))


@pytest.mark.usefixtures("_installed")
def test_the_loss_outlives_the_window_and_a_new_network_does_not(engine, qapp):
    first = Desk(ViewerModel(), lambda: engine)
    tversky = first.teacher.settings.loss.model_copy(update={"loss": "tversky"})
    first.teacher.use(FineTuneSettings(network="unet", loss=tversky, seconds=9))
    first.close()
    again = Desk(ViewerModel(), lambda: engine)
    found = again.teacher.settings
    again.close()
    assert (found.loss.loss, found.network, found.seconds) == ("tversky", None, 9)


@pytest.mark.usefixtures("_installed")
def test_a_loss_that_there_is_not_is_not_remembered(engine, qapp):
    from napari.settings import get_plugin_settings

    get_plugin_settings("napari-unet-finetune").loss.loss = "of another version"
    desk = Desk(ViewerModel(), lambda: engine)
    desk.close()
    assert desk.teacher.settings == FineTuneSettings()


@pytest.mark.window
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_with_a_mouse_in_a_narrow_window_nothing_is_cut_off(make_napari_viewer, engine, theme):
    viewer = make_napari_viewer(show=True)
    viewer.theme = theme
    desk = Desk(viewer, lambda: engine)
    panel = Panel(viewer, desk)
    dock = viewer.window.add_dock_widget(panel, area="right")
    window = viewer.window._qt_window
    QTest.qWait(100)
    window.resizeDocks([dock], [100], Qt.Orientation.Horizontal)
    advanced = panel.fine_tune.advanced
    panel._scroll.ensureWidgetVisible(advanced.fold)
    QTest.mouseClick(advanced.fold, LEFT)
    pick(panel, advanced.start, "A new UNet++")
    pick(panel, advanced.loss, "Border-weighted cross entropy (2019)")
    assert desk.teacher.settings.network == "unet++"
    assert desk.teacher.settings.loss.loss == "border-weighted-ce-2019"
    QTest.qWait(50)
    content = panel._scroll.widget()
    assert content.width() <= panel._scroll.viewport().width()
    for label in panel.fine_tune.findChildren(QLabel):
        if label.isVisible():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
            right = label.mapTo(content, label.rect().topRight()).x()
            assert right < content.width(), label.text()
    for choice in (advanced.start, advanced.loss):
        box = choice.box
        widest = max(box.fontMetrics().horizontalAdvance(title) for title in titles(choice))
        assert box.view().minimumWidth() > widest
        assert box.fontMetrics().horizontalAdvance(box.currentText()) < box.width() - 20
    desk.close()


def pick(panel, choice, title):
    """Open a list with the mouse, and click on an entry."""
    panel._scroll.ensureWidgetVisible(choice.box)
    view = choice.box.view()
    for _ in range(5):  # on a busy machine a list takes the end of a click for a choice
        QTest.mouseClick(choice.box, LEFT)
        # and one that has just opened takes a click for the second half of that which opened it
        QTest.qWait(QApplication.doubleClickInterval() + 50)
        if view.isVisible():
            break
    assert view.isVisible()
    place = view.visualRect(view.model().index(choice.box.findText(title), 0)).center()
    QTest.mouseMove(view.viewport(), place)
    QTest.mouseClick(view.viewport(), LEFT, pos=place)
    QTest.qWait(50)
    assert choice.box.currentText() == title
