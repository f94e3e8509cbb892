"""What the panel of one viewer works with: the session, the images, and what runs between them.

The panel can be closed and opened again; the desk stays as it was left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from weakref import WeakKeyDictionary

from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from napari_unet.images.classes import classes_in_mask
from napari_unet.jobs.engine.client import Engine
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import MaskSettings, PredictSettings
from napari_unet.session import kind, wording
from napari_unet.session.ahead import Ahead
from napari_unet.session.estimate import Prober
from napari_unet.session.heads import with_heads_of
from napari_unet.session.run import Runner
from napari_unet.session.session import Session
from napari_unet.session.spare_time import SpareTime
from napari_unet.session.specimen import Specimen
from napari_unet.widgets import layers
from napari_unet.widgets.blender import Blender
from napari_unet.widgets.closing import Closing
from napari_unet.widgets.comparison import Comparison
from napari_unet.widgets.display import Display
from napari_unet.widgets.gaze import GazeFollower
from napari_unet.widgets.guide import Guide
from napari_unet.widgets.mask_maker import MaskMaker
from napari_unet.widgets.preferences import remember, remembered
from napari_unet.widgets.runner import Bridge, guarded, report_failure, tell
from napari_unet.widgets.series_desk import SeriesDesk
from napari_unet.widgets.series_opener import SeriesOpener
from napari_unet.widgets.stage import Stage
from napari_unet.widgets.teacher import Teacher
from napari_unet.widgets.uncertainty import Uncertainty
from napari_unet.widgets.watcher import Watcher
from napari_unet.widgets.weigher import Weigher

Scope = Literal["view", "plane", "all"]


class Desk(QObject):
    """Everything that the panel of one viewer shows and does.

    Parameters
    ----------
    viewer
        Held weakly.
    start
        Makes an engine, when the first job needs one.
    """

    changed = Signal()
    """Anything that a label or a button depends on."""
    progressed = Signal()
    learned = Signal(object)

    def __init__(self, viewer: ViewerModel, start: Callable[[], Runner] = Engine) -> None:
        super().__init__()
        self._bridge = Bridge(self)
        self.closing = Closing(self.close, self)
        self.stage = Stage(viewer, self)
        self._spare_time = SpareTime(start, self._bridge.post)
        self.session = Session(lambda: self._spare_time)
        self.maker = MaskMaker(self)
        self._predict_settings = remembered(PredictSettings(), "prediction")
        self._display = Display(self.session, self.stage, self.maker, self)
        self.gaze = GazeFollower(self.session, self.stage, self)
        self.watcher = Watcher(self.session, self.stage, self)
        self.blender = Blender(self.session, self)
        self.guide = Guide(self.stage, self)
        self.comparison = Comparison(self.session, self.stage, self)
        self._adopted = ""
        self._unmade: Specimen | None = None
        """Its masks are still to be made with the mask settings."""
        self._check_due = False
        """The chosen device is still to be tried."""
        self._connect()
        self._adopt_mask_settings()
        self.opener = SeriesOpener(viewer, self, self)
        self.teacher = Teacher(self, Prober(self._spare_time))
        ahead = Ahead(self._spare_time, self._bridge.post)
        self._series = SeriesDesk(self, self.opener, ahead, self)
        self.weigher = Weigher(self, self)
        self.uncertainty = Uncertainty(self, self)

    def _connect(self) -> None:
        self.stage.changed.connect(self.changed)
        self.maker.changed.connect(self.changed)
        session = self.session
        session.changed.connect(self._on_session_changed)
        session.progressed.connect(self._on_progressed)
        session.learned.connect(self._on_learned)
        session.kept.connect(self._on_kept)
        session.noticed.connect(tell)
        session.failed.connect(report_failure)

    # segment

    @property
    def card(self) -> ModelCard | None:
        """The card of the chosen model."""
        return self.session.model.card if self.session.model else None

    def why_not_segment(self) -> str:
        """Why the chosen image can not be segmented now, in one sentence; empty if it can."""
        if self.stage.image is None:
            return wording.NO_IMAGE
        try:
            reading = self.stage.reading
        except ValueError as error:
            return str(error)
        if reason := self.session.why_not_run():
            return reason
        card = self.card
        needed = card.network_settings.in_channels if card else 1
        if reason := layers.why_not_fit(self.stage.image, reading, needed):
            return reason
        work, classes = self.stage.work, card.classes if card else 1
        holds = classes_in_mask(classes, self.maker.settings)
        return kind.why_not(work.specimen, holds) if work else ""

    def status(self) -> str:
        """What the model made of the plane on the screen, in one line."""
        work = self.stage.work
        if self.maker.busy:
            return "Finding objects …"
        if work is None:
            return wording.found_text(None)
        specimen = work.specimen
        return wording.found_text(specimen.found.get(self.stage.plane), specimen.classes)

    def segment(self, scope: Scope) -> None:
        """Run the chosen model over what is on the screen, this plane, or all planes.

        Raises
        ------
        ValueError
            If that is not possible now; the sentence says why.
        """
        if reason := self.why_not_segment():
            raise ValueError(reason)
        work, reading, sight = self.stage.begin(), self.stage.reading, self.stage.sight
        image = work.results.image
        if image is not None:
            every = layers.planes_of(image, reading.axes)
            planes = every if scope == "all" else [sight.plane]
            pixels = layers.pixels_of(image, reading, planes)
            self.session.segment(
                work.results.specimen,
                dict(zip(planes, pixels, strict=True)),
                self.predict_settings,
                channel=reading.channel,
                region=sight.box if scope == "view" else None,
                look_first=sight,
            )

    def use_mask_settings(self, settings: MaskSettings) -> None:
        """Make the masks of the chosen image anew, without running the network.

        While it runs over that image they wait for its end.
        """
        if settings != self.maker.settings:
            self.maker.settings = settings
            self._unmade = self.stage.work.specimen if self.stage.work is not None else None
            self._make_masks()

    def _make_masks(self) -> None:
        """Catch up with the mask settings, unless the image is being predicted."""
        specimen, run = self._unmade, self.session.running
        if specimen is not None and (run is None or run.specimen is not specimen):
            self._unmade, work = None, self.stage.bench.work_on(specimen)
            if work is not None:
                self._display.make(work, specimen.seen)

    @property
    def predict_settings(self) -> PredictSettings:
        """How models are run, as the chosen one can be."""
        return with_heads_of(self.card, self._predict_settings)

    def use_predict_settings(self, settings: PredictSettings) -> None:
        """Run models with other settings from the next job on, also in the next window."""
        another_device = settings.device != self.predict_settings.device
        self._predict_settings = settings
        remember(settings, "prediction")
        if another_device:
            self.check_device()

    def leave(self, image: Image) -> None:
        """Bring to the disk what was done on an image, and let go of the work on it.

        Raises
        ------
        OSError
            If it could not be saved; nothing is let go of then.
        """
        self.stage.bench.leave(image)

    def check_device(self) -> None:
        """Find out in the background which device works, and so start the engine ahead.

        While a job runs, that waits until it has ended.
        """
        self._check_due = self.session.running is not None
        self.session.check(self.predict_settings.device)

    def close(self) -> None:
        """End all jobs and the engine; the images and their edits stay."""
        self._check_due = False
        self._series.close()
        self.teacher.drop()
        self._display.drop()
        self.weigher.drop()
        self.uncertainty.drop()
        self.guide.drop()
        self.maker.drop()
        self._unmade = None
        self.stage.bench.close()
        self.session.close()
        self._spare_time.close()  # it may be all that ran

    # what the session says

    @guarded
    def _on_session_changed(self) -> None:
        self._adopt_mask_settings()
        self._make_masks()
        self.changed.emit()
        if self._check_due and self.session.running is None:
            self.check_device()

    @guarded
    def _on_progressed(self) -> None:
        self.progressed.emit()

    @guarded
    def _on_learned(self, curves: object) -> None:
        self.learned.emit(curves)

    @guarded
    def _on_kept(self, entry: object) -> None:
        """Go on from the new model, and show at once what it makes of what the user looks at."""
        self.teacher.start_from_models()
        self.changed.emit()
        if not self.why_not_segment():
            self.segment("view")

    def _adopt_mask_settings(self) -> None:
        """A model that was just chosen brings the mask settings that fit what it will predict."""
        model = self.session.model
        if model is not None and model.card.id != self._adopted:
            self._adopted = model.card.id
            self.maker.settings = model.card.mask


_desks: WeakKeyDictionary[ViewerModel, Desk] = WeakKeyDictionary()


def desk_of(viewer: ViewerModel) -> Desk:
    """The desk of a viewer, which is made the first time."""
    if viewer not in _desks:
        _desks[viewer] = Desk(viewer)
    return _desks[viewer]
