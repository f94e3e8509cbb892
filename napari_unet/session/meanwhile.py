"""What a person corrects while a model learns from what they had corrected before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from time import time
from weakref import WeakSet

from napari_unet.schema.training_record import Joined
from napari_unet.session.edits import Edit
from napari_unet.session.history import History
from napari_unet.session.wording import many

_SAID = frozenset({"confirm", "right", "unsure"})
"""Edits that change no mask, but what is known of it."""


class Meanwhile:
    """Tells the corrections that a training has not seen from those that it was given."""

    def __init__(self) -> None:
        self._given: WeakSet[Edit] | None = None
        self._sent: WeakSet[Edit] = WeakSet()
        self._since = 0.0

    def begin(self, histories: Iterable[History]) -> None:
        """A training begins with all that was done until now."""
        self._given, self._sent = WeakSet(_by_a_person(histories)), WeakSet()
        self._since = time()

    @property
    def begun(self) -> bool:
        """Whether a training began."""
        return self._given is not None

    def count(self, histories: Iterable[History]) -> int:
        """Corrections since then that were not undone; 0 before the first training."""
        if self._given is None:
            return 0
        return sum(edit not in self._given for edit in _by_a_person(histories))

    def regions(self, history: History) -> list[Edit]:
        """Regions confirmed since then that have neither joined nor are on their way to.

        What was restored from an earlier session is none of them.
        """
        if self._given is None:
            return []
        since = [edit for edit in history.done if edit.region and edit.at >= self._since]
        return [edit for edit in since if edit not in self._given and edit not in self._sent]

    def send(self, regions: Iterable[Edit]) -> None:
        """They are on their way: if they do not join, they count next time."""
        self._sent.update(regions)

    def learn(self, history: History, at: float) -> None:
        """What had been done on a mask at a time has joined the training."""
        if self._given is not None:
            self._given.update(edit for edit in _by_a_person([history]) if edit.at <= at)


def meanwhile_text(corrections: int, learning: bool) -> str:
    """Where corrections count that a training has not seen, in one sentence; empty of none."""
    if not corrections:
        return ""
    verb = "counts" if corrections == 1 else "count"
    made = "made meanwhile" if learning else "made since the fine-tuning began"
    return f"{many(corrections, 'correction')} {made} {verb} next time."


def joined_text(joined: Sequence[Joined]) -> str:
    """What joined a training while it ran, in one line; of the last that did not, why."""
    learnt = [one for one in joined if not one.why_not]
    regions = sum(one.regions for one in learnt)
    text = ""
    if learnt:
        last = "" if regions == 1 else ", the last"
        text = f"{many(regions, 'more region')} joined{last} after step {learnt[-1].step}."
    reason = joined[-1].why_not if joined else ""
    return f"{text} {reason}".strip()


def _by_a_person(histories: Iterable[History]) -> Iterator[Edit]:
    for history in histories:
        yield from (edit for edit in history.done if edit.by_hand or edit.kind in _SAID)
