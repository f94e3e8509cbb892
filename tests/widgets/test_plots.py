import time

import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent

from napari_unet.schema.events import StepDone, Validated
from napari_unet.session.curves import Curves
from napari_unet.widgets.plots import Plot
from napari_unet.widgets.theme import colours
from tests.session.fakes import BETTER, WORSE

CURVES = Curves(
    tuple(StepDone(step=i, loss=1 / (i + 1), learning_rate=0.1) for i in range(1, 40)),
    (Validated(step=20, scores=WORSE), Validated(step=39, scores=BETTER)),
)


@pytest.fixture
def plot(qtbot):
    plot = Plot(colours("dark"))
    qtbot.addWidget(plot)
    plot.resize(320, 150)
    return plot


def picture(plot):
    image = plot.grab().toImage()
    places = [(x, y) for x in range(0, 320, 2) for y in range(0, 150, 2)]
    return [image.pixelColor(QPoint(x, y)).name() for x, y in places]


def test_curves_are_drawn_in_their_colours(plot):
    empty = picture(plot)
    plot.show_curves(CURVES)
    drawn = picture(plot)
    found = colours("dark")
    assert found.accent not in empty
    assert found.accent in drawn
    assert found.confirmed in drawn


def test_r13_1_many_steps_are_drawn_at_most_five_times_a_second(qtbot):
    painted = []

    class Counting(Plot):
        def paintEvent(self, event):
            painted.append(1)
            super().paintEvent(event)

    plot = Counting(colours("dark"))
    qtbot.addWidget(plot)
    plot.show()
    qtbot.waitUntil(lambda: painted != [])
    painted.clear()
    for i in range(40):
        plot.show_curves(Curves(CURVES.steps[:i], ()))
        qtbot.wait(10)
    qtbot.waitUntil(lambda: painted != [])
    assert len(painted) <= 5


def test_the_values_under_the_mouse_are_found(plot):
    plot.show_curves(CURVES)
    hover(plot, 8)
    left = picture(plot)
    plot.leaveEvent(None)
    assert picture(plot) != left, "the marked step and its value change"


@pytest.mark.parametrize("curves", [Curves(), Curves(CURVES.steps[:1], ()), CURVES])
def test_any_number_of_points_can_be_drawn(plot, curves):
    plot.show_curves(curves)
    plot.grab()


def test_a_loss_that_is_no_number_is_no_crash(plot):
    steps = tuple(
        StepDone(step=i, loss=float("nan") if i == 2 else 1.0, learning_rate=0.1) for i in (1, 2, 3)
    )
    plot.show_curves(Curves(steps, ()))
    plot.grab()


def test_dark_and_light_differ(plot):
    plot.show_curves(CURVES)
    dark = picture(plot)
    plot.set_colours(colours("light"))
    assert picture(plot) != dark


def test_r13_1_thousands_of_steps_are_painted_quickly(plot):
    steps = [StepDone(step=i, loss=1 / i, learning_rate=0.1) for i in range(1, 20_001)]
    plot.show_curves(Curves(steps, ()))
    plot.grab()
    start = time.process_time()
    for _ in range(3):
        plot.grab()
    assert (time.process_time() - start) / 3 < 0.03, "two milliseconds on a core of its own"


def test_all_that_comes_is_read_once_and_another_training_starts_anew(plot):
    curves = Curves()
    for step in CURVES.steps:
        curves = curves.after(step)
        plot.show_curves(curves)
        plot.grab()
    live = picture(plot)
    plot.show_curves(Curves(CURVES.steps, ()))
    plot.grab()
    assert picture(plot) == live
    other = tuple(step.model_copy(update={"loss": 1 - step.loss}) for step in CURVES.steps)
    plot.show_curves(Curves(other, ()))
    assert picture(plot) != live


def test_the_learning_rate_is_drawn_and_said(plot, monkeypatch):
    said = []
    write = plot._write
    monkeypatch.setattr(plot, "_write", lambda *what: said.append(what[-1]) or write(*what))
    falling = [StepDone(step=i, loss=0.5, learning_rate=1e-3 * (40 - i) / 40) for i in range(1, 40)]
    plot.show_curves(Curves(falling, ()))
    drawn = picture(plot)
    assert said[0] == "step 39   0.500   rate 2.5e-05"
    said.clear()
    hover(plot, 8 + 304 * 20 / 39)
    plot.grab()
    assert said[0] == "step 20   0.500   rate 0.0005"
    plot.leaveEvent(None)
    rising = [step.model_copy(update={"learning_rate": step.step}) for step in falling]
    plot.show_curves(Curves(rising, ()))
    assert picture(plot) != drawn


def hover(plot, x):
    none = Qt.MouseButton.NoButton
    modifier = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(x, 40), none, none, modifier)
    plot.mouseMoveEvent(event)
