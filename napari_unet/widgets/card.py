"""The card at the end of a fine-tuning: before and after, the verdict, and the decision."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from napari_unet.schema.proof import ADVICE, HeldOutScores
from napari_unet.schema.requests import FineTuned
from napari_unet.widgets.parts import Explanation, Group, beside, button

_ROWS = ("f1_50", "ap50", "boundary_f1", "iou", "merged_pairs")
_GO = "Show the region whose correction is worth most, by what the model is unsure of."
_KEEP = "Take the new model into the library and use it from now on."


class ProofCard(QFrame):
    """Shows what a fine-tuning changed, and asks whether to keep it."""

    kept = Signal()
    discarded = Signal()
    went = Signal()
    """To the region that it is best to correct next."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.title = QLabel()
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.names = {name: _named(name) for name in _ROWS}
        self.cells = {(name, when): QLabel("") for name in _ROWS for when in (0, 1)}
        self.keep = button("Keep", _KEEP)
        self.discard = button("Discard", "Drop the new model; the one before stays as it was.")
        self.note = Explanation("The model before is never changed: you can always go back to it.")
        self.keep.clicked.connect(self.kept)
        self.discard.clicked.connect(self.discarded)
        rows = QVBoxLayout(self)
        self.way_on = Group()
        self.advice = QLabel(f"{ADVICE.rstrip('.')}, best here")
        self.go = button("Go", _GO)
        self.go.clicked.connect(self.went)
        rows.addWidget(self.verdict)
        self.way_on.setLayout(beside(self.advice, self.go, stretch=(1, 0)))
        rows.addWidget(self.way_on)
        rows.addLayout(self._table())
        self.looks = QVBoxLayout()
        """What lets a person see for themselves."""
        rows.addLayout(self.looks)
        rows.addLayout(beside(self.keep, self.discard))
        rows.addWidget(self.note)
        self.hide()

    def show_result(self, result: FineTuned | None, *, guided: bool = False) -> None:
        """Show a new model that waits for a decision, and whether somebody knows the way on."""
        if result is None:
            return
        proof = result.proof
        guided = guided and ADVICE in proof.sentence
        self.way_on.setVisible(guided)
        advice = f" {ADVICE}" if guided else ""
        self.verdict.setText(proof.sentence.replace(advice, "", 1))
        for name in _ROWS:
            values = [_text(scores, name) for scores in (proof.before, proof.after)]
            for when, value in enumerate(values):
                self.cells[name, when].setText(value)
                self.cells[name, when].setVisible(any(values))
            self.names[name].setVisible(any(values))
        self.keep.setText("Keep" if proof.accepted else "Keep anyway")
        self.keep.setObjectName("primary" if proof.accepted else "")
        self.discard.setObjectName("" if proof.accepted else "primary")
        for made in (self.keep, self.discard):
            made.style().unpolish(made)
            made.style().polish(made)

    def _table(self) -> QGridLayout:
        table = QGridLayout()
        table.setColumnStretch(0, 1)
        for column, text in enumerate(("Before", "After"), start=1):
            table.addWidget(_dim(text), 0, column, Qt.AlignmentFlag.AlignRight)
        for line, name in enumerate(_ROWS, start=1):
            table.addWidget(self.names[name], line, 0)
            for when in (0, 1):
                cell = self.cells[name, when]
                table.addWidget(cell, line, when + 1, Qt.AlignmentFlag.AlignRight)
        table.setHorizontalSpacing(18)
        return table


def _text(scores: HeldOutScores, name: str) -> str:
    """A score as it is shown; nothing where there is none."""
    value = getattr(scores, name)
    if name == "merged_pairs":
        return f"{value} of {scores.touching_pairs}" if scores.touching_pairs else ""
    return "" if value is None else f"{value:.2f}"


def _named(name: str) -> QLabel:
    field = HeldOutScores.model_fields[name]
    label = QLabel(field.title or name)
    label.setToolTip(field.description or "")
    return label


def _dim(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("dim")
    return label
