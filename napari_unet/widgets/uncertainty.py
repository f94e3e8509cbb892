"""Shows over the image where the model is unsure, in the plane on the screen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_unet.images.entropy import entropy
from napari_unet.schema.prediction import Box
from napari_unet.session import wording
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.specimen import Specimen
from napari_unet.widgets.bench import Work
from napari_unet.widgets.layers import UnsureLayer
from napari_unet.widgets.runner import Latest, guarded

if TYPE_CHECKING:
    from napari_unet.widgets.desk import Desk

_WAIT_MS = 100
"""Nothing is drawn before the user has stopped going through planes for so long."""
NOTHING_YET = "Segment this plane first: then it can be shown where the model is unsure."


class Uncertainty(QObject):
    """Shows where the model is unsure, and does so anew with each prediction.

    Parameters
    ----------
    desk
        The image on the screen, and what was predicted of it.
    """

    changed = Signal()
    """Whether it shows its layer."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._layer: UnsureLayer | None = None
        self._drawn: object = None
        """What the layer shows, or what is on its way."""
        self._predictions = 0
        self._latest = Latest(_WAIT_MS, self)
        self._latest.failed.connect(self._on_failed)
        self.shows = False
        """Whether a person wants to see it."""
        viewer = desk.stage.viewer
        viewer.dims.events.point.connect(self._on_moved)
        viewer.layers.events.removed.connect(self._on_layer_removed)
        desk.stage.changed.connect(self.refresh)
        desk.session.predicted.connect(self._on_predicted)

    def why_not(self) -> str:
        """Why there is nothing to show, in one sentence; empty if there is."""
        if self._desk.stage.image is None:
            return wording.NO_IMAGE
        return "" if self._place() else NOTHING_YET

    def show(self, wanted: bool) -> None:
        """Show it from now on, or no longer."""
        if wanted != self.shows:
            self.shows = wanted
            self.refresh()
            self.changed.emit()

    def drop(self) -> None:
        """Show nothing any more, and draw nothing of what is on its way."""
        self.show(False)

    @guarded
    def refresh(self) -> None:
        """Draw what has changed."""
        place = self._place() if self.shows else None
        if place is None:
            self._remove_layer()
            return
        work, plane, box = place
        wanted = (id(work.specimen), plane, box, self._predictions)
        if wanted != self._drawn:
            self._drawn = wanted
            self._latest.ask(
                partial(_unsure, work.specimen, plane), partial(self._draw, work, plane, box)
            )

    def _place(self) -> tuple[Work, PlaneIndex, Box] | None:
        """What was predicted of the plane on the screen."""
        work = self._desk.stage.work
        if work is None:
            return None
        plane = self._desk.stage.plane
        box = work.specimen.seen.get(plane)
        return None if box is None else (work, plane, box)

    def _draw(self, work: Work, plane: PlaneIndex, box: Box, unsure: np.ndarray) -> None:
        image = work.results.image
        if image is None or unsure.shape != (box[2] - box[0], box[3] - box[1]):
            return
        if self._layer is None or self._layer.image is not image:
            self._remove_layer(still_shown=True)
            self._layer = UnsureLayer(self._desk.stage.viewer, image, work.reading.axes)
        self._layer.show(plane, box, unsure)

    def _remove_layer(self, *, still_shown: bool = False) -> None:
        layer, self._layer = self._layer, None
        if layer is not None:
            layer.remove()
        if not still_shown:
            self._latest.drop()
            self._drawn = None

    # what it hears

    @guarded
    def _on_moved(self) -> None:
        if self.shows:
            self.refresh()

    @guarded
    def _on_predicted(self) -> None:
        self._predictions += 1
        self.refresh()
        self.changed.emit()

    @guarded
    def _on_failed(self) -> None:
        self.show(False)

    @guarded
    def _on_layer_removed(self) -> None:
        """Who deletes the layer does not want to see it any more."""
        if self._layer is not None and self._layer.image is not None and not self._layer.shown:
            self.show(False)


def _unsure(specimen: Specimen, plane: PlaneIndex) -> np.ndarray:
    """uint8, (y, x), of all that was predicted of a plane."""
    return np.round(255 * entropy(specimen.crop(plane))).astype(np.uint8)
