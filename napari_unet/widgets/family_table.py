"""Two models of a family beside each other: their scores, and what differs in their making."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from napari_unet.models.library import Entry
from napari_unet.schema.model_card import ModelCard
from napari_unet.session.differences import Comparison, Row, compare
from napari_unet.session.lineage import made_text
from napari_unet.widgets.parts import Choice, Explanation, beside
from napari_unet.widgets.runner import guarded

_NOT_THE_SAME = "Measured on different pixels: these scores do not say which is better."
_ALIKE = "Nothing differs in how they were made."


class FamilyTable(QWidget):
    """Lets two models of a family be chosen, and compares them.

    At first these are the newest one and the one that it took the place of.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: Sequence[ModelCard] = ()
        self.first = Choice("The first of two models to compare.")
        self.second = Choice("The second of two models to compare.")
        self.note = Explanation()
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(6)
        versus = QLabel("with")
        versus.setObjectName("dim")
        self._rows.addWidget(Explanation("Compare", self))
        self._rows.addLayout(beside(self.first, versus, self.second, stretch=(1, 0, 1)))
        self.table = QWidget()
        self._rows.addWidget(self.table)
        self._rows.addWidget(self.note)
        self.first.activated.connect(self._on_chosen)
        self.second.activated.connect(self._on_chosen)

    def show_family(self, models: Sequence[Entry]) -> None:
        """Offer these models, numbered from 1, and compare two of them."""
        self._cards = cards = [entry.card for entry in models]
        newest = max(range(len(cards)), key=lambda i: cards[i].created)
        training = cards[newest].training
        before = (training.chosen if training else None) or cards[newest].parent
        numbers = {card.id: number for number, card in enumerate(cards)}
        numbered = [f"{number}  {made_text(entry)}" for number, entry in enumerate(models, 1)]
        self.first.offer(numbered, numbers.get(before or "", 0))
        self.second.offer(numbered, newest)
        self._show()

    @guarded
    def _on_chosen(self) -> None:
        self._show()

    def _show(self) -> None:
        first, second = self.first.currentIndex(), self.second.currentIndex()
        found = compare(self._cards[first], self._cards[second])
        made = _table(found, f"{first + 1}", f"{second + 1}")
        self._rows.replaceWidget(self.table, made)
        self.table.deleteLater()
        self.table = made
        self.note.say("" if found.same_pixels or first == second else _NOT_THE_SAME)


def _table(found: Comparison, first: str, second: str) -> QWidget:
    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(3)
    for column, stretch in enumerate((3, 2, 2)):
        grid.setColumnStretch(column, stretch)
    heading = Row("", first, second)
    differs = Row("What differs" if found.settings else _ALIKE, "", "")
    for line, row in enumerate((heading, *found.scores, differs, *found.settings)):
        dim = row in (heading, differs)
        if row is differs:
            grid.setRowMinimumHeight(line, 24)
        grid.addWidget(_cell(row.title, dim), line, 0, 1, 3 if row is differs else 1)
        if row is not differs:
            for column, text in enumerate(row[1:], start=1):
                grid.addWidget(_cell(text, dim), line, column)
    grid.setRowStretch(grid.rowCount(), 1)
    return made


def _cell(text: str, dim: bool) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    if dim:
        label.setObjectName("dim")
    return label
