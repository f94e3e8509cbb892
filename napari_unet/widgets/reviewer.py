"""Going from object to object: the queue, the camera that flies there, and the keys."""

from __future__ import annotations

from functools import partial
from time import monotonic

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QObject, Signal

from napari_unet.images.boxes import grown
from napari_unet.session import verdicts, wording
from napari_unet.session.doubtful import Tables, tables_of
from napari_unet.session.edits import Edit
from napari_unet.session.history import History
from napari_unet.session.kind import NO_OBJECTS
from napari_unet.session.queue import Queue
from napari_unet.session.specimen import Specimen
from napari_unet.session.stops import Answer, Stop
from napari_unet.session.strokes import outline, pixels_under
from napari_unet.widgets.corrector import Corrector
from napari_unet.widgets.layers import FRAME, Flight, Labels, Results
from napari_unet.widgets.review_keys import ReviewKeys
from napari_unet.widgets.runner import Latest, guarded, tell
from napari_unet.widgets.tools import REVIEW_KEYS

_LONGEST_S = 300.0
"""Who looks longer at one object has gone for a coffee."""
_MARGIN_PX = 3
_WHILE_FIXING = ("say_right", "next")


class Reviewer(QObject):
    """Leads a person from object to object of one mask, and takes down what they say.

    While it leads, its keys take the place of napari's on the layer of masks; while an object is
    being fixed only those that end the fixing.

    Parameters
    ----------
    viewer
        Whose camera flies.
    results
        The masks.
    corrector
        Makes the edits.
    """

    changed = Signal()
    """Another stop, another answer, or the end."""

    def __init__(
        self,
        viewer: ViewerModel,
        results: Results,
        corrector: Corrector,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._results, self._corrector = results, corrector
        self._flight = Flight(viewer, self)
        self._later = Latest(0, self)
        self._later.failed.connect(self.end)
        corrector.toolbox.changed.connect(self._on_tool_changed)
        viewer.layers.events.removed.connect(self._on_layer_removed)
        self.queue: Queue | None = None
        self.active = False
        """Whether a person is being led."""
        self.fixing = False
        """Whether the object of this stop is being painted."""
        self._since = 0.0
        self._edits_before = 0
        """How many there were on arrival."""
        self._keys = ReviewKeys(corrector.toolbox, lambda name: getattr(self, name)())

    @property
    def stop(self) -> Stop | None:
        """Where the person is."""
        return self.queue.current if self.queue is not None and self._keys.masks else None

    @guarded
    def start(self) -> None:
        """Lead from object to object, the one first where a correction is worth most.

        Raises
        ------
        ValueError
            If there is no mask, or no prediction that says where it may be wrong.
        """
        self._corrector.toolbox.masks()
        if self._specimen.classes > 1:
            raise ValueError(NO_OBJECTS)
        if not self._specimen.seen:
            raise ValueError("Segment first: what the model is unsure of shows where to look.")
        self._corrector.toolbox.put_down()
        self.active = True
        self._ask()
        self.changed.emit()

    @guarded
    def refresh(self) -> None:
        """Go on with a mask that was made anew."""
        if self.queue is not None and self._specimen.classes > 1:
            self.queue = None
            self.end()
        elif self.queue is not None:
            self._ask()

    @guarded
    def end(self) -> None:
        """Lead no longer; what was said stays."""
        self._later.drop()
        self._flight.stop()
        self.active = self.fixing = False
        self._results.overlay.unmark(FRAME)
        self._keys.give_back()
        self.changed.emit()

    # the answers

    @guarded
    def say_right(self) -> None:
        """What is here is right, or has just been put right."""
        stop, history = self._present(), self._history
        repaired = any(edit.by_hand for edit in history.done[self._edits_before :])
        edit = verdicts.right(history, self._labels(stop), stop, self._seconds)
        self._answer("fixed" if self.fixing or repaired else "right", edit)

    @guarded
    def delete(self) -> None:
        """Delete the object that is here."""
        stop = self._present()
        if not stop.id:
            raise ValueError("There is no object here: press Space if none is missing, else F.")
        edit = verdicts.wrong(self._history, self._labels(stop), stop, self._seconds)
        if not len(edit.labels):
            raise ValueError("That object is gone: press Space if what is here is right, else F.")
        self._answer("fixed", edit)

    @guarded
    def fix(self) -> None:
        """Take the brush in hand, with the number of the object that is here."""
        stop = self._present()
        self.fixing = True
        self._corrector.toolbox.use("paint" if stop.id else "new")
        masks = self._bind()
        if stop.id:
            masks.selected_label = stop.id
        self.changed.emit()

    @guarded
    def next(self) -> None:
        """Go on without an answer."""
        self._present()
        self._go(forward=True)

    @guarded
    def back(self) -> None:
        """Go back to the stop before."""
        self._present()
        self._go(forward=False)

    # what it takes

    @property
    def _specimen(self) -> Specimen:
        return self._results.specimen

    @property
    def _history(self) -> History:
        return self._specimen.history

    @property
    def _seconds(self) -> float:
        return min(monotonic() - self._since, _LONGEST_S)

    def _present(self) -> Stop:
        if self.stop is None:
            raise ValueError("No object is being checked: press “Check objects” first.")
        self._corrector.toolbox.masks()  # says so if they cannot be corrected now
        return self.stop

    def _labels(self, stop: Stop) -> np.ndarray:
        return self._results.labels(stop.plane)

    def _ask(self) -> None:
        self._later.ask(partial(tables_of, self._specimen), self._use, at_once=True)

    def _use(self, tables: Tables) -> None:
        if self.queue is None:
            self.queue = Queue(self._history, self._results.labels, tables)
        else:
            self.queue.refresh(tables)
        if self.active and self._keys.masks is None:
            if reason := self._corrector.toolbox.why_not():
                self.end()
                raise ValueError(reason)
            self._go(forward=True)

    def _answer(self, answer: Answer, edit: Edit) -> None:
        self._corrector.recorder.do(edit)
        if self.queue is not None:
            self.queue.answer(answer, self._seconds, edit)
            self._go(forward=True)

    def _go(self, *, forward: bool) -> None:
        if self.queue is None:
            return
        was_fixing, self.fixing = self.fixing, False
        if was_fixing:
            self._corrector.toolbox.put_down()
        stop = self.queue.next() if forward else self.queue.back()
        if stop is None:
            tell(wording.all_looked_at_text(self.queue.looked, self.queue.share))
            self.end()
            return
        self._since, self._edits_before = monotonic(), len(self._history.done)
        masks = self._bind()
        self._frame(stop)
        self._flight.to(masks, self._results.slots.frame, stop.plane, stop.box)
        self.changed.emit()

    def _frame(self, stop: Stop) -> None:
        """Draw a thin frame around the place."""
        shape = self._specimen.shape[-2:]
        y0, x0, y1, x1 = grown(stop.box, _MARGIN_PX, shape)
        rows, columns = pixels_under(outline((y0, x0), (y1 - 1, x1 - 1)), shape)
        self._results.overlay.mark(stop.plane, rows, columns, FRAME)

    def _bind(self) -> Labels:
        """Lead on the layer of masks, with the keys that make sense now."""
        masks = self._results.show_masks()
        self._corrector.toolbox.select(masks)
        self._keys.take(masks, _WHILE_FIXING if self.fixing else REVIEW_KEYS)
        return masks

    @guarded
    def _on_tool_changed(self) -> None:
        """A tool that was just taken up or put down has changed what the space key does."""
        if self._keys.masks is not None:
            self._keys.take(self._keys.masks, _WHILE_FIXING if self.fixing else REVIEW_KEYS)

    @guarded
    def _on_layer_removed(self, event: object) -> None:
        """Nobody is led over masks that are gone."""
        if self.active and (self._results.image is None or self._results.masks is None):
            self.end()
