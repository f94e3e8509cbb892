"""Writes all that a person does to the disk at once, without ever letting the window wait."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Condition, Thread, current_thread

from napari_unet.session.edits import Entry
from napari_unet.session.journal import shelf
from napari_unet.session.journal.place import Place
from napari_unet.session.journal.rows import Identity
from napari_unet.session.journal.saver import Saver, Where

CLOSE_S = 10.0
"""How long closing waits for a disk."""
_log = logging.getLogger(__name__)


class Journal:
    """Writes each entry of a history to the disk as soon as it is made.

    Connect `write` to `History.entered`. A thread saves what is new, all that came meanwhile in
    one transaction. What cannot be saved in the journals' folder goes to the system's temporary
    folder, is tried again, and stays in memory all the while. The first entry makes a file: a new
    generation, since an older one is added to only if it was restored.

    Parameters
    ----------
    identity
        Which mask it belongs to.
    folder
        Where journals are, if not in the user's data folder.
    on_problem
        Called in the writing thread with one sentence: what cannot be saved where, that it can
        again, or that another window has the same image.
    """

    def __init__(
        self,
        identity: Identity,
        folder: Path | None = None,
        on_problem: Callable[[str], None] = _log.warning,
    ) -> None:
        spare = shelf.folder_for(identity, shelf.spare_folder())
        self._home = Place(identity, shelf.folder_for(identity, folder or shelf.journals_folder()))
        self._spare = Place(identity, spare, claim=shelf.claim_spare_folder)
        self._saver = Saver(self._home, self._spare, on_problem)
        self._identity, self._say = identity, on_problem
        self._entries: list[Entry] = []
        self._written = 0
        self._shared: bool | None = None
        self._thread: Thread | None = None
        self._closing = False
        self._changed = Condition()

    @classmethod
    def resume(
        cls,
        found: shelf.Found,
        entries: Iterable[Entry],
        identity: Identity,
        folder: Path | None = None,
        on_problem: Callable[[str], None] = _log.warning,
    ) -> Journal:
        """Go on with a journal after its entries were replayed.

        Where its file cannot be gone on with (another window has it, its end is damaged, it is of
        another path or in the spare folder), all entries are saved in a new generation first.

        Parameters
        ----------
        found
            The journal.
        entries
            What `read` gave.
        identity
            Of the image that is open now.
        folder, on_problem
            See `Journal`.
        """
        journal = cls(identity, folder, on_problem)
        journal._entries = list(entries)
        if found.identity == identity and found.path.parent == journal._home.folder:
            journal._home.path = found.path
            journal._home.held = journal._written = len(journal._entries)
        return journal

    @property
    def written(self) -> int:
        """How many entries are surely on the disk, from the first."""
        return self._written

    @property
    def shared(self) -> bool:
        """Whether another window had the same image when this one began to write."""
        return bool(self._shared)

    @property
    def path(self) -> Path | None:
        """The file that it writes to; None before the first entry."""
        return self._saver.place.path

    def write(self, entry: Entry) -> None:
        """Take an entry, and return at once."""
        with self._changed:
            self._entries.append(entry)
            self._wake()

    def flush(self, timeout_s: float) -> bool:
        """Wait until all is on the disk; whether it is."""
        with self._changed:
            wanted = len(self._entries)
            if self._written < wanted:
                self._wake()
            return self._changed.wait_for(lambda: self._written >= wanted, timeout_s)

    def close(self) -> None:
        """Save what is left, and let go of the files; a later `write` takes them up again."""
        with self._changed:
            thread = self._thread
            self._closing = thread is not None
            self._changed.notify_all()
        if thread is not None:
            thread.join(CLOSE_S)
        atexit.unregister(self.close)

    def _wake(self) -> None:
        if self._thread is None:
            atexit.register(self.close)  # a program that ends without closing loses nothing
            self._thread = Thread(target=self._work, name="journal", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    # in the thread that writes

    def _work(self) -> None:
        try:
            self._save_as_it_comes()
        finally:
            with self._changed:
                if self._thread is current_thread():  # it broke: the next entry starts another
                    self._thread, self._closing = None, False

    def _save_as_it_comes(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._is_due, self._saver.wait_s)
                closing, entries = self._closing, list(self._entries)
            self._save(entries, is_last=closing)
            with self._changed:
                if closing and len(self._entries) == len(entries):
                    self._saver.close()
                    self._thread, self._closing = None, False
                    return

    def _is_due(self) -> bool:
        if self._closing or self._saver.wait_s == 0:
            return True
        is_behind = self._written < len(self._entries)
        return is_behind and self._saver.where is not Where.NOWHERE

    def _save(self, entries: list[Entry], *, is_last: bool) -> None:
        if self._saver.save(entries, is_last=is_last):
            self._look_around()
            with self._changed:
                self._written = len(entries)
                self._changed.notify_all()

    def _look_around(self) -> None:
        """See once whether another window has the same image, and say so."""
        if self._shared is None:
            self._shared = self._home.is_shared()
            if self._shared:
                self._say(
                    f"'{self._identity.path or 'This image'}' is open in another window too: what "
                    "you do here is saved apart from it, so close one of them."
                )
