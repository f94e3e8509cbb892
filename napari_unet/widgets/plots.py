"""The live plot of a fine-tuning: loss and learning rate, and the score on held-out pixels."""

from __future__ import annotations

from array import array
from typing import NamedTuple

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_unet.schema.events import StepDone
from napari_unet.session.curves import Curves, thinned
from napari_unet.widgets.theme import Colours

_REDRAW_MS = 200
_MARGIN, _GAP = 8.0, 10.0
_THICK, _THIN = 1.6, 1.0


class Curve(NamedTuple):
    """One line of a field."""

    steps: np.ndarray
    values: np.ndarray
    high: float
    """Of the field; its low end is 0."""
    colour: str
    width: float = _THICK


class Plot(QWidget):
    """Draws loss and learning rate above, the held-out score below, over the steps.

    The values under the mouse are written beside them; without a mouse, the last ones.
    """

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = colours
        self._curves = Curves()
        self._newest: StepDone | None = None
        """The last step that was read into the three lists."""
        self._steps, self._losses, self._rates = array("d"), array("d"), array("d")
        self._hover: float | None = None
        self._redraw = QTimer(self, singleShot=True, interval=_REDRAW_MS)
        self._redraw.timeout.connect(self.update)
        self.setMouseTracking(True)
        self.setMinimumHeight(150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            "Above: what the network gets wrong on the patches it learns from (lower is better);\n"
            "the thin line is the learning rate, how far each step goes.\n"
            "Below: the share of objects found right on pixels it never trained on."
        )

    def show_curves(self, curves: Curves) -> None:
        """Show these curves, at the latest in 0.2 s."""
        self._curves = curves
        if not self._redraw.isActive():
            self._redraw.start()

    def set_colours(self, colours: Colours) -> None:
        """Draw in the colours of another theme."""
        self._colours = colours
        self.update()

    def sizeHint(self) -> QSize:
        """Wide as the panel, and low."""
        return QSize(320, 150)

    def leaveEvent(self, event: object) -> None:
        """Forget the mouse."""
        self._hover = None
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Show the values under the mouse."""
        if event is not None:
            position = event.position() if hasattr(event, "position") else event.localPos()
            self._hover = position.x()
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw both fields."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = (self.height() - _GAP) / 2
        self._draw_learning(painter, QRectF(0, 0, self.width(), height))
        self._draw_tests(painter, QRectF(0, height + _GAP, self.width(), height))
        painter.end()

    # the fields

    def _draw_learning(self, painter: QPainter, field: QRectF) -> None:
        self._read_new_steps()
        steps, losses, rates = (np.array(of) for of in (self._steps, self._losses, self._rates))
        most = max(1, int(field.width()))
        at, loss = thinned(steps, losses, most)
        rate_at, rate = thinned(steps, rates, most)
        lines = [
            Curve(rate_at, rate, rate.max(initial=0) or 1.0, self._colours.dim, _THIN),
            Curve(at, loss, loss.max(initial=0) or 1.0, self._colours.accent),
        ]
        near = self._near(field, steps)
        text = ""
        if near is not None:
            text = f"step {steps[near]:.0f}   {losses[near]:.3f}   rate {rates[near]:.2g}"
        self._draw(painter, field, lines, steps[near] if near is not None else None)
        self._write(painter, field, "Loss", text)

    def _draw_tests(self, painter: QPainter, field: QRectF) -> None:
        tests = self._curves.tests
        steps = np.array([test.step for test in tests], float)
        scores = np.array([test.scores.headline[1] for test in tests], float)
        of_classes = any(test.scores.classes for test in tests)
        title = "Classes, mean IoU, held out" if of_classes else "Objects found, held out"
        near = self._near(field, steps)
        text = f"step {steps[near]:.0f}   {scores[near]:.3f}" if near is not None else ""
        line = Curve(steps, scores, 1.0, self._colours.confirmed)
        self._draw(painter, field, [line], steps[near] if near is not None else None)
        self._write(painter, field, title, text)

    def _read_new_steps(self) -> None:
        """Read the steps that have come; of another training, all of them."""
        steps, known = self._curves.steps, len(self._steps)
        if len(steps) < known or (known and steps[known - 1] is not self._newest):
            self._steps, self._losses, self._rates = array("d"), array("d"), array("d")
            known = 0
        for step in steps[known:]:
            self._steps.append(step.step)
            self._losses.append(step.loss)
            self._rates.append(step.learning_rate)
            self._newest = step

    # how they are drawn

    def _draw(
        self, painter: QPainter, field: QRectF, lines: list[Curve], marked: float | None
    ) -> None:
        """Draw lines over a ground, and a dot on the last of them."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._colours.field))
        painter.drawRoundedRect(field, 3, 3)
        inner = field.adjusted(_MARGIN, self.fontMetrics().height() + 4, -_MARGIN, -_MARGIN)
        for line in lines:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(line.colour), line.width))
            across = inner.left() + line.steps / self._last * inner.width()
            up = inner.bottom() - line.values / line.high * inner.height()
            places = [QPointF(x, y) for x, y in zip(across.tolist(), up.tolist(), strict=True)]
            painter.drawPolyline(QPolygonF(places))
        if marked is not None and len(places):
            nearest = int(np.abs(lines[-1].steps - marked).argmin())
            painter.setBrush(QColor(lines[-1].colour))
            painter.drawEllipse(places[nearest], 2.5, 2.5)

    @property
    def _last(self) -> float:
        """The last step that there is: the right end of both fields."""
        ends = [of[-1].step for of in (self._curves.steps, self._curves.tests) if len(of)]
        return float(max(ends, default=1) or 1)

    def _near(self, field: QRectF, steps: np.ndarray) -> int | None:
        """Index of the step under the mouse; of the last one where there is no mouse."""
        if not len(steps):
            return None
        if self._hover is None:
            return len(steps) - 1
        wide = field.width() - 2 * _MARGIN
        step = (self._hover - field.left() - _MARGIN) / wide * self._last
        return int(np.abs(steps - step).argmin())

    def _write(self, painter: QPainter, field: QRectF, title: str, text: str) -> None:
        row = field.adjusted(_MARGIN, 2, -_MARGIN, 0)
        row.setHeight(self.fontMetrics().height())
        painter.setPen(QColor(self._colours.dim))
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft, title)
        painter.setPen(QColor(self._colours.text))
        painter.drawText(row, Qt.AlignmentFlag.AlignRight, text)
