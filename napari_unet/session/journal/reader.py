"""Looking into a journal: as far as it goes, whatever happened to it."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from napari_unet.session.edits import Entry
from napari_unet.session.journal.file import check_is_there, connected
from napari_unet.session.journal.rows import Identity, read_about, read_entries

_log = logging.getLogger(__name__)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Look into a journal, also into one that another window is writing to.

    Raises
    ------
    ValueError
        If it is none, or one of a newer version; the sentence names it.
    """
    with ExitStack() as stack:
        try:
            check_is_there(path)
            connection = _opened(path, stack)
            read_about(connection)
        except (OSError, sqlite3.Error) as error:
            raise ValueError(f"'{path}' cannot be read ({error}): choose an older one.") from error
        except ValueError as error:
            raise ValueError(f"'{path}' {error}.") from error
        yield connection


def read(path: str | Path) -> tuple[Identity, list[Entry]]:
    """Read a journal as far as it goes: damage ends the reading, and a warning says so.

    Parameters
    ----------
    path
        The file; another window may be writing to it.

    Raises
    ------
    ValueError
        If it is no journal at all, or one of a newer version.
    """
    entries: list[Entry] = []
    with reading(Path(path)) as connection:
        identity, _ = read_about(connection)
        try:
            for entry in read_entries(connection, identity.shape):
                entries.append(entry)
        except (ValueError, TypeError, sqlite3.DatabaseError) as error:
            _log.warning("'%s' is read up to entry %d only: %s.", path, len(entries), error)
    return identity, entries


def _opened(path: Path, stack: ExitStack) -> sqlite3.Connection:
    try:
        return _readable(path, stack)
    except sqlite3.OperationalError:  # SQLite has to write beside it, and may not
        return _readable(_copied(path, stack), stack)


def _readable(path: Path, stack: ExitStack) -> sqlite3.Connection:
    connection = stack.enter_context(closing(connected(path)))
    connection.execute("PRAGMA writable_schema = ON")  # reads on in a file that was cut
    connection.execute("PRAGMA query_only = ON")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return connection


def _copied(path: Path, stack: ExitStack) -> Path:
    """The same journal in a folder where SQLite may write, with what was written ahead."""
    folder = Path(stack.enter_context(TemporaryDirectory()))
    for part in (path, path.with_name(f"{path.name}-wal")):
        if part.exists():
            shutil.copy(part, folder)
    return folder / path.name
