"""What the desk does while its user goes through a folder of images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari.layers import Image
from qtpy.QtCore import QObject

from napari_unet.images.lazy import whole
from napari_unet.session.ahead import Ahead, hand_over
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.series import Series, Standing
from napari_unet.session.specimen import Specimen
from napari_unet.session.target import Target
from napari_unet.widgets import layers
from napari_unet.widgets.runner import guarded
from napari_unet.widgets.series_opener import SeriesOpener

if TYPE_CHECKING:
    from napari_unet.widgets.desk import Desk


class SeriesDesk(QObject):
    """Says which images are started, brings their work back, and has the next one ready.

    Once an image of the series has been segmented, the same is done ahead with the next on which
    nobody has worked, and its mask is there when it is opened.

    Parameters
    ----------
    desk
        Where images are worked on.
    opener
        Goes from image to image.
    ahead
        Predicts in the engine's spare time.
    """

    def __init__(
        self, desk: Desk, opener: SeriesOpener, ahead: Ahead, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._opener = opener
        self._ahead = ahead
        self._planes: tuple[PlaneIndex, ...] = ()
        """Which planes were segmented of the last image; none if none was."""
        self._specimen: Specimen | None = None
        """That of the open image, or of the one before."""
        self._due = False
        """The open image is to be segmented as soon as the engine is free."""
        self._rests = False
        """The panel was closed, and its user has done nothing since."""
        desk.changed.connect(self._on_changed)
        opener.changed.connect(self._on_changed)
        opener.opened.connect(self._on_opened)

    def close(self) -> None:
        """Ask nothing of the engine until its user does; the series stays open."""
        self._rests, self._due = True, False
        self._ahead.close()

    @guarded
    def _on_changed(self) -> None:
        series, stage = self._opener.series, self._desk.stage
        self._rests = self._rests and self._desk.session.wanted is None
        if series is None:
            self._planes, self._due = (), False
            self._ahead.want(None)
        elif stage.image is not None and stage.image is self._opener.image:
            self._bring_back(series)
            self._mark(series)
            self._segment_if_due()
            self._look_ahead(series)

    def _bring_back(self, series: Series) -> None:
        """Restore an image that is known to be started, without asking."""
        stage, path = self._desk.stage, series.current
        known = path is not None and series.standing(path) is not Standing.UNTOUCHED
        if known and stage.offer is not None:
            stage.restore()

    def _mark(self, series: Series) -> None:
        """Say that an image is started as soon as something of it was corrected."""
        path, work = series.current, self._desk.stage.work
        self._specimen = work.results.specimen if work is not None else self._specimen
        untouched = path is not None and series.standing(path) is Standing.UNTOUCHED
        if untouched and work is not None and any(work.results.specimen.history.tally):
            self._opener.mark(Standing.STARTED)

    def _look_ahead(self, series: Series) -> None:
        """Have the next image predicted if there is time."""
        work = self._desk.stage.work
        busy = self._desk.session.wanted is not None or self._desk.maker.busy
        if work is None or busy or self._rests:
            return
        self._planes = tuple(work.results.specimen.seen) or self._planes
        path = series.next(unchecked_only=True)
        fresh = path is not None and series.standing(path) is Standing.UNTOUCHED
        self._ahead.want(self._target(path) if path is not None and fresh else None)

    def _target(self, path: Path) -> Target | None:
        """The prediction of an image as the chosen one is read; None if nothing was segmented."""
        model, reading = self._desk.session.model, self._desk.stage.reading
        if model is None or not self._planes:
            return None
        return Target(
            path=path,
            model=str(model.path),
            model_id=model.card.id,
            settings=self._desk.predict_settings,
            axes=reading.axes,
            channel=reading.channel,
            planes=self._planes,
        )

    @guarded
    def _on_opened(self, image: Image, path: Path) -> None:
        """Show the mask of an image on which nobody has worked, or have it made."""
        series = self._opener.series
        fresh = series is not None and series.standing(path) is Standing.UNTOUCHED
        self._end_what_nobody_waits_for()
        self._due = fresh and bool(self._planes) and not self._show(image, path)
        self._ahead.want(None)  # it is open now
        self._segment_if_due()

    def _end_what_nobody_waits_for(self) -> None:
        """End the prediction of the image before, if it has not come yet."""
        run = self._desk.session.wanted
        if run is not None and run.specimen is not None and run.specimen is self._specimen:
            self._desk.session.cancel()

    def _segment_if_due(self) -> None:
        if self._due and not self._desk.why_not_segment():
            self._due = False
            self._desk.segment("plane")

    def _show(self, image: Image, path: Path) -> bool:
        """Show what was predicted of an image; whether there was anything."""
        target, stage = self._target(path), self._desk.stage
        ready = self._ahead.take(target) if target is not None else None
        if ready is None:
            return False
        pixels = layers.pixels_of(image, stage.reading, list(ready.pixels))
        if not ready.is_of([whole(plane) for plane in pixels]):
            return False  # the file has changed meanwhile
        hand_over(self._desk.session, stage.begin().results.specimen, ready)
        return True
