import gc
import os
import subprocess
import sys
from pathlib import Path
from weakref import ref

import pytest
from qtpy.QtWidgets import QDockWidget

from napari_unet.jobs.engine.client import Engine
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.panel import Panel
from tests.jobs.listening import comes_true, engine_threads, is_alive
from tests.session.fakes import two_cells

TITLE = "Segment, correct, fine-tune"


@pytest.fixture
def desk(real_viewer):
    desk = Desk(real_viewer, lambda: Engine(perform="tests.widgets.endless:perform"))
    desk.session.noticed.disconnect()
    yield desk
    desk.close()


@pytest.fixture
def docked(real_viewer, desk):
    panel = Panel(real_viewer, desk)
    real_viewer.window.add_dock_widget(panel, name=TITLE)
    return panel


@pytest.fixture
def busy(real_viewer, docked, desk, qtbot):
    """A job runs in the engine; its process id."""
    told = []
    desk.session.noticed.connect(told.append)
    real_viewer.add_image(two_cells())
    desk.segment("view")
    qtbot.waitUntil(lambda: told != [], timeout=15_000)
    return int(told[0])


@pytest.mark.window
def test_r4_2_closing_the_window_in_mid_run_ends_napari_and_the_engine(tmp_path):
    told = tmp_path / "pid"
    script = Path(__file__).with_name("close_while_busy.py")
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    napari = subprocess.Popen([sys.executable, script, told], env=surroundings)
    try:
        assert comes_true(lambda: told.exists() and told.read_text() != "", within_s=30)
        assert comes_true(lambda: napari.poll() is not None, within_s=3)
        assert comes_true(lambda: not is_alive(int(told.read_text())), within_s=3)
        assert napari.returncode == 0
    finally:
        napari.kill()
        napari.wait()


def test_closing_the_dock_ends_the_engine_and_leaves_no_panel(
    real_viewer, busy, docked, desk, qtbot
):
    gone = []
    docked.destroyed.connect(lambda: gone.append(1))
    real_viewer.window.remove_dock_widget(docked)
    qtbot.waitUntil(lambda: not is_alive(busy), timeout=3_000)
    qtbot.waitUntil(lambda: gone == [1])
    desk.changed.emit()  # nobody listens any more


def test_hiding_the_dock_lets_the_job_go_on(real_viewer, busy, docked, desk, qtbot):
    (dock,) = [
        dock
        for dock in real_viewer.window._qt_window.findChildren(QDockWidget)
        if dock.widget() is docked
    ]
    dock.hide()
    qtbot.wait(100)
    assert is_alive(busy)
    assert desk.session.running is not None


def test_docking_again_and_again_leaves_nothing_behind(real_viewer, desk, qtbot):
    def dock_and_remove():
        panel, gone = Panel(real_viewer, desk), []
        panel.destroyed.connect(lambda: gone.append(1))
        real_viewer.window.add_dock_widget(panel, name=TITLE)
        real_viewer.window.remove_dock_widget(panel)
        qtbot.waitUntil(lambda: gone == [1])
        return ref(panel)

    panels = [dock_and_remove() for _ in range(3)]
    gc.collect()
    assert [panel() for panel in panels] == [None] * 3


def test_an_engine_that_only_worked_ahead_ends_too(real_viewer, desk):
    real_viewer.add_image(two_cells())
    work = desk.stage.begin()
    work.results.put((), two_cells().astype("u2"))
    work.corrector.confirm_view()
    desk.teacher.estimate()  # how long it takes to learn that is found out
    assert engine_threads()
    desk.close()
    assert engine_threads() == []


def test_the_state_outlives_the_panel(real_viewer, desk, qtbot):
    real_viewer.add_image(two_cells())
    panel = Panel(real_viewer, desk)
    real_viewer.window.add_dock_widget(panel, name=TITLE)
    work = desk.stage.begin()
    work.results.put((), two_cells().astype("u2"))
    work.corrector.confirm_view()
    real_viewer.window.remove_dock_widget(panel)
    again = Panel(real_viewer, desk)
    real_viewer.window.add_dock_widget(again, name=TITLE)
    assert again.correct.undo.isEnabled()
    assert desk.stage.bench.tally.regions == 1
