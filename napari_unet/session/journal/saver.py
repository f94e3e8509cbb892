"""Saves at home, elsewhere where that fails, and at home again as soon as that works."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from time import monotonic

from napari_unet.session.edits import Entry
from napari_unet.session.journal.place import FAILURES, Place

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
"""How long it waits before it tries home again; twice as long each time."""


class Where(Enum):
    """Where all entries are."""

    HOME = "home"
    SPARE = "spare"
    NOWHERE = "nowhere"


class Saver:
    """Saves at home, elsewhere where that fails, and at home again as soon as that works.

    Parameters
    ----------
    home, spare
        Where entries belong, and where they go meanwhile.
    say
        Called with one sentence each time that they go elsewhere.
    """

    def __init__(self, home: Place, spare: Place, say: Callable[[str], None]) -> None:
        self.where = Where.HOME
        self._home, self._spare, self._say = home, spare, say
        self._pause_s, self._next_try = FIRST_PAUSE_S, 0.0

    @property
    def wait_s(self) -> float | None:
        """How long to wait before it tries home again; None if it is there."""
        return None if self.where is Where.HOME else max(0.0, self._next_try - monotonic())

    @property
    def place(self) -> Place:
        """Where it saves."""
        return self._spare if self.where is Where.SPARE else self._home

    def save(self, entries: Sequence[Entry], *, is_last: bool = False) -> bool:
        """Bring all entries to some disk; whether they are there.

        Parameters
        ----------
        entries
            All, from the first; those that are there already are not written again.
        is_last
            Whether it is asked for the last time, so that nothing can be left for later.
        """
        places = {Where.HOME: self._home, Where.SPARE: self._spare}
        if self.where is Where.SPARE and self.wait_s and not is_last:
            places = {Where.SPARE: self._spare, Where.HOME: self._home}
        failures: dict[Where, Exception] = {}
        for where, place in places.items():
            try:
                place.save(entries)
            except FAILURES as error:
                failures[where] = error
            else:
                break
        else:
            where = Where.NOWHERE
        self._arrive(where, failures, is_last=is_last)
        return where is not Where.NOWHERE

    def close(self) -> None:
        """Let go of the files."""
        self._home.close()
        self._spare.close()

    def _arrive(self, where: Where, failures: dict[Where, Exception], *, is_last: bool) -> None:
        if where is Where.HOME:
            self._spare.drop()
            self._pause_s = FIRST_PAUSE_S
        elif Where.HOME in failures:
            self._next_try = monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        is_news = where is not self.where or (where is Where.NOWHERE and is_last)
        self.where = where
        if is_news:
            self._say(self._sentence(failures))

    def _sentence(self, failures: dict[Where, Exception]) -> str:
        home, spare = self._home.folder, self._spare.folder
        if self.where is Where.HOME:
            return f"Your corrections are saved in '{home}' again."
        why = failures.get(Where.HOME) or failures.get(Where.SPARE)
        if self.where is Where.SPARE:
            return (
                f"Your corrections cannot be saved in '{home}' ({why}), so they are in '{spare}' "
                "for now: free some room there, or allow writing to it, and they move back."
            )
        return (
            f"Your corrections can be saved neither in '{home}' ({why}) nor in '{spare}': free "
            "some room, and keep this window open until they are saved."
        )
