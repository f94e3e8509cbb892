"""From probabilities to masks, in a thread, without running the network again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_unet.images.instances import carry_ids, instances, merge_known
from napari_unet.schema.prediction import Box
from napari_unet.schema.settings import MaskSettings
from napari_unet.session.edits import PlaneEdits, PlaneIndex
from napari_unet.widgets.layers import Results
from napari_unet.widgets.runner import Latest

_WAIT_MS = 120


class Made(NamedTuple):
    """A mask of a plane, and what it was made from."""

    found: int
    """Objects that the model sees."""
    highest: int
    """The highest id in the mask."""
    before: np.ndarray
    """The mask as it was when the work began."""
    edits: PlaneEdits
    """What was vouched for then."""
    after: PlaneEdits
    """The same with the new mask as its base."""


class MaskMaker(QObject):
    """Makes masks anew when probabilities or settings change; only the newest settings count."""

    changed = Signal()
    made = Signal(object, object)
    """Results, and the plane whose mask has been made."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = MaskSettings()
        self._latest = Latest(_WAIT_MS, self)
        self._latest.failed.connect(self._on_failed)
        self._todo: dict[tuple[Results, PlaneIndex], None] = {}

    @property
    def busy(self) -> bool:
        """Whether masks are being made."""
        return bool(self._todo)

    def make(self, results: Results, planes: Iterable[PlaneIndex]) -> None:
        """Make the masks of some planes; what is known of their pixels stays."""
        self._todo.update({(results, plane): None for plane in planes})
        self._next(at_once=False)

    def drop(self) -> None:
        """Make nothing of what still waits."""
        self._todo.clear()
        self._latest.drop()
        self.changed.emit()

    def _next(self, *, at_once: bool = True) -> None:
        gone = [key for key in self._todo if key[1] not in key[0].specimen.seen]
        for key in gone:  # a model with another number of classes has started anew
            del self._todo[key]
        self.changed.emit()
        if self._todo:
            results, plane = next(iter(self._todo))
            specimen = results.specimen
            work = partial(
                _mask,
                specimen.crop(plane),
                specimen.seen[plane],
                results.labels(plane),
                specimen.edits[plane],
                self.settings,
            )
            self._latest.ask(work, partial(self._take, results, plane), at_once=at_once)

    def _take(self, results: Results, plane: PlaneIndex, made: Made) -> None:
        """Show a mask; pixels that were painted while it was made stay as they were painted."""
        if results.image is None:
            del self._todo[results, plane]
        elif results.specimen.edits[plane] is made.edits:  # else: confirmed meanwhile, once more
            del self._todo[results, plane]
            self._show(results, plane, made)
        self._next()

    def _show(self, results: Results, plane: PlaneIndex, made: Made) -> None:
        now = results.labels(plane)
        painted = now != made.before
        shown = np.where(painted, now, made.after.base) if painted.any() else made.after.base
        results.specimen.edits.accept(plane, made.after, made.highest)
        results.specimen.found[plane] = made.found
        results.show_masks(plane, shown)
        self.made.emit(results, plane)

    def _on_failed(self) -> None:
        self.drop()


def _mask(
    probabilities: np.ndarray,
    box: Box,
    labels: np.ndarray,
    edits: PlaneEdits,
    settings: MaskSettings,
) -> Made:
    before = labels.copy()
    found = instances(probabilities, settings)
    new = np.zeros(before.shape, found.dtype)
    new[box[0] : box[2], box[1] : box[3]] = found
    state = edits.state(before)
    shown = merge_known(carry_ids(new, before), before, state)
    highest = int(shown.max(initial=0))
    return Made(int(found.max(initial=0)), highest, before, edits, PlaneEdits(shown, state))
