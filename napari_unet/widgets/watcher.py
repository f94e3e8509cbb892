"""Shows on the image how a network gets better while it learns."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QObject

from napari_unet.images.classes import class_mask
from napari_unet.schema.events import Glimpse
from napari_unet.schema.requests import View
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.session import Session
from napari_unet.widgets import layers
from napari_unet.widgets.layers import Passing
from napari_unet.widgets.runner import guarded
from napari_unet.widgets.stage import Stage

COLOUR = "#56b4e9"
"""Of the outlines of objects; classes have their own."""


class Watcher(QObject):
    """Outlines what a network finds while it learns, in a layer that goes when that ends.

    What it looks at is what was on the screen when the fine-tuning began. The user's mask and
    corrections are in other layers, and stay as they are.

    Parameters
    ----------
    session
        Says what the network sees.
    stage
        The image on the screen.
    """

    def __init__(self, session: Session, stage: Stage, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._stage = session, stage
        self._passing: Passing | None = None
        self._plane: PlaneIndex = ()
        self._learning = False
        self.wanted = True
        """Whether a person wants to watch."""
        session.glimpsed.connect(self._on_glimpsed)
        session.changed.connect(self._on_session_changed)

    def want(self, wanted: bool) -> None:
        """Show what is seen from now on, or show nothing."""
        self.wanted = wanted
        if not wanted and self._passing is not None:
            self._passing.clear()

    def view(self) -> View | None:
        """A copy of what is on the screen; None if nobody wants to watch, or nothing is to see."""
        image, model = self._stage.image, self._session.model
        self._passing = None
        if not self.wanted or image is None or model is None:
            return None
        try:
            reading, box = self._stage.reading, self._stage.box_in_view
        except ValueError:  # too many axes, or out of view
            return None
        if layers.why_not_fit(image, reading, model.card.network_settings.in_channels):
            return None
        self._passing = Passing(self._stage.viewer, image, reading.axes)
        self._plane = self._stage.plane
        return View(plane=layers.snapshot(image, reading, [self._plane])[0], box=box)

    @guarded
    def _on_glimpsed(self, glimpse: Glimpse) -> None:
        if self._passing is None or not self.wanted or self._session.model is None:
            return
        found, colours = self._found(glimpse.probabilities)
        self._passing.show("learning", self._plane, glimpse.box, found, colours, outlines=True)

    def _found(self, probabilities: np.ndarray) -> tuple[np.ndarray, dict[int, str]]:
        """What to outline, uint8 (y, x), and in which colours."""
        if len(probabilities) > 1:
            drawn = range(1, len(probabilities))
            return class_mask(probabilities), {i: layers.colour_of_class(i) for i in drawn}
        model = self._session.model
        threshold = model.card.mask.threshold if model else 0.5
        return (probabilities[0] > threshold).astype(np.uint8), {1: COLOUR}

    @guarded
    def _on_session_changed(self) -> None:
        """When the fine-tuning ends, in whatever way, the layer goes."""
        wanted = self._session.wanted
        was, self._learning = self._learning, wanted is not None and wanted.kind == "fine-tune"
        if was and not self._learning and self._passing is not None:
            passing, self._passing = self._passing, None
            passing.remove()
