"""A choice from a catalogue: titles to choose from, and when to choose the one that is chosen."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_unet.session.teaching import Option
from napari_unet.widgets.parts import Choice, Explanation
from napari_unet.widgets.runner import guarded


class CatalogChoice(QWidget):
    """Lets one of several named things be chosen; their names are never shown.

    Parameters
    ----------
    title
        What is chosen.
    tooltip
        What that means.
    options
        What there is, by name.
    """

    chosen = Signal(object)
    """The name of what was chosen."""

    def __init__(
        self,
        title: str,
        tooltip: str,
        options: Mapping[str | None, Option],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._names: list[str | None] = []
        self._options: Mapping[str | None, Option] = {}
        label = QLabel(title)
        label.setToolTip(tooltip)
        self.box = Choice(tooltip)
        self.box.setAccessibleName(title)
        label.setBuddy(self.box)
        self.offer(options)
        self.when = Explanation()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        for widget in (label, self.box, self.when):
            rows.addWidget(widget)
        self.box.activated.connect(self._on_activated)

    def offer(self, options: Mapping[str | None, Option]) -> None:
        """Offer other things, the first of which is shown as chosen; `show_name` says which is."""
        self._names, self._options = list(options), options
        self.box.offer([option.title for option in options.values()], 0)
        for index, option in enumerate(options.values()):
            self.box.setItemData(index, option.when, Qt.ItemDataRole.ToolTipRole)

    def show_name(self, name: str | None) -> None:
        """Show that this one is chosen, without saying that it was chosen now."""
        self.box.setCurrentIndex(self._names.index(name))
        self.when.say(self._options[name].when)

    @guarded
    def _on_activated(self, index: int) -> None:
        self.show_name(self._names[index])
        self.chosen.emit(self._names[index])
