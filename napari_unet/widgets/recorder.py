"""What happens to the masks of one image becomes edits."""

from __future__ import annotations

from collections.abc import Generator
from time import monotonic
from typing import Any, get_args

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_unet.session.edits import Edit, Kind, Move, PlaneIndex
from napari_unet.session.history import History
from napari_unet.session.runs import Runs
from napari_unet.session.verdicts import painted
from napari_unet.widgets.layers import Labels, Results, runs_of
from napari_unet.widgets.runner import guarded
from napari_unet.widgets.stepper import Stepper

_HIGHEST_ID = np.iinfo(np.uint32).max


class Recorder(QObject):
    """Makes an edit of each stroke and each command, and goes back and forth among them.

    Parameters
    ----------
    results
        Writes the masks.
    """

    changed = Signal()
    """Something was done, undone or redone."""

    def __init__(self, results: Results, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.results = results
        self._stepper = Stepper(results, self)
        self._stepper.changed.connect(self.changed)
        self._pressed_at: float | None = None

    @property
    def history(self) -> History:
        """All that was done."""
        return self.results.specimen.history

    @property
    def busy(self) -> bool:
        """Whether something is being taken back, which is soon done."""
        return self._stepper.busy

    @property
    def pressed(self) -> bool:
        """Whether a stroke is being drawn."""
        return self.results.is_drawing

    def adopt(self, masks: Labels) -> None:
        """Listen to a new layer of masks."""
        masks.on_undo, masks.on_redo = self.undo, self.redo
        masks.events.paint.connect(self._on_painted)
        masks.events.data.connect(self._on_data_replaced)
        masks.mouse_drag_callbacks.insert(0, self._watch_mouse)

    def do(self, edit: Edit) -> None:
        """Make an edit: in the masks, in what is known, in the history.

        Raises
        ------
        ValueError
            If it changes objects while a stroke is being drawn.
        """
        if self.pressed and len(edit.labels):
            raise ValueError("End your stroke first: nothing else can change objects meanwhile.")
        self.results.write(edit.labels)
        self._enter(edit)

    def accept(self, plane: PlaneIndex, labels: np.ndarray, runs: Runs, kind: Kind) -> None:
        """Take a new mask of a plane as one edit that leaves what is known as it is.

        Parameters
        ----------
        plane, labels
            Which plane, and its new mask, (y, x).
        runs
            What changes with it.
        kind
            Where it comes from.
        """
        self.results.put(plane, labels)
        self._enter(Edit(kind, runs))

    def become(self, classes: int) -> None:
        """Let the mask hold something else from now on: all that it held is cleared, as one edit.

        Parameters
        ----------
        classes
            1 for objects, more for so many classes.
        """
        if self.history.classes == classes:
            return
        labels = np.asarray(self.results.specimen.labels)
        cleared = Runs.of_arrays(labels, np.zeros_like(labels))
        self.results.write(cleared)
        self._enter(Edit("segment", cleared, classes=classes))

    @guarded
    def undo(self) -> None:
        """Take back what was done last."""
        self._stepper.go(Move.UNDO)

    @guarded
    def redo(self) -> None:
        """Do again what was taken back last."""
        self._stepper.go(Move.REDO)

    def drop(self) -> None:
        """Take nothing back of what still waits."""
        self._stepper.drop()

    # strokes

    @guarded
    def _on_painted(self, event: Any) -> None:
        masks: Labels = event.source
        if self.results.writing or not self._is_shown_by(masks):
            return
        runs = runs_of(event.value, masks.data.shape)
        begun = self._pressed_at
        seconds = monotonic() - begun if begun is not None else 0.0
        self._enter(painted(self.history, _kind(masks), runs, seconds))

    def _is_shown_by(self, masks: Labels) -> bool:
        """Whether a layer holds our mask; one that is deleted in mid-stroke still does."""
        ours, theirs = self.results.specimen.labels, masks.data
        arrays = isinstance(ours, np.ndarray) and isinstance(theirs, np.ndarray)
        return theirs is ours or (arrays and np.may_share_memory(ours, theirs))

    def _watch_mouse(self, masks: Labels, event: Any) -> Generator[None, None, None]:
        self._pressed_at = monotonic()
        yield
        while event.type == "mouse_move":
            yield
        # napari's own callbacks, which end the stroke, come after this one
        QTimer.singleShot(0, self._on_released)

    @guarded
    def _on_released(self) -> None:
        self._pressed_at = None

    @guarded
    def _on_data_replaced(self, event: Any) -> None:
        """Somebody else gave the layer other data: an edit if it fits, else it is put back."""
        masks = self.results.masks
        if self.results.writing or masks is None:
            return
        before, shape = self.results.specimen.labels, self.results.specimen.shape
        after = np.asarray(masks.data)
        highest = self.history.classes - 1 or _HIGHEST_ID
        fits = after.shape in (shape, self.results.slots.frame.shape)
        if not fits or not _are_ids(after, highest):
            self.results.put_back()
            raise ValueError(
                f"A mask for this image has to be of shape {shape}, with numbers from 0 to "
                f"{highest:,}: the former one was put back."
            )
        after = after.reshape(shape)
        runs = Runs.joined([self._changes(before, after, at) for at in np.ndindex(shape[:-2])])
        self.results.put_back()
        self.do(painted(self.history, "replace", runs))

    def _changes(self, before: np.ndarray, after: np.ndarray, plane: PlaneIndex) -> Runs:
        whole = (0, 0, *before.shape[-2:])
        return Runs.of_box(before.shape, plane, whole, np.asarray(before[plane]), after[plane])

    def _enter(self, edit: Edit) -> None:
        self._pressed_at = None  # a stroke is an edit when it has come to its end
        if len(edit.labels) or len(edit.states) or edit.classes:
            self.history.do(edit)
            self.results.overlay.show(edit.states)
            self.results.show_kind()
            self.changed.emit()


def _kind(masks: Labels) -> Kind:
    mode = "erase" if masks.selected_label == 0 and masks.mode == "paint" else str(masks.mode)
    kind: Kind = mode if mode in get_args(Kind) else "edit"  # type: ignore[assignment]
    return kind


def _are_ids(labels: np.ndarray, highest: int) -> bool:
    return bool(labels.min(initial=0) >= 0 and labels.max(initial=0) <= highest)
