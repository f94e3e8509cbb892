"""Back and forth among all that was done to the masks of one image."""

from __future__ import annotations

from collections import deque
from functools import partial

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_unet.session.edits import Edit, Move
from napari_unet.session.history import History, Moment
from napari_unet.session.runs import Runs
from napari_unet.widgets.layers import Results
from napari_unet.widgets.runner import Latest, guarded

_LARGE_PX = 1_000_000
"""An edit of more pixels is taken back in a thread, so that the window never waits."""
_PRESSED_MS = 50


class Stepper(QObject):
    """Takes edits back and does them again, one after the other and none during a stroke.

    Parameters
    ----------
    results
        Writes the masks.
    """

    changed = Signal()
    """Something was undone or redone."""

    def __init__(self, results: Results, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._results = results
        self._later = Latest(0, self)
        self._later.failed.connect(self.drop)
        self._moves: deque[Move] = deque()

    @property
    def busy(self) -> bool:
        """Whether something is being taken back, which is soon done."""
        return bool(self._moves)

    @property
    def _history(self) -> History:
        return self._results.specimen.history

    def go(self, move: Move) -> None:
        """Take back what was done last, or do it again: at once, or soon if it is large."""
        self._moves.append(move)
        if len(self._moves) == 1:
            self._next()

    def drop(self) -> None:
        """Take nothing back of what still waits."""
        self._moves.clear()
        self._later.drop()

    def _next(self) -> None:
        while self._moves and not self._results.is_drawing:
            move = self._moves[0]
            edits = self._history.done if move is Move.UNDO else self._history.undone
            if edits and self._is_large(edits[-1]):
                runs = _towards(edits[-1].labels, move)
                work = partial(_after, self._results.specimen.labels, runs)
                self._later.ask(work, partial(self._swap, self._history.moment), at_once=True)
                return
            self._moves.popleft()
            edit = self._step(move)
            if edit is not None:
                self._results.write(_towards(edit.labels, move))
                self.changed.emit()
        if self._moves:
            QTimer.singleShot(_PRESSED_MS, self._on_waited)

    def _is_large(self, edit: Edit) -> bool:
        labels = self._results.specimen.labels
        return labels.ndim == 2 and isinstance(labels, np.ndarray) and edit.labels.size > _LARGE_PX

    def _step(self, move: Move) -> Edit | None:
        edit = self._history.undo() if move is Move.UNDO else self._history.redo()
        if edit is not None:
            self._results.overlay.show(_towards(edit.states, move))
            self._results.show_kind()
        return edit

    @guarded
    def _swap(self, moment: Moment, labels: np.ndarray) -> None:
        """Show the mask that a thread has prepared, if nothing was painted meanwhile."""
        if self._results.is_drawing:
            QTimer.singleShot(_PRESSED_MS, partial(self._swap, moment, labels))
            return
        if not self._moves:  # dropped while it waited
            return
        move = self._moves.popleft()
        if moment == self._history.moment:
            self._step(move)
            self._results.put((), labels)
            self.changed.emit()
        self._next()

    @guarded
    def _on_waited(self) -> None:
        self._next()


def _towards(runs: Runs, move: Move) -> Runs:
    return runs.backwards() if move is Move.UNDO else runs


def _after(labels: np.ndarray, runs: Runs) -> np.ndarray:
    copy = labels.copy()
    runs.write(copy)
    return copy
