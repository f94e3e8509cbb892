"""The table of a journal: one row for each entry, and a few words about the image."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from math import prod
from time import time
from typing import Any, NamedTuple, cast, get_args

from napari_unet.session.edits import Edit, Entry, Kind, Move, Region
from napari_unet.session.runs import Runs

VERSION = 1
"""Of the table; a newer one is refused."""

TABLES = (
    "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE entries (number INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, "
    "note TEXT NOT NULL, labels BLOB, states BLOB, checksum INTEGER NOT NULL)",
)
_READ = "SELECT number, at, kind, note, labels, states, checksum FROM entries ORDER BY number"
_WRITE = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)"
_KINDS = frozenset(get_args(Kind))
MOVES = frozenset(move.value for move in Move)

Row = tuple[int, float, str, str, bytes | None, bytes | None, int]


class Identity(NamedTuple):
    """Which mask a journal belongs to: by the content of the image, never by a layer's name."""

    content: str
    """A digest of the image's pixels."""
    path: str
    """Where the image came from; "" if nobody knows."""
    axes: str
    shape: tuple[int, ...]
    """Of the mask, (..., y, x)."""


def write_about(connection: sqlite3.Connection, identity: Identity, **more: Any) -> None:
    """Say once which mask the journal belongs to."""
    about = {"version": VERSION, **identity._asdict(), **more}
    rows = [(name, json.dumps(value)) for name, value in about.items()]
    connection.executemany("INSERT INTO about VALUES (?, ?)", rows)


def read_about(connection: sqlite3.Connection) -> tuple[Identity, dict[str, Any]]:
    """Which mask a journal belongs to, and what else it says about itself.

    Raises
    ------
    ValueError
        If it is no journal, or a newer version has written it; half a sentence.
    """
    try:
        rows = connection.execute("SELECT name, value FROM about").fetchall()
        about = {name: json.loads(value) for name, value in rows}
        version = int(about["version"])
        shape = tuple(int(size) for size in about["shape"])
        content, path, axes = (str(about[name]) for name in ("content", "path", "axes"))
        identity = Identity(content, path, axes, shape)
    except (sqlite3.DatabaseError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, sqlite3.OperationalError) and "no such table" not in str(error):
            raise
        raise ValueError("is no journal, or a damaged one: choose an older one") from error
    if version > VERSION:
        raise ValueError("was written by a newer napari_unet: update the plugin to restore it")
    return identity, about


def write_entries(connection: sqlite3.Connection, entries: Iterable[Entry], first: int) -> None:
    """Add rows; `first` is the number of the first of them."""
    rows = (_row(number, entry) for number, entry in enumerate(entries, start=first))
    connection.executemany(_WRITE, rows)


def read_entries(connection: sqlite3.Connection, shape: tuple[int, ...]) -> Iterator[Entry]:
    """All entries in order, up to the first that is damaged.

    Raises
    ------
    ValueError, sqlite3.DatabaseError
        At the first that is damaged.
    """
    for expected, row in enumerate(connection.execute(_READ), start=1):
        if row[0] != expected:
            raise ValueError(f"entry {expected} is missing")
        yield _entry(row, prod(shape))


def _row(number: int, entry: Entry) -> Row:
    if isinstance(entry, Move):
        return _checked(number, time(), entry.value, "{}", None, None)
    labels, states = _blob(entry.labels), _blob(entry.states)
    return _checked(number, float(entry.at), entry.kind, _note(entry), labels, states)


def _checked(
    number: int, at: float, kind: str, note: str, labels: bytes | None, states: bytes | None
) -> Row:
    checksum = _checksum(number, at, kind, note, labels, states)
    return number, at, kind, note, labels, states, checksum


def _blob(runs: Runs) -> bytes | None:
    return runs.to_bytes() if len(runs) else None


def _note(edit: Edit) -> str:
    """What is small: plain numbers, whatever kind of number the caller had."""
    note: dict[str, Any] = {}
    if edit.seconds:
        note["seconds"] = float(edit.seconds)
    if edit.audit:
        note["audit"] = True
    if edit.region:
        note["region"] = [[int(i) for i in part] for part in edit.region]
    if edit.classes:
        note["classes"] = int(edit.classes)
    return json.dumps(note)


def _entry(row: Row, size: int) -> Entry:
    number, at, kind, note, labels, states, checksum = row
    if checksum != _checksum(number, at, kind, note, labels, states):
        raise ValueError(f"entry {number} is damaged")
    if kind in MOVES:
        return Move(kind)
    if kind not in _KINDS:
        raise ValueError(f"entry {number} is of an unknown kind '{kind}'")
    told = json.loads(note)
    return Edit(
        cast(Kind, kind),
        _inside(labels, size),
        _inside(states, size),
        at=at,
        seconds=told.get("seconds", 0.0),
        region=_region(told["region"]) if "region" in told else None,
        audit=told.get("audit", False),
        classes=told.get("classes"),
    )


def _inside(blob: bytes | None, size: int) -> Runs:
    """Runs that lie within the mask, so that writing them cannot fail."""
    if blob is None:
        return Runs.none()
    runs = Runs.from_bytes(blob)
    start, length = runs.start, runs.length
    if not ((start >= 0) & (length > 0) & (length <= size) & (start <= size - length)).all():
        raise ValueError("an entry lies outside of the mask")
    return runs


def _region(told: list[list[int]]) -> Region:
    plane, (y0, x0, y1, x1) = told
    return Region(tuple(plane), (y0, x0, y1, x1))


def _checksum(
    number: int, at: float, kind: str, note: str, labels: bytes | None, states: bytes | None
) -> int:
    small = f"{number} {at!r} {kind} {note} {len(labels or b'')}".encode()
    return zlib.crc32(states or b"", zlib.crc32(labels or b"", zlib.crc32(small)))
