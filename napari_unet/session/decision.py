"""The new model that waits for a decision, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

from psygnal import Signal

from napari_unet.models import library
from napari_unet.schema.requests import FineTuned
from napari_unet.session.choice import ModelChoice
from napari_unet.session.unfinished import Safe, Unfinished

_DECIDE_FIRST = "Keep or discard the new model first."


class Decision(ModelChoice):
    """Keeps or discards a new model; the one that it came from is never touched.

    A model without a decision is never dropped: it is offered again when another session begins.
    """

    kept = Signal(object)
    """The library's entry of a model that was kept."""

    def __init__(self) -> None:
        super().__init__()
        self.candidate: FineTuned | None = None
        self.safe = Safe()

    def keep(self) -> library.Entry:
        """Take the new model into the library and choose it.

        Raises
        ------
        ValueError
            If no model waits for a decision.
        """
        if self.candidate is None:
            raise ValueError("There is no new model to keep.")
        entry = library.keep(Path(self.candidate.path))
        self.discard()
        self.refresh_models()
        self.choose(entry.card.id)
        self.kept.emit(entry)
        return entry

    def why_not_another(self) -> str:
        """Why no other new model can be made now, in one sentence; empty if one can."""
        return _DECIDE_FIRST if self.candidate is not None else ""

    def check_decided(self) -> None:
        """Make sure that another new model drops none.

        Raises
        ------
        ValueError
            If a new model waits for a decision.
        """
        if reason := self.why_not_another():
            raise ValueError(reason)

    def take_up(self, ended: Unfinished) -> None:
        """Let a model wait for its decision that nobody decided on in an earlier session.

        Raises
        ------
        ValueError
            If another model waits, another window has this one, or the disk does not allow it.
        """
        self.check_decided()
        self.safe.reopen(ended)
        self.choose_file(ended.model)
        self.candidate = ended.tuned
        self.changed.emit()

    def propose(self, other: FineTuned) -> None:
        """Let another new model wait for the decision; the file of this one stays where it is."""
        self.candidate = other
        self.changed.emit()

    def discard(self) -> None:
        """Drop the new model; the one it came from was never touched."""
        if self.candidate is not None:
            Path(self.candidate.path).unlink(missing_ok=True)
            self.candidate = None
            self.safe.empty()
            self.changed.emit()
