"""Who writes to a journal: one window at a time, and the next as soon as that one is gone.

The lock is one of SQLite's own, on an empty file beside the journal. It needs nothing that the
journal does not need anyway, holds between two windows of one process as well as between two
processes, and the system frees it at once when its holder dies. The journal itself is not locked,
so that other windows can see what it holds.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from napari_unet import disk

WAIT_S = 0.5
"""Whoever only looks holds the lock for less."""


class Busy(Exception):
    """Another window writes to this journal."""


class Lock:
    """The right to write to a journal, until it is released.

    Parameters
    ----------
    path
        The journal; it need not be there yet.

    Raises
    ------
    Busy
        If another window has it.
    sqlite3.Error
        If the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        disk.watch("lock")
        self._connection = _connected(path, WAIT_S)
        try:
            self._connection.execute("PRAGMA journal_mode = MEMORY")
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._connection.close()
            if _is_busy(error):
                raise Busy(path) from error
            raise

    def release(self) -> None:
        """Let others write."""
        self._connection.close()


def is_held(path: Path) -> bool:
    """Whether some window, of this process or another, writes to a journal."""
    if not _beside(path).exists():
        return False
    connection = _connected(path, 0)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchall()
    except sqlite3.OperationalError as error:
        return _is_busy(error)
    finally:
        connection.close()
    return False


def _beside(path: Path) -> Path:
    return path.with_suffix(".lock")


def _connected(path: Path, wait_s: float) -> sqlite3.Connection:
    return sqlite3.connect(
        _beside(path), timeout=wait_s, isolation_level=None, check_same_thread=False
    )


def _is_busy(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
