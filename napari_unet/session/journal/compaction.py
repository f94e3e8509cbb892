"""A long journal made short: what it comes to, and the last edits, in a new generation."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from napari_unet.session.journal.file import JournalFile, remove
from napari_unet.session.journal.lock import Busy, Lock, is_held
from napari_unet.session.journal.reader import read, reading
from napari_unet.session.journal.rows import read_about
from napari_unet.session.journal.shelf import Found, counted, look
from napari_unet.session.journal.shortening import shortened

MAX_ENTRIES = 5_000
MAX_BYTES = 64 << 20
"""A journal with more than this since it was last made short is long."""
KEPT = 3
"""Older generations that stay, once all that they held is in a newer one."""
_log = logging.getLogger(__name__)


def compact(found: Found) -> Found:
    """Make a long journal short, in a new generation; call it before reading and replaying.

    Whatever may fail: the old one stays as it is, and is given back. Three older generations are
    kept; of those only ones are removed that were made short and not used since.

    Parameters
    ----------
    found
        A journal; one that is not long, or that another window writes to, is given back.
    """
    if found.busy or not is_long(found.path):
        return found
    try:
        lock = Lock(found.path)
    except (Busy, sqlite3.Error):
        return found
    try:
        path = _write_short(found)
    except (OSError, sqlite3.Error, ValueError) as error:
        _log.warning("'%s' could not be made short: %s.", found.path, error)
        return found
    finally:
        lock.release()
    _remove_ancestors(path)
    return look(path) or found


def is_long(path: Path) -> bool:
    """Whether a journal has grown much since it was last made short."""
    with suppress(ValueError, sqlite3.Error), reading(path) as connection:
        _, about = read_about(connection)
        entries, size = connection.execute(
            "SELECT count(*), total(ifnull(length(labels), 0) + ifnull(length(states), 0)) "
            "FROM entries WHERE number > ?",
            (about.get("base", 0),),
        ).fetchone()
        return bool(entries > MAX_ENTRIES or size > MAX_BYTES)
    return False


def _write_short(found: Found) -> Path:
    identity, entries = read(found.path)
    with reading(found.path) as connection:
        _, about = read_about(connection)
        count = connection.execute("SELECT count(*) FROM entries").fetchone()[0]
    if count != len(entries):
        raise ValueError("it is damaged, and stays as it is")
    short = shortened(entries, identity.shape, about.get("base", 0))
    corrections, confirmations = counted(edit.kind for edit in short.folded)
    file = JournalFile.create(
        found.path.parent,
        identity,
        short.entries,
        base=short.base,
        corrections=corrections + about.get("corrections", 0),
        confirmations=confirmations + about.get("confirmations", 0),
        last=found.last,
        ancestor=[found.path.name, count],
    )
    file.close()
    return file.path


def _remove_ancestors(path: Path) -> None:
    """Remove all but the last generations that this one goes back to, if none uses them."""
    with suppress(ValueError, sqlite3.Error):
        for number, (ancestor, count) in enumerate(_ancestors(path)):
            if number >= KEPT and not is_held(ancestor) and _count(ancestor) == count:
                remove(ancestor)


def _ancestors(path: Path) -> list[tuple[Path, int]]:
    found = []
    while path.exists() and (told := _about(path).get("ancestor")):
        path = path.with_name(told[0])
        found.append((path, told[1]))
    return found


def _about(path: Path) -> dict[str, Any]:
    with reading(path) as connection:
        return read_about(connection)[1]


def _count(path: Path) -> int:
    if not path.exists():
        return -1
    with reading(path) as connection:
        return int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])
