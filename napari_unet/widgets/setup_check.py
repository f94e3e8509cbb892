"""A small panel that tries the setup and gives a text to paste into a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QApplication, QPlainTextEdit, QVBoxLayout, QWidget

from napari_unet.session.setup_report import setup_report
from napari_unet.widgets.desk import Desk, desk_of
from napari_unet.widgets.parts import Explanation, beside, button
from napari_unet.widgets.runner import guarded

if TYPE_CHECKING:
    import napari.viewer


class SetupCheck(QWidget):
    """Tries the device, and shows versions and device as one text.

    Parameters
    ----------
    napari_viewer
        The viewer that it belongs to; napari fills this in.
    """

    def __init__(self, napari_viewer: napari.viewer.Viewer, desk: Desk | None = None) -> None:
        super().__init__()
        self._desk = desk or desk_of(napari_viewer)
        self._desk.closing.watch(self)
        self.hint = Explanation("Paste this text into a report when something does not work.")
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Versions and device")
        self.again = button("Try again", "Try the device once more.")
        self.copy = button("Copy", "Copy the text.")
        rows = QVBoxLayout(self)
        rows.addWidget(self.hint)
        rows.addWidget(self.text)
        rows.addLayout(beside(self.again, self.copy))
        self.again.clicked.connect(self._on_again_clicked)
        self.copy.clicked.connect(self._on_copy_clicked)
        self._desk.changed.connect(self.refresh)
        self._on_again_clicked()

    @guarded
    def refresh(self) -> None:
        """Show what is known now."""
        self.text.setPlainText(setup_report(self._desk.session.device))

    @guarded
    def _on_again_clicked(self) -> None:
        self.refresh()
        self._desk.check_device()

    @guarded
    def _on_copy_clicked(self) -> None:
        QApplication.clipboard().setText(self.text.toPlainText())
