"""One file of a journal: it appears whole, and is added to in whole transactions."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from napari_unet import disk
from napari_unet.session.edits import Entry
from napari_unet.session.journal.lock import Busy, Lock, is_held
from napari_unet.session.journal.rows import (
    TABLES,
    Identity,
    read_about,
    write_about,
    write_entries,
)

SUFFIX = ".journal"
CHECKPOINT_PAGES = 1000
"""So much is written ahead before SQLite moves it to its place in the file."""
WAIT_S = 5.0
"""For another window that is just looking."""
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class JournalFile:
    """A file that this window alone adds to.

    Parameters
    ----------
    path
        The file.
    lock
        The right to write to it; released by `close`.

    Raises
    ------
    ValueError
        If it is no journal, a damaged one, or one of a newer version.
    """

    def __init__(self, path: Path, lock: Lock) -> None:
        self.path = path
        self._lock = lock
        disk.watch("open journal")
        self._connection = connected(path)
        try:
            for setting in ("journal_mode = WAL", "synchronous = FULL", "fullfsync = 1"):
                self._connection.execute(f"PRAGMA {setting}")
            self._connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            read_about(self._connection)
            self.count: int = self._connection.execute("SELECT count(*) FROM entries").fetchone()[0]
        except BaseException as error:
            self._connection.close()
            if is_damage(error):
                raise ValueError(f"'{path}' is damaged: choose an older journal.") from error
            raise

    @classmethod
    def open(cls, path: Path) -> JournalFile:
        """Go on with a file.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is no such journal, or none that can be gone on with.
        Busy
            If another window writes to it.
        """
        check_is_there(path)
        with _released_on_failure(Lock(path)) as lock:
            return cls(path, lock)

    @classmethod
    def create(
        cls, folder: Path, identity: Identity, entries: Sequence[Entry] = (), **about: Any
    ) -> JournalFile:
        """Make the next generation in a folder; it appears whole, with its first entries."""
        disk.make_folder(folder)
        path, lock = _next_generation(folder)
        with _released_on_failure(lock):
            unfinished = path.with_suffix(".new")
            unfinished.unlink(missing_ok=True)  # of a process that was killed here
            try:
                _fill(unfinished, identity, entries, about)
                disk.give_name(unfinished, path)
            except (OSError, sqlite3.Error):
                with suppress(OSError):
                    unfinished.unlink(missing_ok=True)
                raise
            return cls(path, lock)

    def append(self, entries: Sequence[Entry]) -> None:
        """Add entries; when it returns they are on the disk, if it fails none is."""
        check_is_there(self.path)  # SQLite would not notice that somebody deleted it
        disk.watch("write journal")
        with _transaction(self._connection):
            write_entries(self._connection, entries, self.count + 1)
            disk.watch("commit journal")
        self.count += len(entries)

    def close(self) -> None:
        """Bring all to its place in the file, and let others write."""
        disk.watch("close journal")
        with suppress(sqlite3.Error):
            self._connection.close()
        self._lock.release()


def generations(folder: Path) -> list[Path]:
    """All journals in a folder, the oldest first."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path.stem.isdecimal())


def is_damage(error: BaseException) -> bool:
    """Whether SQLite says that what is in a file is wrong, rather than that it cannot be read."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def remove(path: Path) -> None:
    """Remove a journal with all that SQLite keeps beside it; what cannot be removed stays."""
    disk.watch("remove journal")
    for part in (path, *(path.with_name(f"{path.name}-{beside}") for beside in ("wal", "shm"))):
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _next_generation(folder: Path) -> tuple[Path, Lock]:
    """The first free number after all that there are; another window may be taking one too.

    Nor is the number of a journal free that is gone but left something behind: SQLite would take
    what that one had written ahead for a part of the new one.
    """
    stems = (path.stem for path in folder.iterdir())
    number = max((int(stem) for stem in stems if stem.isdecimal()), default=0)
    while True:
        number += 1
        path = folder / f"{number:06d}{SUFFIX}"
        if is_held(path):
            continue
        with suppress(Busy):
            lock = Lock(path)
            if not path.exists():
                return path, lock
            lock.release()


def _fill(path: Path, identity: Identity, entries: Sequence[Entry], about: dict[str, Any]) -> None:
    connection = connected(path)
    try:
        for setting in ("journal_mode = MEMORY", "synchronous = FULL", "fullfsync = 1"):
            connection.execute(f"PRAGMA {setting}")
        with _transaction(connection):
            for table in TABLES:
                connection.execute(table)
            write_about(connection, identity, **about)
            write_entries(connection, entries, 1)
    finally:
        connection.close()


def connected(path: Path) -> sqlite3.Connection:
    """Open a file with SQLite, so that transactions begin and end where we say."""
    return sqlite3.connect(path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _released_on_failure(lock: Lock) -> Iterator[Lock]:
    try:
        yield lock
    except BaseException:
        lock.release()
        raise


def check_is_there(path: Path) -> None:
    """Refuse a file that is not there: SQLite would make an empty one."""
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "it is no longer there", str(path))
