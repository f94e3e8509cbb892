"""The card that offers what an earlier session did to the image."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from napari_unet.session import wording
from napari_unet.session.journal import Found
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.parts import Choice, Explanation, beside, button
from napari_unet.widgets.runner import guarded


class RestoreOffer(QFrame):
    """Offers to go on with the corrections of an earlier session; hidden if there are none."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._desk = desk
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.note = Explanation()
        self.which = Choice("Which one; the others stay on the disk and are offered again.")
        self.restore = button("Restore", "Go on where the earlier session ended, undo included.")
        self.restore.setObjectName("primary")
        self.dismiss = button("Not now", "They stay on the disk and are offered again next time.")
        rows = QVBoxLayout(self)
        rows.addWidget(self.text)
        rows.addWidget(self.which)
        rows.addWidget(self.note)
        rows.addLayout(beside(self.restore, self.dismiss))
        self.which.activated.connect(self._on_which_chosen)
        self.restore.clicked.connect(self._on_restore_clicked)
        self.dismiss.clicked.connect(self._on_dismiss_clicked)
        desk.changed.connect(self.refresh)
        self.refresh()

    @guarded
    def refresh(self) -> None:
        """Show everything as it is now."""
        stage = self._desk.stage
        found = stage.offer
        self.setVisible(found is not None)
        if found is not None:
            self.text.setText(wording.restore_text(self._offers))
            self.which.offer(
                [wording.done_text(one) for one in self._offers], self._offers.index(found)
            )
            self.which.setVisible(len(self._offers) > 1)
            self.which.setEnabled(not stage.bench.keeper.restoring)
            self.note.say(wording.moved_text(found, stage.path))
            self.restore.setText("Restoring …" if stage.bench.keeper.restoring else "Restore")
            self.restore.setEnabled(not stage.bench.keeper.restoring and not self._is_segmented())

    @property
    def _offers(self) -> Sequence[Found]:
        """What was done in all earlier sessions, the newest first."""
        image = self._desk.stage.image
        return self._desk.stage.bench.keeper.offers(image) if image is not None else []

    def _is_segmented(self) -> bool:
        """Whether the image is being segmented: its result would come for what is replaced."""
        run, work = self._desk.session.wanted, self._desk.stage.work
        return run is not None and work is not None and run.specimen is work.specimen

    @guarded
    def _on_which_chosen(self, index: int) -> None:
        image = self._desk.stage.image
        if image is not None:
            self._desk.stage.bench.keeper.choose(image, self._offers[index])

    @guarded
    def _on_restore_clicked(self) -> None:
        self._desk.stage.restore()

    @guarded
    def _on_dismiss_clicked(self) -> None:
        image = self._desk.stage.image
        if image is not None:
            self._desk.stage.bench.keeper.dismiss(image)
