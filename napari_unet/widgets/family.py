"""The family of the chosen model: what was made from what; go back to any of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QVBoxLayout, QWidget

from napari_unet.session.lineage import Relative, family, line_text
from napari_unet.session.session import Session
from napari_unet.widgets.family_table import FamilyTable
from napari_unet.widgets.fold import Fold
from napari_unet.widgets.parts import Explanation, button
from napari_unet.widgets.runner import guarded

_INDENT_PX = 14
_MOST_GENERATIONS = 4
"""Later ones are not moved in further: the panel is narrow."""


class Family(QWidget):
    """Shows the family of the chosen model, folded away at first.

    Parameters
    ----------
    session
        Knows the models; `refresh` shows them as they are now.
    """

    grown = Signal(object)
    """It was opened, and its user should see it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown: object = None
        self.fold = Fold(
            "History",
            "What the chosen model was made from and what was made from it: go back to any of "
            "them, or compare two.",
        )
        self.nothing = Explanation("Each model that you keep appears here; none is ever lost.")
        self.list = _List()
        self.table = FamilyTable()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        for widget in (self.fold, self.nothing, self.list, self.table):
            rows.addWidget(widget)
        self.fold.toggled.connect(self._on_folded)
        self.list.used.connect(self._on_used)
        self.refresh()

    def refresh(self) -> None:
        """Show everything as it is now."""
        chosen = self._session.model
        found = family(self._session.models, chosen.card) if chosen else []
        opened, several = self.fold.isChecked(), len(found) > 1
        self.fold.entitle(f"History ({len(found)} models)" if several else "History")
        self.nothing.setVisible(opened and not several)
        self.list.setVisible(opened and several)
        self.table.setVisible(opened and several)
        now = ([one.entry.card.id for one in found], chosen and chosen.card.id, self._is_free)
        if opened and several and now != self._shown:
            self._shown = now
            self.list.show_family(found, chosen.card.id if chosen else "", self._is_free)
            self.table.show_family([one.entry for one in found])

    @property
    def _is_free(self) -> bool:
        """Whether another model can be chosen: not while one works."""
        return self._session.running is None

    @guarded
    def _on_folded(self, opened: bool) -> None:
        self.refresh()
        if opened:
            self.grown.emit(self)

    @guarded
    def _on_used(self, model_id: str) -> None:
        self._session.choose(model_id)


class _List(QFrame):
    """The models of a family beneath each other, each moved in beneath its parent."""

    used = Signal(str)
    """The id of a model that its user wants to go back to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._content = QWidget()
        self.buttons: dict[str, QWidget] = {}

    def show_family(self, found: Sequence[Relative], chosen: str, is_free: bool) -> None:
        """Show these models, of which one is in use."""
        self._content.deleteLater()
        self._content = QFrame()
        self._content.setObjectName("card")
        rows = QVBoxLayout(self._content)
        rows.setContentsMargins(8, 8, 8, 8)
        rows.setSpacing(8)
        self.buttons = {}
        for number, one in enumerate(found, start=1):
            rows.addLayout(self._row(one, f"{number}  {one.entry.card.name}", chosen, is_free))
        self._rows.addWidget(self._content)

    def _row(self, one: Relative, name: str, chosen: str, is_free: bool) -> QLayout:
        card = one.entry.card
        is_chosen = card.id == chosen
        title = QLabel(name)
        title.setWordWrap(True)
        title.setTextFormat(Qt.TextFormat.PlainText)
        if is_chosen:
            font = title.font()
            font.setBold(True)
            title.setFont(font)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(title)
        texts.addWidget(Explanation(line_text(one.entry)))
        columns = QHBoxLayout()
        columns.setContentsMargins(_INDENT_PX * min(one.generation, _MOST_GENERATIONS), 0, 0, 0)
        columns.addLayout(texts, 1)
        use = button("In use" if is_chosen else "Use", f"Go on from '{card.name}' from now on.")
        use.setEnabled(is_free and not is_chosen)
        use.clicked.connect(partial(self.used.emit, card.id))
        columns.addWidget(use, 0, Qt.AlignmentFlag.AlignTop)
        self.buttons[card.id] = use
        return columns
