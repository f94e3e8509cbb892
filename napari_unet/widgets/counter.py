"""Counting what was corrected, in a thread: the masks themselves are the only record of it."""

from __future__ import annotations

from functools import partial

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_unet.session.edits import PlaneIndex
from napari_unet.widgets.layers import Results
from napari_unet.widgets.runner import Latest

_WAIT_MS = 150


class Counter(QObject):
    """Counts the corrected objects of planes that were edited, and shows what is known of them."""

    changed = Signal()

    def __init__(self, results: Results, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._results = results
        self._latest = Latest(_WAIT_MS, self)
        self._todo: dict[PlaneIndex, None] = {}

    @property
    def busy(self) -> bool:
        """Whether there is something to count."""
        return bool(self._todo)

    def count(self, plane: PlaneIndex) -> None:
        """Count a plane anew, when it has not been edited for a moment."""
        self._todo[plane] = None
        self._next(at_once=False)

    def drop(self) -> None:
        """Count nothing of what still waits."""
        self._todo.clear()
        self._latest.drop()

    def _next(self, *, at_once: bool = True) -> None:
        if self._todo and self._results.masks is not None:
            plane = next(iter(self._todo))
            work = partial(self._results.specimen.edits.count, plane, self._results.labels(plane))
            self._latest.ask(work, partial(self._show, plane), at_once=at_once)

    def _show(self, plane: PlaneIndex, state: np.ndarray) -> None:
        self._todo.pop(plane, None)
        if self._results.image is not None:
            self._results.show_known(plane, state)
        self.changed.emit()
        self._next()
