"""On the card of a fine-tuning: the slider from the old model to the new one."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QSlider, QVBoxLayout, QWidget

from napari_unet.schema.proof import Proof
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.parts import Group, button
from napari_unet.widgets.runner import guarded

_LOOK = (
    "Also judge models between the old and the new one, on the same held-out pixels.\n"
    "Often one of them knows the new images nearly as well, and has forgotten less of the old."
)
_SLIDER = "From the old model to the new one; what is kept is the model at this stop."
_STOPS = 5
_ENDS = {0.0: "Old", 1.0: "New"}


class BlendRow(QWidget):
    """Lets a person choose how far to go from the old model to the new one."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.look = button("Look in between", _LOOK)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _STOPS - 1)
        self.slider.setPageStep(1)
        self.slider.setToolTip(_SLIDER)
        self.names = [QLabel("") for _ in range(_STOPS)]
        self.scores = [QLabel("") for _ in range(_STOPS)]
        self.memories = [QLabel("") for _ in range(_STOPS)]
        self.heads = [QLabel(""), QLabel("Old images")]
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        self._table = Group()
        rows.addWidget(self.look)
        rows.addWidget(self._table)
        self._arrange()
        self.look.clicked.connect(self._on_look_clicked)
        self.slider.valueChanged.connect(self._on_moved)
        desk.blender.changed.connect(self.refresh)
        self.refresh()

    def _arrange(self) -> None:
        table = QGridLayout(self._table)
        table.setContentsMargins(0, 0, 0, 0)
        table.setHorizontalSpacing(2)
        table.addWidget(self.slider, 0, 1, 1, _STOPS)
        for line, head in enumerate(self.heads, start=2):
            table.addWidget(head, line, 0)
        for stop in range(_STOPS):
            table.setColumnStretch(stop + 1, 1)
            for line, cells in enumerate((self.names, self.scores, self.memories), start=1):
                cells[stop].setAlignment(_align(stop))
                table.addWidget(cells[stop], line, stop + 1)
            self.names[stop].setObjectName("dim")

    @guarded
    def refresh(self) -> None:
        """Show everything as it is now."""
        blender = self._desk.blender
        proofs = blender.proofs
        reason = "" if proofs else blender.why_not()
        self.look.setVisible(not proofs)
        self.look.setEnabled(not reason)
        self.look.setToolTip(reason or _LOOK)
        self._table.setVisible(bool(proofs))
        if proofs:
            self._show(proofs)
            blocked = self.slider.blockSignals(True)
            self.slider.setValue(blender.at)
            self.slider.blockSignals(blocked)

    def _show(self, proofs: list[Proof]) -> None:
        scores = [proofs[-1].before.headline, *(proof.after.headline for proof in proofs)]
        memories = [proofs[-1].replay_before, *(proof.replay_after for proof in proofs)]
        name = scores[0][0]
        self.heads[0].setText(name[0].upper() + name[1:])
        self.heads[1].setVisible(None not in memories)
        for stop, share in enumerate(self._desk.blender.shares):
            self.names[stop].setText(_ENDS.get(share, f"{share * 100:.0f} %"))
            self.scores[stop].setText(f"{scores[stop][1]:.2f}")
            known = memories[stop]
            self.memories[stop].setText("" if known is None else f"{known:.2f}")
            self.memories[stop].setVisible(None not in memories)

    @guarded
    def _on_look_clicked(self) -> None:
        self._desk.blender.look()

    @guarded
    def _on_moved(self, stop: int) -> None:
        self._desk.blender.choose(stop)


def _align(stop: int) -> Qt.AlignmentFlag:
    """Under the handle of the slider at that stop."""
    sides = {0: Qt.AlignmentFlag.AlignLeft, _STOPS - 1: Qt.AlignmentFlag.AlignRight}
    return sides.get(stop, Qt.AlignmentFlag.AlignHCenter)
