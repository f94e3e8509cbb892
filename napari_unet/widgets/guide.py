"""Leads to the region that it is best to correct next."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import QObject

from napari_unet.session.best_region import BestRegion, best_region
from napari_unet.widgets.bench import Work
from napari_unet.widgets.layers import Flight
from napari_unet.widgets.runner import Latest, tell
from napari_unet.widgets.stage import Stage

_AROUND = 1.1
"""So many times the size of the region are shown: what is in view is what gets confirmed."""


class Guide(QObject):
    """Flies to the region that it is best to correct next.

    Parameters
    ----------
    stage
        The image on the screen.
    """

    def __init__(self, stage: Stage, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stage = stage
        self._flight = Flight(stage.viewer, self)
        self._later = Latest(0, self)

    def why_not(self) -> str:
        """Why there is nowhere to go, in one sentence; empty if there is."""
        work = self._stage.work
        if work is None or not work.specimen.seen:
            return "Segment first: what the model is unsure of shows where to correct."
        return ""

    def go(self) -> None:
        """Find the best region, in a thread, and show it.

        Raises
        ------
        ValueError
            If nothing was segmented yet.
        """
        work = self._stage.work
        if work is None or self.why_not():
            raise ValueError(self.why_not())
        self._later.ask(partial(best_region, work.specimen), partial(self._to, work), at_once=True)

    def drop(self) -> None:
        """Go nowhere."""
        self._later.drop()
        self._flight.stop()

    def _to(self, work: Work, found: BestRegion | None) -> None:
        if work.results.image is None:
            return
        if found is None:
            tell("Nothing is doubtful here any more: correct another image.")
            return
        masks, frame = work.results.show_masks(), work.results.slots.frame
        self._flight.to(masks, frame, found.plane, found.box, around=_AROUND)
