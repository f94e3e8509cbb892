"""Fewer entries that come to the same: what a long journal is made short with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod
from typing import NamedTuple

import numpy as np

from napari_unet.schema.correction import State
from napari_unet.session.edits import Edit, Entry, Move
from napari_unet.session.history import History
from napari_unet.session.runs import Runs

UNDOABLE = 200
"""So many of the last edits stay edits, which can be undone."""
UNDOABLE_RUNS = 5_000_000
"""But no more runs than this, some MB on the disk."""


class Short(NamedTuple):
    """A journal made short."""

    entries: list[Entry]
    base: int
    """How many of its entries stand for all that was before the edits that can be undone."""
    folded: list[Edit]
    """The edits that these stand for."""


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
        classes = next((edit.classes for edit in reversed(older) if edit.classes), None)
        yield Edit("start", *runs, at=older[-1].at, classes=classes)


def _difference(before: np.ndarray, after: np.ndarray) -> Runs:
    sheet = (prod(after.shape[:-1]), after.shape[-1])
    return Runs.of_box(sheet, (), (0, 0, *sheet), before.reshape(sheet), after.reshape(sheet))
