"""A long journal made short: what it comes to, and the last edits, in a new generation."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from napari_unet import disk
from napari_unet.schema.correction import State
from napari_unet.session.edits import Edit, Entry, Move
from napari_unet.session.history import History
from napari_unet.session.journal.file import JournalFile
from napari_unet.session.journal.lock import Busy, Lock, is_held
from napari_unet.session.journal.reader import read, reading
from napari_unet.session.journal.rows import read_about
from napari_unet.session.journal.shelf import Found, counted, look
from napari_unet.session.runs import Runs

MAX_ENTRIES = 5_000
MAX_BYTES = 64 << 20
"""A journal with more than this since it was last made short is long."""
UNDOABLE = 200
"""So many of the last edits stay edits, which can be undone."""
UNDOABLE_RUNS = 500_000
"""But no more runs than this, some MB."""
KEPT = 3
"""Older generations that stay, once all that they held is in a newer one."""
_log = logging.getLogger(__name__)


class Short(NamedTuple):
    """A journal made short."""

    entries: list[Entry]
    base: int
    """How many of its entries stand for all that was before the edits that can be undone."""
    folded: list[Edit]
    """The edits that these stand for."""


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


def shortened(entries: list[Entry], shape: tuple[int, ...], base: int = 0) -> Short:
    """Fewer entries that come to the same labels, states, regions, counts and last edits.

    Parameters
    ----------
    entries
        All of a journal.
    shape
        Of the mask.
    base
        How many of them already stand for older ones.
    """
    history = History(shape)
    labels = history.replay(entries)
    redoable, states = len(history.undone), history.states.copy()
    for _ in range(_undoable(history.done[base:])):
        if edit := history.undo():
            edit.labels.backwards().write(labels)
    older = list(history.done)
    marks = list(_marks(older, states))
    first = [*marks, *_said(older), *_start(older, marks, labels, history.states)]
    moves = [Move.UNDO] * redoable
    return Short([*first, *reversed(history.undone), *moves], len(first), older[base:])


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


def _undoable(edits: list[Edit]) -> int:
    """How many of the last edits stay edits."""
    runs = np.cumsum([len(edit.labels) + len(edit.states) for edit in reversed(edits)])
    return min(UNDOABLE, int(np.count_nonzero(runs <= UNDOABLE_RUNS)))


def _marks(older: list[Edit], states: np.ndarray) -> Iterator[Edit]:
    """An edit that touches all objects that edits by hand touched, so that they still count.

    Of the pixels that were touched of an object it takes one that is confirmed, if there is one.
    """
    flat = states.reshape(-1)
    pixels: dict[int, int] = {}
    for edit in older:
        if edit.by_hand:
            for id_, pixel in edit.touched.items():
                best = pixels.setdefault(id_, pixel)
                if _worth(int(flat[pixel])) > _worth(int(flat[best])):
                    pixels[id_] = pixel
    if pixels:
        ids = np.array(list(pixels), np.uint32)
        places = np.array(list(pixels.values()), np.int64)
        seconds = sum(edit.seconds for edit in older if edit.by_hand)
        runs = Runs(places, np.ones_like(places), ids, ids)
        yield Edit("edit", runs, at=older[-1].at, seconds=seconds)


def _worth(state: int) -> int:
    if not state & State.CORRECTED:
        return 0
    return 2 if state & State.CONFIRMED else 1


def _said(older: list[Edit]) -> Iterator[Edit]:
    """What was confirmed, without its pixels: those are in the start."""
    for edit in older:
        if edit.region or edit.kind == "right":
            yield replace(edit, labels=Runs.none(), states=Runs.none())


def _start(
    older: list[Edit], marks: list[Edit], labels: np.ndarray, states: np.ndarray
) -> Iterator[Edit]:
    """An edit that makes all labels and states at once from what the marks left."""
    if older:
        marked = History(labels.shape).replay(marks)
        runs = _difference(marked, labels), _difference(np.zeros_like(states), states)
        yield Edit("start", *runs, at=older[-1].at)


def _difference(before: np.ndarray, after: np.ndarray) -> Runs:
    sheet = (prod(after.shape[:-1]), after.shape[-1])
    return Runs.of_box(sheet, (), (0, 0, *sheet), before.reshape(sheet), after.reshape(sheet))


def _remove_ancestors(path: Path) -> None:
    """Remove all but the last generations that this one goes back to, if none uses them."""
    with suppress(ValueError):
        for number, (ancestor, count) in enumerate(_ancestors(path)):
            if number >= KEPT and not is_held(ancestor) and _count(ancestor) == count:
                disk.watch("remove journal")
                with suppress(OSError):
                    ancestor.unlink()


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
