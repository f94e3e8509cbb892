"""The models between the old one and the new one, from which the one to keep can be chosen."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QObject, Signal

from napari_unet.jobs.messages import Done, Message
from napari_unet.models.kinship import why_not_between
from napari_unet.models.library import Entry
from napari_unet.schema.proof import Proof
from napari_unet.schema.requests import Blended, BlendRequest, FineTuned, FineTuneRequest
from napari_unet.session.session import Session
from napari_unet.widgets.runner import guarded

NOT_AT_HAND = "What it learnt from is no longer at hand: fine-tune again for models in between."

OLD = "The old model as it was: discard the new one to go on with it."


class Blender(QObject):
    """Has models judged between the old and the new one, and proposes one of them.

    Parameters
    ----------
    session
        Has the new model that waits for a decision.
    """

    changed = Signal()
    """Which models there are, and which is proposed."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._taught: FineTuneRequest | None = None
        self._old: Entry | None = None
        self._new: FineTuned | None = None
        self._between: Blended | None = None
        self.at_old = False
        """Whether the old model is looked at: there is nothing to keep then."""
        session.changed.connect(self._on_session_changed)

    @property
    def shares(self) -> list[float]:
        """How far each stop is on the way from the old model (0) to the new one (1)."""
        return [0.0, *self._between.shares, 1.0] if self._between is not None else []

    @property
    def stops(self) -> list[FineTuned]:
        """The models at all stops but the first, the old one."""
        if self._between is None or self._new is None:
            return []
        return [*self._between.stops, self._new]

    @property
    def proofs(self) -> list[Proof]:
        """What each of them has proved against the old model."""
        return [stop.proof for stop in self.stops]

    @property
    def shown(self) -> FineTuned | None:
        """What is looked at: the model that is proposed, or the old one beside itself."""
        if not self.at_old or self._old is None or self._new is None:
            return self._session.candidate
        before = self._new.proof.before
        proof = Proof(before=before, after=before, accepted=False, sentence=OLD)
        path = str(self._old.path)
        return FineTuned(path=path, card=self._old.card, proof=proof, steps=0, seconds=0)

    @property
    def at(self) -> int:
        """The stop that is proposed."""
        if self.at_old:
            return 0
        paths = [stop.path for stop in self.stops]
        candidate = self._session.candidate
        return 1 + paths.index(candidate.path) if candidate and candidate.path in paths else 0

    def why_not(self) -> str:
        """Why there is nothing in between, in one sentence; empty if there may be."""
        if self._new is None or self._old is None or self._taught is None:
            return NOT_AT_HAND
        if not self._taught.corrections:
            return NOT_AT_HAND
        between = why_not_between(self._old.card, self._new.card)
        return self._session.why_not_run() or between

    def look(self) -> None:
        """Have the models in between judged.

        Raises
        ------
        ValueError
            If that is not possible now; the sentence says why.
        """
        if reason := self.why_not():
            raise ValueError(reason)
        if self._new is None or self._old is None or self._taught is None:
            raise ValueError(NOT_AT_HAND)
        request = BlendRequest(
            old=str(self._old.path),
            new=self._new.path,
            corrections=self._taught.corrections,
            device=self._taught.settings.device,
        )
        self._session.run(request, self._on_message)

    def choose(self, stop: int) -> None:
        """Propose the model at a stop; at the first, the old one, nothing is proposed."""
        self.at_old = stop == 0
        if stop > 0:
            self._session.propose(self.stops[stop - 1])
        else:
            self._session.changed.emit()

    @guarded
    def _on_message(self, message: Message) -> None:
        if isinstance(message, Done) and isinstance(message.result, Blended):
            self._between = message.result
            if self._session.candidate is None:  # discarded meanwhile
                self._forget()
            self.changed.emit()

    @guarded
    def _on_session_changed(self) -> None:
        running, candidate = self._session.running, self._session.candidate
        if running is not None and isinstance(running.request, FineTuneRequest):
            self._taught = running.request
            paths = {str(entry.path): entry for entry in self._session.models}
            self._old = paths.get(running.request.model)
        elif candidate is None:
            self._forget()
            self._taught = self._old = self._new = None
        elif self._new is None:
            self._new = candidate

    def _forget(self) -> None:
        """Remove the files of the models in between."""
        for stop in self._between.stops if self._between is not None else []:
            Path(stop.path).unlink(missing_ok=True)
        self._between, self.at_old = None, False
