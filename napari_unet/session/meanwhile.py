"""What a person corrects while a model learns from what they had corrected before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from weakref import WeakSet

from napari_unet.session.edits import Edit
from napari_unet.session.history import History
from napari_unet.session.wording import many

_SAID = frozenset({"confirm", "right", "unsure"})
"""Edits that change no mask, but what is known of it."""


class Meanwhile:
    """Tells the corrections that a training has not seen from those that it was given."""

    def __init__(self) -> None:
        self._given: WeakSet[Edit] | None = None

    def begin(self, histories: Iterable[History]) -> None:
        """A training begins with all that was done until now."""
        self._given = WeakSet(_by_a_person(histories))

    def count(self, histories: Iterable[History]) -> int:
        """Corrections since then that were not undone; 0 before the first training."""
        if self._given is None:
            return 0
        return sum(edit not in self._given for edit in _by_a_person(histories))


def meanwhile_text(corrections: int, learning: bool) -> str:
    """Where corrections count that a training has not seen, in one sentence; empty of none."""
    if not corrections:
        return ""
    verb = "counts" if corrections == 1 else "count"
    made = "made meanwhile" if learning else "made since the fine-tuning began"
    return f"{many(corrections, 'correction')} {made} {verb} next time."


def _by_a_person(histories: Iterable[History]) -> Iterator[Edit]:
    for history in histories:
        yield from (edit for edit in history.done if edit.by_hand or edit.kind in _SAID)
