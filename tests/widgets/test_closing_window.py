"""A window that asks before it closes, as napari does: work ends when it is gone, not before."""

from contextlib import suppress

import pytest
from qtpy.QtCore import QEventLoop, Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QLabel, QMainWindow

from napari_unet.widgets.closing import Closing
from napari_unet.widgets.setup_check import SetupCheck


class Window(QMainWindow):
    """Asks whether to close it, and lets other things happen meanwhile."""

    answer = True
    while_asking = staticmethod(lambda: None)

    def closeEvent(self, event):
        loop = QEventLoop()
        QTimer.singleShot(20, loop.quit)
        loop.exec()
        self.while_asking()
        event.setAccepted(self.answer)


@pytest.fixture
def window(qapp):
    window = Window()
    window.show()
    yield window
    with suppress(RuntimeError):  # it is deleted already
        window.hide()
        window.deleteLater()


@pytest.fixture
def closed():
    return []


@pytest.fixture
def dock(window, closed, qapp):
    panel = QLabel("panel")
    window.closing = Closing(lambda: closed.append(1))
    window.closing.watch(panel)
    dock = QDockWidget(window)
    dock.setWidget(panel)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    qapp.processEvents()
    return dock


def docked(dock):
    pass


def floating(dock):
    dock.setFloating(True)


def hidden(dock):
    dock.hide()


@pytest.fixture(params=[docked, floating, hidden], ids=lambda how: how.__name__)
def shown(request, dock, qapp):
    request.param(dock)
    qapp.processEvents()
    return dock


def test_work_ends_when_the_window_is_gone_and_not_while_it_asks(window, shown, closed, qtbot):
    window.while_asking = lambda: closed.append("asked")
    window.close()
    qtbot.waitUntil(lambda: closed == ["asked", 1])


def test_work_goes_on_in_a_window_that_stays(window, shown, closed, qapp):
    window.answer = False
    window.close()
    qapp.processEvents()
    assert window.isVisible()
    assert closed == []


def test_work_ends_with_a_window_that_is_deleted(qtbot, window, dock, closed):
    kept = window.closing
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    window.close()
    qtbot.waitUntil(lambda: closed == [1])
    assert kept is not None


def test_a_window_that_hides_for_a_moment_is_not_gone(window, dock, closed, qapp):
    """Windows hides it where it fills the screen."""
    window.hide()
    window.show()
    qapp.processEvents()
    assert closed == []


def test_the_check_of_the_setup_alone_ends_its_engine(window, desk, viewer, engine, qtbot, qapp):
    dock = QDockWidget(window)
    dock.setWidget(SetupCheck(viewer, desk))
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    qapp.processEvents()
    window.close()
    qtbot.waitUntil(lambda: engine.closed)
