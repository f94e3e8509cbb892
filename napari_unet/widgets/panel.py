"""The panel: the loop from top to bottom, segment, correct, fine-tune."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_unet.session import wording
from napari_unet.widgets.correct_section import CorrectSection
from napari_unet.widgets.desk import Desk, desk_of
from napari_unet.widgets.finetune_section import FineTuneSection
from napari_unet.widgets.parts import Explanation, line
from napari_unet.widgets.runner import guarded
from napari_unet.widgets.segment_section import SegmentSection
from napari_unet.widgets.series_section import SeriesSection
from napari_unet.widgets.theme import colours, style_sheet

if TYPE_CHECKING:
    import napari.viewer


class Panel(QWidget):
    """Segment, correct, fine-tune: what napari docks beside the image.

    Parameters
    ----------
    napari_viewer
        The viewer that it belongs to; napari fills this in.
    """

    _opened_in: QWidget | None = None
    """The window it is in."""

    def __init__(self, napari_viewer: napari.viewer.Viewer, desk: Desk | None = None) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self.desk = desk or desk_of(napari_viewer)
        self.desk.closing.watch(self)
        self._revealed: QWidget = self
        found = colours(napari_viewer.theme)
        self.series = SeriesSection(self.desk.opener)
        self.segment = SegmentSection(self.desk)
        self.correct = CorrectSection(self.desk)
        self.fine_tune = FineTuneSection(self.desk, found)
        self.device = Explanation()
        self.device.setToolTip("Where the network runs, found out by trying it.")
        self._arrange()
        self.setStyleSheet(style_sheet(found))
        self.desk.changed.connect(self._on_changed)
        self.fine_tune.grown.connect(self._on_grown)
        napari_viewer.events.theme.connect(self._on_theme_changed)
        self._on_changed()

    def _arrange(self) -> None:
        content = QWidget()
        rows = QVBoxLayout(content)
        rows.setContentsMargins(10, 8, 10, 8)
        rows.setSpacing(8)
        for widget in (
            self.series,
            line(),
            self.segment,
            line(),
            self.correct,
            line(),
            self.fine_tune,
            line(),
            self.device,
        ):
            rows.addWidget(widget)
        rows.addStretch()
        self._scroll = scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        self._keep_wide_enough()
        scroll.widget().installEventFilter(self)

    def _keep_wide_enough(self) -> None:
        """Let nothing be cut off at the right; how wide that is depends on the window's style."""
        content, bar = self._scroll.widget(), self._scroll.verticalScrollBar()
        around = bar.sizeHint().width() + 2 * self._scroll.frameWidth()
        self.setMinimumWidth(content.minimumSizeHint().width() + around)

    @guarded
    def _on_changed(self) -> None:
        session = self.desk.session
        self.device.say(wording.device_text(session.device, session.device_problem))

    @guarded
    def _on_grown(self, widget: QWidget) -> None:
        """Bring into view what has just appeared, once it has its size."""
        self._revealed = widget
        QTimer.singleShot(50, self._on_settled)

    @guarded
    def _on_settled(self) -> None:
        self._scroll.ensureWidgetVisible(self._revealed)

    @guarded
    def _on_theme_changed(self, event: object) -> None:
        found = colours(self._viewer.theme)
        self.setStyleSheet(style_sheet(found))
        self.fine_tune.plot.set_colours(found)

    # opening and closing: napari tells a panel nothing; `Closing` sees its window go

    def event(self, event: QEvent) -> bool:
        """Watch for being shown, and for being taken out of the window."""
        if event.type() == QEvent.Type.Show and self.window() is not self._opened_in:
            self._opened_in = self.window()
            QTimer.singleShot(0, self._on_opened)
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            QTimer.singleShot(0, self._on_taken_out)
        return bool(super().event(event))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Watch what lies in it need another size, for its font or because a part was opened."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._keep_wide_enough()
        return False

    @guarded
    def _on_opened(self) -> None:
        if self.desk.session.device is None:
            self.desk.check_device()

    @guarded
    def _on_taken_out(self) -> None:
        if self.parent() is None:
            self.desk.close()
            self._viewer.events.theme.disconnect(self._on_theme_changed)
            self.deleteLater()
