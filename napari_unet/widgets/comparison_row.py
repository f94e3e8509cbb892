"""On the card of a fine-tuning: the button that shows both masks, and what their colours mean."""

from __future__ import annotations

from functools import partial

from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_unet.widgets.comparison import LEGEND, ROLES
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.layers import Role
from napari_unet.widgets.parts import Explanation, beside, button, hint_colour
from napari_unet.widgets.runner import guarded

_SHOW, _HIDE = "Show masks", "Hide masks"
_TOOLTIP = (
    "Let the old and the new model segment the plane on the screen, and show where they differ. "
    "Your own mask stays as it is."
)
_TOGGLES: dict[Role, tuple[str, str]] = {
    "difference": ("Difference", "Colour what one of the two masks has and the other has not."),
    "old mask": ("Old", "Outline what the old model finds."),
    "new mask": ("New", "Outline what the new model finds."),
}


class ComparisonRow(QWidget):
    """Shows and hides the masks of the old and of the new model."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.show_masks = button(_SHOW, _TOOLTIP)
        self.toggles = {
            role: button(*_TOGGLES[role], name="tool", checkable=True) for role in ROLES
        }
        self.legend: list[QLabel] = [hint_colour(colour, text) for colour, text in LEGEND]
        self.note = Explanation()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        rows.addWidget(self.show_masks)
        rows.addLayout(beside(*self.toggles.values()))
        for entry in self.legend:
            rows.addWidget(entry)
        rows.addWidget(self.note)
        self.show_masks.clicked.connect(self._on_clicked)
        for role, toggle in self.toggles.items():
            toggle.clicked.connect(partial(self._on_toggled, role))
        desk.comparison.changed.connect(self.refresh)
        self.refresh()

    @guarded
    def refresh(self) -> None:
        """Show everything as it is now."""
        comparison = self._desk.comparison
        shown = comparison.shown
        reason = "" if shown else comparison.why_not()
        self.show_masks.setText(_HIDE if shown else _SHOW)
        self.show_masks.setEnabled(not reason)
        self.note.say(reason)
        for role, toggle in self.toggles.items():
            toggle.setVisible(shown)
            toggle.setChecked(comparison.visible(role))
        for entry in self.legend:
            entry.setVisible(shown)

    @guarded
    def _on_clicked(self) -> None:
        if self._desk.comparison.shown:
            self._desk.comparison.hide()
        else:
            self._desk.comparison.show(self._desk.predict_settings)

    @guarded
    def _on_toggled(self, role: Role, checked: bool) -> None:
        self._desk.comparison.set_visible(role, checked)
