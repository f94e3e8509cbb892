"""The card that offers to go on with a training that was interrupted."""

from __future__ import annotations

from qtpy.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from napari_unet.session.session import Session
from napari_unet.session.unfinished import Unfinished, unfinished_text
from napari_unet.widgets.parts import beside, button
from napari_unet.widgets.runner import guarded

_GO_ON = "Train to the end as if nothing had happened."
_DECIDE = "See what it has learnt, and keep or discard it."


class UnfinishedOffer(QFrame):
    """Offers to go on with the newest training that was interrupted; hidden if there is none.

    One that ended without a decision on its model is offered likewise.

    Parameters
    ----------
    session
        Knows what was interrupted; `refresh` shows what it knows now.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._session = session
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.go_on = button("Go on", _GO_ON)
        self.go_on.setObjectName("primary")
        self.forget = button("Forget", "Remove what was kept of it; your corrections stay.")
        rows = QVBoxLayout(self)
        rows.addWidget(self.text)
        rows.addLayout(beside(self.go_on, self.forget))
        self.go_on.clicked.connect(self._on_go_on_clicked)
        self.forget.clicked.connect(self._on_forget_clicked)
        session.safe.look()
        self.refresh()

    @property
    def offered(self) -> Unfinished | None:
        """The training that is offered."""
        found = self._session.safe.found
        return found[0] if found else None

    def refresh(self) -> None:
        """Show everything as it is now; while another training runs nothing is offered."""
        wanted = self._session.wanted
        learning = wanted is not None and wanted.kind == "fine-tune"
        offered = None if learning else self.offered
        self.setVisible(offered is not None)
        if offered is not None:
            self.text.setText(unfinished_text(offered, self._session.models))
            reason = self._session.why_not_another() or self._session.why_not_run()
            self.go_on.setEnabled(not reason)
            self.go_on.setToolTip(reason or (_GO_ON if offered.tuned is None else _DECIDE))

    @guarded
    def _on_go_on_clicked(self) -> None:
        if self.offered is not None and self.offered.tuned is not None:
            self._session.take_up(self.offered)
        elif self.offered is not None:
            self._session.go_on(self.offered)

    @guarded
    def _on_forget_clicked(self) -> None:
        if self.offered is not None:
            self._session.safe.forget(self.offered.folder)
            self.refresh()
