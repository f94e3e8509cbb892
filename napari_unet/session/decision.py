"""The new model that waits for a decision, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

from psygnal import Signal

from napari_unet.models import library
from napari_unet.schema.requests import FineTuned
from napari_unet.session.choice import ModelChoice


class Decision(ModelChoice):
    """Keeps or discards a new model; the one that it came from is never touched."""

    kept = Signal(object)
    """The library's entry of a model that was kept."""

    def __init__(self) -> None:
        super().__init__()
        self.candidate: FineTuned | None = None

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

    def propose(self, other: FineTuned) -> None:
        """Let another new model wait for the decision; the file of this one stays where it is."""
        self.candidate = other
        self.changed.emit()

    def discard(self) -> None:
        """Drop the new model; the one it came from was never touched."""
        if self.candidate is not None:
            Path(self.candidate.path).unlink(missing_ok=True)
            self.candidate = None
            self.changed.emit()
