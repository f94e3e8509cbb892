"""Weighs the borders of the plane on the screen in a thread, and shows them over the image."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_unet.schema.prediction import Box
from napari_unet.schema.settings import LossSettings
from napari_unet.session import wording
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.weighing import (
    NO_OBJECTS,
    Outlook,
    Weights,
    dials_of,
    look,
    part_to_look_at,
    weigh,
    why_no_dials,
)
from napari_unet.widgets.bench import Work
from napari_unet.widgets.layers import WeightLayer
from napari_unet.widgets.runner import Latest, guarded

if TYPE_CHECKING:
    from napari_unet.widgets.desk import Desk

_LOOK_MS = 250
"""Objects are counted when so long nothing was painted or moved."""
_BRIGHTEST = 2.0
"""So many times the weight that was set at first is drawn brightest: turning it up shows, too."""


class Weigher(QObject):
    """Shows what counts most in training, and counts what it is about: objects that touch.

    Parameters
    ----------
    desk
        The image on the screen, the chosen model, and the settings of fine-tuning.
    """

    changed = Signal()
    """What it has counted, or whether it shows its layer."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._looks = self._shows = self._busy = False
        self._layer: WeightLayer | None = None
        self._weighed: object = None
        """What the weights on the screen, or on their way, are made of."""
        self._looked: object = None
        self.outlook: Outlook | None = None
        """What was counted in the plane on the screen; None as long as nobody has."""
        self._weighing, self._looking = Latest(0, self), Latest(_LOOK_MS, self)
        self._weighing.failed.connect(self._on_failed)
        viewer = desk.stage.viewer
        viewer.dims.events.point.connect(self._on_moved)
        viewer.scene.camera.events.connect(self._on_moved)
        viewer.layers.events.removed.connect(self._on_layer_removed)
        desk.changed.connect(self.refresh)
        desk.session.predicted.connect(self._on_predicted)

    @property
    def shows(self) -> bool:
        """Whether the weights are shown over the image."""
        return self._shows

    def why_no_dials(self) -> str:
        """Why there is nothing to set, in one sentence; empty if there is."""
        card, work = self._desk.card, self._desk.stage.work
        classes = max(card.classes if card else 1, work.specimen.classes if work else 1)
        return why_no_dials(self._desk.teacher.settings.loss, classes)

    def why_not(self) -> str:
        """Why there is nothing to weigh, in one sentence; empty if there is."""
        if reason := self.why_no_dials():
            return reason
        work = self._desk.stage.work
        if self._desk.stage.image is None:
            return wording.NO_IMAGE
        return "" if work and work.specimen.history.highest else NO_OBJECTS

    def look(self, wanted: bool) -> None:
        """Count the objects that touch, from now on or no longer."""
        self._looks = wanted
        self.refresh()

    def show(self, wanted: bool) -> None:
        """Show the weights over the image, from now on or no longer.

        Raises
        ------
        ValueError
            If there is nothing to weigh; the sentence says why.
        """
        if wanted and (reason := self.why_not()):
            raise ValueError(reason)
        if wanted != self._shows:
            self._shows = wanted
            self.refresh()
            self.changed.emit()

    def drop(self) -> None:
        """Show nothing any more, and do nothing of what still waits."""
        self._looks = self._shows = False
        self.refresh()

    @guarded
    def refresh(self) -> None:
        """Weigh and count anew what has changed."""
        work = self._desk.stage.work if self._looks or self._shows else None
        box = None if work is None or self.why_not() else self._box(work)
        if work is None or box is None:
            self._stop_looking()
            self._remove_layer()
            return
        if self._looks:
            self._look(work, box)
        else:
            self._stop_looking()
        if self._shows:
            self._weigh(work, box)
        else:
            self._remove_layer()

    def _box(self, work: Work) -> Box | None:
        """What is looked at; None where the image is out of view."""
        try:
            stage = self._desk.stage
            return part_to_look_at(work.specimen.shape, lambda: stage.box_in_view)
        except ValueError:
            return None

    @property
    def _scale(self) -> float:
        """How much larger than the image the model sees it."""
        return self._desk.card.input.scale if self._desk.card else 1.0

    # the objects

    def _look(self, work: Work, box: Box) -> None:
        specimen, plane, mask = work.specimen, self._desk.stage.plane, self._desk.maker.settings
        wanted = (id(specimen), plane, box, specimen.history.version, mask, self._scale)
        if wanted != self._looked:
            self._looked = wanted
            self._looking.ask(partial(look, specimen, plane, box, mask, self._scale), self._say)

    def _say(self, outlook: Outlook | None) -> None:
        if outlook != self.outlook:
            self.outlook = outlook
            self.changed.emit()

    def _stop_looking(self) -> None:
        self._looking.drop()
        self._looked = None
        self._say(None)

    # the layer

    def _weigh(self, work: Work, box: Box) -> None:
        """Weigh anew; while that is done nothing newer begins, so that all the way is seen."""
        loss, plane = self._desk.teacher.settings.loss, self._desk.stage.plane
        version = work.specimen.history.version
        wanted = (id(work.specimen), plane, box, version, loss, self._scale)
        if wanted != self._weighed and not self._busy:
            self._weighed, self._busy = wanted, True
            self._weighing.ask(
                partial(weigh, work.specimen, plane, box, loss, self._scale),
                partial(self._draw, work, plane, loss),
                at_once=True,
            )

    def _draw(self, work: Work, plane: PlaneIndex, loss: LossSettings, weights: Weights) -> None:
        self._busy = False
        image, dials = work.results.image, dials_of(loss)
        if image is not None and image is self._desk.stage.image and dials is not None:
            if self._layer is None or self._layer.image is not image:
                self._remove_layer(still_shown=True)
                self._layer = WeightLayer(self._desk.stage.viewer, image, work.reading.axes)
            self._layer.show(plane, weights, 1 + _BRIGHTEST * max(1.0, getattr(loss, dials.weight)))
        self.refresh()

    def _remove_layer(self, *, still_shown: bool = False) -> None:
        layer, self._layer = self._layer, None
        if layer is not None:
            layer.remove()
        if not still_shown:
            self._weighing.drop()
            self._weighed, self._busy = None, False

    # what it hears

    @guarded
    def _on_moved(self) -> None:
        if self._looks or self._shows:
            self.refresh()

    @guarded
    def _on_predicted(self) -> None:
        self._looked = None

    @guarded
    def _on_failed(self) -> None:
        self.show(False)

    @guarded
    def _on_layer_removed(self) -> None:
        """Who deletes the layer does not want to see it any more."""
        if self._layer is not None and not self._layer.shown:
            self.show(False)
