"""While a model learns, its user goes on correcting, and cannot start it a second time."""

import pytest
from qtpy.QtCore import Qt

from napari_unet.jobs.messages import Cancelled
from napari_unet.widgets.panel import Panel
from tests.session.fakes import FakeEngine


@pytest.fixture
def engine(tmp_path):
    """One that says nothing by itself, once the image is segmented."""
    return FakeEngine(quick=True, folder=tmp_path)


@pytest.fixture
def panels(viewer, desk, segmented, engine, qtbot):
    """Two panels of one viewer, of an image that is confirmed."""
    segmented.corrector.confirm_view()
    made = [Panel(viewer, desk) for _ in range(2)]
    for panel in made:
        qtbot.addWidget(panel)
        panel.resize(400, 900)
        panel.show()
    session = desk.session
    qtbot.waitUntil(lambda: session.device is not None and session.wanted is None)
    engine.quick = False
    return made


def trainings(engine):
    return sum(request.kind == "fine-tune" for request in engine.requests)


@pytest.mark.parametrize("how", ["click", "key", "another panel", "both panels at once"])
def test_r5_2_a_second_click_starts_no_second_training(panels, engine, desk, qtbot, how, said):
    first, second = (panel.fine_tune.run for panel in panels)
    first.setFocus()
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert trainings(engine) == 1
    if how == "click":
        qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    elif how == "key":
        for key in (Qt.Key.Key_Space, Qt.Key.Key_Return):
            qtbot.keyClick(first, key)
            qtbot.keyClick(panels[0], key)
    elif how == "another panel":
        qtbot.mouseClick(second, Qt.MouseButton.LeftButton)
    else:  # a click that was on its way before the button was gone
        second.clicked.emit()
    assert trainings(engine) == 1
    assert not first.isVisible()
    assert not second.isVisible()
    assert desk.session.wanted is desk.session.running
    engine.end(Cancelled())
    qtbot.waitUntil(lambda: desk.session.wanted is None)
    assert trainings(engine) == 1, "nothing was in line"
    assert first.isVisible()


def test_corrections_made_meanwhile_are_counted_and_learnt_next_time(
    panels, engine, desk, segmented, qtbot
):
    line = panels[0].fine_tune.meanwhile
    qtbot.mouseClick(panels[0].fine_tune.run, Qt.MouseButton.LeftButton)
    assert not line.isVisible()
    given = engine.requests[-1].corrections[0].labels.copy()
    segmented.results.masks.paint((30, 50), 1)
    qtbot.waitUntil(lambda: line.text() == "1 correction made meanwhile counts next time.")
    assert line.isVisible()
    assert (engine.requests[-1].corrections[0].labels == given).all(), "it learns a snapshot"
    engine.end(Cancelled())
    qtbot.waitUntil(lambda: "since the fine-tuning began" in line.text())
    qtbot.mouseClick(panels[0].fine_tune.run, Qt.MouseButton.LeftButton)
    assert trainings(engine) == 2
    assert not line.isVisible()
    assert (engine.requests[-1].corrections[0].labels != given).any()
    engine.end(Cancelled())
