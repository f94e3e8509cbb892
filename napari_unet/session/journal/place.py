"""A folder that a journal writes to, and its file there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from napari_unet.session.edits import Entry
from napari_unet.session.journal.file import JournalFile, generations, is_damage, remove
from napari_unet.session.journal.lock import Busy, is_held
from napari_unet.session.journal.rows import Identity

FAILURES = (OSError, sqlite3.Error, ValueError)
"""What can go wrong with a disk."""


class Place:
    """A folder that a journal writes to, and its file there once there is one.

    A file that is busy, damaged, gone, or not what it was is left alone: all goes into a new one.

    Parameters
    ----------
    identity
        Which mask the journal belongs to.
    folder
        Made when it is needed.
    claim
        Called before a file is made.
    """

    def __init__(
        self, identity: Identity, folder: Path, claim: Callable[[], None] = lambda: None
    ) -> None:
        self.folder = folder
        self.path: Path | None = None
        """The file, if there is one to go on with."""
        self.held = 0
        """How many entries it holds, as far as this window knows."""
        self._identity = identity
        self._claim = claim
        self._file: JournalFile | None = None

    def save(self, entries: Sequence[Entry]) -> None:
        """Bring those entries to the disk that are not there yet.

        Parameters
        ----------
        entries
            All, from the first.

        Raises
        ------
        OSError, sqlite3.Error, ValueError
            If that is not possible; none of the new ones is there then.
        """
        try:
            file = self._file or self._opened(entries)
            self._file, self.path = file, file.path
            if file.count < len(entries):
                file.append(entries[file.count :])
            self.held = file.count
        except FAILURES as error:
            if is_damage(error):
                self.path = None
            self.close()
            raise

    def is_shared(self) -> bool:
        """Whether another window writes a journal of the same image here."""
        return any(is_held(path) for path in generations(self.folder) if path != self.path)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def drop(self) -> None:
        """Remove the file: all that it held is elsewhere by now."""
        self.close()
        if self.path is not None:
            remove(self.path)
            self.path = None

    def _opened(self, entries: Sequence[Entry]) -> JournalFile:
        if self.path is not None:
            with suppress(Busy, ValueError, FileNotFoundError):
                file = JournalFile.open(self.path)
                if file.count == self.held:
                    return file
                file.close()
        self._claim()
        return JournalFile.create(self.folder, self._identity, entries)
