"""The images of a series as a list, each with a dot that says how far it is."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QAbstractListModel, QModelIndex, QObject, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QResizeEvent
from qtpy.QtWidgets import QAbstractItemView, QListView, QWidget

from napari_unet.session.series import Series, Standing
from napari_unet.widgets.theme import CONFIRMED, CORRECTED

_DOT_PX = 9
_ROWS = 6
"""Images that are seen at once at most."""
_COLOURS = {
    Standing.UNTOUCHED: "#8c929b",
    Standing.STARTED: CORRECTED,
    Standing.DONE: CONFIRMED,
}


class SeriesModel(QAbstractListModel):
    """The images of a series that are listed: all, or those that are not done."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.paths: tuple[Path, ...] = ()
        self._standings: list[Standing] = []
        self._dots = {standing: _dot(standing) for standing in Standing}

    def show(self, series: Series | None, unchecked_only: bool) -> None:
        """List the images of a series; the one that is open is always among them."""
        images = series.images if series is not None else ()
        standings = {path: series.standing(path) for path in images} if series else {}
        paths = tuple(
            path
            for path in images
            if not unchecked_only
            or standings[path] is not Standing.DONE
            or (series is not None and path == series.current)
        )
        listed = [standings[path] for path in paths]
        if paths != self.paths:
            self.beginResetModel()
            self.paths, self._standings = paths, listed
            self.endResetModel()
        elif listed != self._standings:
            self._standings = listed
            self.dataChanged.emit(self.index(0), self.index(len(paths) - 1))

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """How many there are."""
        return 0 if parent is not None and parent.isValid() else len(self.paths)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The name, the dot or the words of an image."""
        path, standing = self.paths[index.row()], self._standings[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return path.name
            case Qt.ItemDataRole.DecorationRole:
                return self._dots[standing]
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return f"{path.name}: {standing}"
        return None


class SeriesList(QListView):
    """The images of a series; a click or Enter opens one."""

    chosen = Signal(object)
    """The file of an image that its user wants to open."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.images = SeriesModel(self)
        self.setModel(self.images)
        self.setObjectName("series")
        self.setAccessibleName("Images of the folder")
        self.setUniformItemSizes(True)
        self.setIconSize(QSize(_DOT_PX, _DOT_PX))
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(self._on_activated)
        self.activated.connect(self._on_activated)  # by Enter

    def show_series(self, series: Series | None, unchecked_only: bool) -> None:
        """Show the images, with the one that is open marked and in view."""
        self.images.show(series, unchecked_only)
        current = series.current if series is not None else None
        if current in self.images.paths:
            index = self.images.index(self.images.paths.index(current))
            if index != self.currentIndex():
                self.setCurrentIndex(index)
                self.scrollTo(index, self.ScrollHint.PositionAtCenter)
        else:
            self.clearSelection()
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the open image in the middle, so that the next ones are seen."""
        super().resizeEvent(event)
        self.scrollTo(self.currentIndex(), self.ScrollHint.PositionAtCenter)

    def sizeHint(self) -> QSize:
        """As high as its images, up to a few."""
        hint = super().sizeHint()
        rows = min(_ROWS, max(1, self.images.rowCount()))
        height = self.sizeHintForRow(0) if self.images.paths else self.fontMetrics().height()
        return QSize(hint.width(), rows * max(1, height) + 2 * self.frameWidth() + 4)

    def minimumSizeHint(self) -> QSize:
        """It is never squeezed together."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def _on_activated(self, index: QModelIndex) -> None:
        self.chosen.emit(self.images.paths[index.row()])


def _dot(standing: Standing) -> QIcon:
    """A ring, half a disk in it, or a disk: the form says it too, not the colour alone."""
    scale = 3  # sharp on any screen
    picture = QPixmap(_DOT_PX * scale, _DOT_PX * scale)
    picture.fill(Qt.GlobalColor.transparent)
    picture.setDevicePixelRatio(scale)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = QColor(_COLOURS[standing])
    painter.setPen(QPen(colour, 1.4))
    circle = QRectF(1, 1, _DOT_PX - 2, _DOT_PX - 2)
    painter.drawEllipse(circle)
    painter.setBrush(colour)
    if standing is Standing.DONE:
        painter.drawEllipse(circle)
    elif standing is Standing.STARTED:
        painter.drawPie(circle, 90 * 16, 180 * 16)
    painter.end()
    icon = QIcon(picture)
    icon.addPixmap(picture, QIcon.Mode.Selected)  # else Qt tints it
    return icon
