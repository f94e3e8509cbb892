"""The live plot of a fine-tuning: the loss of each step, and the score on held-out pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qtpy.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_unet.session.run import Curves
from napari_unet.widgets.theme import Colours

_REDRAW_MS = 200
_MARGIN, _TITLE, _GAP = 8.0, 16.0, 10.0


class Curve(NamedTuple):
    """What one of the two fields shows."""

    title: str
    points: Sequence[tuple[float, float]]
    """Step, value."""
    low: float
    high: float
    colour: str


class Plot(QWidget):
    """Draws the loss above and the held-out score below, over the steps; values on hover."""

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = colours
        self._curves = Curves()
        self._hover: float | None = None
        self._redraw = QTimer(self, singleShot=True, interval=_REDRAW_MS)
        self._redraw.timeout.connect(self.update)
        self.setMouseTracking(True)
        self.setMinimumHeight(150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            "Above: what the network gets wrong on the patches it learns from (lower is better).\n"
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
        for row, curve in enumerate(self._both()):
            field = QRectF(0, row * (height + _GAP), self.width(), height)
            self._draw(painter, field, curve)
        painter.end()

    def _both(self) -> tuple[Curve, Curve]:
        losses = [(step.step, step.loss) for step in self._curves.steps]
        tests = self._curves.tests
        scores = [(test.step, test.scores.headline[1]) for test in tests]
        of_classes = any(test.scores.classes for test in tests)
        title = "Classes, mean IoU, held out" if of_classes else "Objects found, held out"
        highest = max((loss for _, loss in losses), default=1.0)
        return (
            Curve("Loss", losses, 0.0, highest or 1.0, self._colours.accent),
            Curve(title, scores, 0.0, 1.0, self._colours.confirmed),
        )

    def _draw(self, painter: QPainter, field: QRectF, curve: Curve) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._colours.field))
        painter.drawRoundedRect(field, 3, 3)
        inner = field.adjusted(_MARGIN, _TITLE + 4, -_MARGIN, -_MARGIN)
        places = [self._place(inner, curve, point) for point in curve.points]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(curve.colour), 1.6))
        painter.drawPolyline(QPolygonF(places))
        near = self._near(places)
        if places:
            painter.setBrush(QColor(curve.colour))
            painter.drawEllipse(places[near], 2.5, 2.5)
        self._write(painter, field, curve, near)

    def _place(self, inner: QRectF, curve: Curve, point: tuple[float, float]) -> QPointF:
        last = max((step.step for step in self._curves.steps), default=1)
        last = max([last, *(test.step for test in self._curves.tests)])
        across = point[0] / (last or 1)
        up = (point[1] - curve.low) / (curve.high - curve.low)
        return QPointF(inner.left() + across * inner.width(), inner.bottom() - up * inner.height())

    def _near(self, places: Sequence[QPointF]) -> int:
        """Index of the point under the mouse; of the last one where there is no mouse."""
        if self._hover is None or not places:
            return len(places) - 1
        hover = self._hover
        return min(range(len(places)), key=lambda i: abs(places[i].x() - hover))

    def _write(self, painter: QPainter, field: QRectF, curve: Curve, near: int) -> None:
        title = QRectF(field.left() + _MARGIN, field.top() + 2, field.width() - 2 * _MARGIN, _TITLE)
        painter.setPen(QColor(self._colours.dim))
        painter.drawText(title, Qt.AlignmentFlag.AlignLeft, curve.title)
        if curve.points:
            step, value = curve.points[near]
            painter.setPen(QColor(self._colours.text))
            text = f"step {step:.0f}   {value:.3f}"
            painter.drawText(title, Qt.AlignmentFlag.AlignRight, text)
