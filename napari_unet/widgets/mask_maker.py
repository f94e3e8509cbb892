"""From probabilities to masks, in a thread, without running the network again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_unet.images.classes import classes_in_mask, mask_of
from napari_unet.images.instances import carry_ids, merge_known
from napari_unet.schema.correction import State
from napari_unet.schema.settings import MaskSettings
from napari_unet.session import kind
from napari_unet.session.edits import Edit, PlaneIndex
from napari_unet.session.history import Moment
from napari_unet.session.runs import Runs
from napari_unet.session.specimen import Specimen
from napari_unet.widgets.recorder import Recorder
from napari_unet.widgets.runner import Latest

_WAIT_MS = 120


class Made(NamedTuple):
    """A mask of a plane, and what it was made from."""

    found: int
    """Objects, or classes, that the model sees."""
    labels: np.ndarray
    """The new mask; what is known of its pixels, or was not predicted, stays as it was."""
    runs: Runs
    """What changes with it."""
    moment: Moment
    """When the mask was read that it replaces."""
    classes: int
    """What it holds: 1 is objects, more are so many classes."""


class MaskMaker(QObject):
    """Makes masks anew when probabilities or settings change; only the newest settings count."""

    changed = Signal()
    made = Signal(object, object)
    """A recorder, and the plane whose mask has been made."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = MaskSettings()
        self._latest = Latest(_WAIT_MS, self)
        self._latest.failed.connect(self._on_failed)
        self._todo: dict[tuple[Recorder, PlaneIndex], None] = {}

    @property
    def busy(self) -> bool:
        """Whether masks are being made."""
        return bool(self._todo)

    def make(self, recorder: Recorder, planes: Iterable[PlaneIndex]) -> None:
        """Make the masks of some planes; what is known of their pixels stays."""
        specimen = recorder.results.specimen
        if specimen.probabilities is not None:
            classes = classes_in_mask(len(specimen.probabilities), self.settings)
            if kind.why_not(specimen, classes):
                return  # the mask that was corrected stays
            recorder.become(classes)
        self._todo.update({(recorder, plane): None for plane in planes})
        self._next(at_once=False)

    def drop(self) -> None:
        """Make nothing of what still waits."""
        self._todo.clear()
        self._latest.drop()
        self.changed.emit()

    def _next(self, *, at_once: bool = True) -> None:
        for recorder, plane in list(self._todo):
            specimen = recorder.results.specimen
            if recorder.results.image is None or plane not in specimen.seen:
                # closed, or a model with another number of classes has started anew
                del self._todo[recorder, plane]
        self.changed.emit()
        if self._todo:
            recorder, plane = next(iter(self._todo))
            work = partial(_mask, recorder.results.specimen, plane, self.settings)
            self._latest.ask(work, partial(self._take, recorder, plane), at_once=at_once)

    def _take(self, recorder: Recorder, plane: PlaneIndex, made: Made) -> None:
        """Show a mask; pixels that were edited while it was made stay as they are."""
        specimen = recorder.results.specimen
        edits = specimen.history.since(made.moment)
        answer = partial(self._take, recorder, plane)
        if recorder.pressed:
            self._latest.ask(lambda: made, answer)
        elif edits:
            work = partial(_with_edits, made, edits, specimen, plane)
            self._latest.ask(work, answer, at_once=True)
        else:
            if edits is not None:  # else something was undone: once more from the start
                self._todo.pop((recorder, plane), None)
                self._show(recorder, plane, made)
            self._next()

    def _show(self, recorder: Recorder, plane: PlaneIndex, made: Made) -> None:
        if recorder.results.image is not None:
            recorder.results.specimen.found[plane] = made.found
            recorder.results.specimen.mask = self.settings
            recorder.accept(plane, made.labels, made.runs, "segment")
            self.made.emit(recorder, plane)

    def _on_failed(self) -> None:
        self.drop()


def _mask(specimen: Specimen, plane: PlaneIndex, settings: MaskSettings) -> Made:
    """The mask of a plane from its probabilities."""
    moment = specimen.history.moment
    probabilities = specimen.crop(plane)
    classes = classes_in_mask(len(probabilities), settings)
    found = mask_of(probabilities, settings)
    y0, x0, y1, x1 = specimen.seen[plane]
    new = np.zeros(specimen.shape[-2:], found.dtype)
    new[y0:y1, x0:x1] = found
    before = np.array(specimen.labels[plane])
    elsewhere = ~specimen.predicted[plane]
    vouched = (specimen.history.states[plane] & (State.CONFIRMED | State.CORRECTED)) != 0
    stays = elsewhere | vouched
    if classes > 1:  # a class has no ids to carry on, and nothing to grow together with
        shown = np.where(stays, before, new)
    else:  # what the edge of the view cuts goes on beyond it
        goes_on = np.where(elsewhere, before, carry_ids(new, before))
        shown = merge_known(goes_on, before, stays)
    runs = _changes(specimen, plane, before, shown)
    return Made(kind.found_in(found, classes), shown, runs, moment, classes)


def _with_edits(made: Made, edits: list[Edit], specimen: Specimen, plane: PlaneIndex) -> Made:
    """The same mask, but where a person edited it meanwhile it is as they left it."""
    moment = specimen.history.moment
    before, shown = np.array(specimen.labels[plane]), made.labels.copy()
    size = shown.size
    first = int(np.ravel_multi_index(plane, specimen.shape[:-2])) * size if plane else 0
    for edit in edits:
        pixels = edit.states.pixels - first
        pixels = pixels[(pixels >= 0) & (pixels < size)]
        np.put(shown, pixels, np.take(before, pixels))
    runs = _changes(specimen, plane, before, shown)
    return made._replace(labels=shown, runs=runs, moment=moment)


def _changes(specimen: Specimen, plane: PlaneIndex, before: np.ndarray, after: np.ndarray) -> Runs:
    return Runs.of_box(specimen.shape, plane, (0, 0, *before.shape), before, after)
