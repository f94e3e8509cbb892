"""The line that opens and closes what is seldom needed."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton, QWidget

from napari_unet.widgets.runner import guarded

_CLOSED, _OPEN = "▸", "▾"


class Fold(QPushButton):
    """Opens and closes what lies below it; its arrow points right, and down while that is open."""

    def __init__(self, title: str, tooltip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("fold")
        self.setToolTip(tooltip)
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.toggled.connect(self._on_toggled)
        self.entitle(title)

    def entitle(self, title: str) -> None:
        """Show another title; what reads the screen aloud is not told of the arrow."""
        self.setAccessibleName(title)
        self.setText(f"{_OPEN if self.isChecked() else _CLOSED}  {title}")

    @guarded
    def _on_toggled(self, opened: bool) -> None:
        self.entitle(self.accessibleName())
