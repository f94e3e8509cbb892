"""The classes of a mask, each in its colour: a legend, and a palette to paint from."""

from __future__ import annotations

from functools import partial

from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QGridLayout, QPushButton, QWidget

from napari_unet.widgets.desk import Desk
from napari_unet.widgets.layers import colour_of_class
from napari_unet.widgets.parts import button
from napari_unet.widgets.runner import guarded

_COLUMNS = 3
_PATCH_PX = 12


class ClassRow(QWidget):
    """A button for each class of the mask on the screen; there is none for objects."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._names: tuple[str, ...] = ()
        self.classes: list[QPushButton] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(4)
        desk.changed.connect(self.refresh)
        self.refresh()

    @guarded
    def refresh(self) -> None:
        """Show the classes as they are now, and which of them is in the brush."""
        work = self._desk.stage.work
        masks = work.results.masks if work is not None else None
        names = work.results.names if work is not None and masks is not None else ()
        if names != self._names:
            self._names = names
            self._build()
        self.setVisible(bool(names))
        if work is not None and masks is not None:
            reason, tool = work.corrector.toolbox.why_not(), work.corrector.toolbox.tool
            for index, made in enumerate(self.classes):
                made.setEnabled(not reason)
                made.setChecked(tool == "paint" and masks.selected_label == index)

    def _build(self) -> None:
        for former in self.classes:
            self._grid.removeWidget(former)
            former.deleteLater()
        self.classes = [self._button(index, name) for index, name in enumerate(self._names)]
        for index, made in enumerate(self.classes):
            self._grid.addWidget(made, index // _COLUMNS, index % _COLUMNS)

    def _button(self, index: int, name: str) -> QPushButton:
        made = button(name, f"Paint '{name}': label {index} of the mask.", checkable=True)
        made.setObjectName("tool")
        patch = QPixmap(_PATCH_PX, _PATCH_PX)
        patch.fill(QColor(colour_of_class(index) or "#00000000"))
        made.setIcon(QIcon(patch))
        made.clicked.connect(partial(self._on_class_clicked, index))
        return made

    @guarded
    def _on_class_clicked(self, index: int) -> None:
        work = self._desk.stage.work
        if work is not None:
            work.corrector.toolbox.paint_class(index)
        self.refresh()
