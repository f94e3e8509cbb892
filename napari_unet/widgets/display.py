"""Showing what a prediction brings: its tiles as they come, then the masks."""

from __future__ import annotations

from collections.abc import Iterable

from qtpy.QtCore import QObject

from napari_unet.session import wording
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.session import Session
from napari_unet.session.specimen import Specimen
from napari_unet.widgets.bench import Work
from napari_unet.widgets.mask_maker import MaskMaker
from napari_unet.widgets.recorder import Recorder
from napari_unet.widgets.runner import Throttle, guarded, tell
from napari_unet.widgets.stage import Stage

_REDRAW_MS = 200


class Display(QObject):
    """Shows the predictions of a session in the layers of the image that they were made from."""

    def __init__(self, session: Session, stage: Stage, maker: MaskMaker, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._stage = stage
        self._maker = maker
        self._redraw = Throttle(_REDRAW_MS, self)
        self._fresh = False
        session.tile_written.connect(self._on_tile_written)
        session.predicted.connect(self._on_predicted)
        maker.made.connect(self._on_mask_made)
        stage.changed.connect(self._on_stage_changed)

    def make(self, work: Work, planes: Iterable[PlaneIndex]) -> None:
        """Make the masks of some planes, the one on the screen first."""
        self._name_classes(work)
        shown = self._stage.plane if work is self._stage.work else ()
        self._maker.make(work.corrector.recorder, sorted(planes, key=lambda plane: plane != shown))

    def _name_classes(self, work: Work) -> None:
        """Call classes what the chosen model calls them, if it has as many."""
        names = self._session.model.card.names_of_classes if self._session.model else ()
        probabilities = work.specimen.probabilities
        classes = work.specimen.classes if probabilities is None else len(probabilities)
        if len(names) == classes:
            work.results.class_names = names
            work.results.show_kind()

    def drop(self) -> None:
        """Show nothing of what still waits."""
        self._redraw.drop()

    @guarded
    def _on_tile_written(self, specimen: Specimen, plane: PlaneIndex, fresh: bool) -> None:
        work = self._stage.bench.work_on(specimen)
        self._fresh = self._fresh or fresh
        if work is not None:
            self._redraw.call(lambda: self._show_tiles(work))

    def _show_tiles(self, work: Work) -> None:
        fresh, self._fresh = self._fresh, False
        if work.results.image is not None:
            work.results.show_tile(fresh)

    @guarded
    def _on_predicted(self, specimen: Specimen, planes: tuple[PlaneIndex, ...]) -> None:
        work = self._stage.bench.work_on(specimen)
        if work is None:
            tell("The image was closed or replaced meanwhile, so its result was dropped.")
            return
        self._show_tiles(work)
        self.make(work, planes)

    @guarded
    def _on_stage_changed(self) -> None:
        """A mask of classes that was restored does not know what they are called."""
        for work in self._stage.bench.works:
            if work.specimen.classes > 1 and not work.results.class_names:
                self._name_classes(work)

    @guarded
    def _on_mask_made(self, recorder: Recorder, plane: PlaneIndex) -> None:
        specimen = recorder.results.specimen
        work = self._stage.bench.work_on(specimen)
        if work is not None:
            work.reviewer.refresh()
        if specimen.found[plane] == 0 and plane == self._stage.plane:
            highest = float(specimen.crop(plane).max())
            tell(wording.nothing_found(highest, self._maker.settings.threshold))
