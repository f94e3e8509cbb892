"""What the user is doing now: which model is chosen, what runs, what waits for a decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from psygnal import Signal

from napari_unet.jobs.job import Listener
from napari_unet.jobs.messages import Cancelled, Done, Failed, Message
from napari_unet.schema.arrays import ArrayLike
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Glimpse, Notice, Progress, StepDone, TileDone, Validated
from napari_unet.schema.prediction import Box
from napari_unet.schema.requests import (
    Checked,
    CheckRequest,
    FineTuned,
    FineTuneRequest,
    Joining,
    Predicted,
    PredictRequest,
    Request,
    Result,
    View,
)
from napari_unet.schema.settings import Device, FineTuneSettings, PredictSettings
from napari_unet.schema.training_record import Joined
from napari_unet.session.curves import Curves
from napari_unet.session.decision import Decision
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.line import Deliver, Line
from napari_unet.session.run import Run, Runner, Sight
from napari_unet.session.specimen import Specimen
from napari_unet.session.unfinished import Unfinished


class Session(Decision):
    """What one panel is doing: the chosen model, the running job, the model to keep or discard.

    It knows no window: whoever shows it listens to its signals.

    Parameters
    ----------
    start
        Makes an engine, when a job needs one.
    deliver
        Calls a function in the thread that owns the session; messages of the engine come from
        another one.
    """

    progressed = Signal(Progress)
    tile_written = Signal(Specimen, tuple, bool)
    """A specimen, the plane, and whether its array of probabilities is a new one."""
    predicted = Signal(Specimen, tuple)
    """A specimen, and the planes of which a prediction came to its end."""
    learned = Signal(Curves)
    glimpsed = Signal(Glimpse)
    joined = Signal(Joined)
    noticed = Signal(str)
    failed = Signal(str, str)
    """One sentence for the user, and the details for a report."""

    def __init__(self, start: Callable[[], Runner], deliver: Deliver = lambda call: call()) -> None:
        super().__init__()
        self._line = Line(start, deliver, self._receive)
        self.progress: Progress | None = None
        self.device: Checked | None = None
        self.device_problem = ""
        """Why the chosen device can not be used; empty if it can, or is not tried yet."""
        self.curves = Curves()

    # the jobs

    @property
    def running(self) -> Run | None:
        """The job that runs."""
        return self._line.running

    @property
    def wanted(self) -> Run | None:
        """The job that the user waits for: it runs, or is next in line."""
        return self._line.wanted

    @property
    def ending(self) -> bool:
        """Whether the running job has been asked to end."""
        return self._line.ending

    @property
    def learns(self) -> bool:
        """Whether a fine-tuning runs that has not been asked to end."""
        return self.running is not None and self.running.kind == "fine-tune" and not self.ending

    def why_not_run(self) -> str:
        """Why no job can start now, in one sentence; empty if one can."""
        if self.model is None:
            return "There is no model in the library yet."
        doing = self.wanted.doing if self.wanted else ""
        return "Ending …" if doing and self.ending else doing

    def segment(
        self,
        specimen: Specimen,
        planes: Mapping[PlaneIndex, ArrayLike],
        settings: PredictSettings,
        *,
        channel: int | None = None,
        region: Box | None = None,
        look_first: Sight | None = None,
    ) -> None:
        """Run the chosen model over planes of an image.

        Parameters
        ----------
        specimen
            Gets the probabilities, tile by tile.
        planes
            Their pixels, each (y, x), (channel, y, x) or (y, x, 3); large ones, and those that are
            not in memory, are copied in a thread.
        settings
            How the model is run.
        channel
            Which one of the image the planes show; None is all together.
        region
            Only these pixels of each plane; None is all.
        look_first
            What the user sees: it is done first.

        Raises
        ------
        ValueError
            If another job runs, or there is no model.
        """
        request = PredictRequest(
            model=self._model_path(),
            planes=list(planes.values()),
            settings=settings,
            region=region,
            look_first=look_first.among(tuple(planes)) if look_first else None,
        )
        self._begin(Run(request, specimen, tuple(planes), channel=channel))

    def fine_tune(
        self, corrections: list[Correction], settings: FineTuneSettings, view: View | None = None
    ) -> None:
        """Teach the chosen model a person's corrections; the result waits for keep or discard.

        Raises
        ------
        ValueError
            If another job runs, or there is no model or nothing to learn from.
        """
        if not corrections:
            raise ValueError("There is nothing to learn from: confirm a region as right first.")
        base = self.base_for(settings)
        request = FineTuneRequest(
            model=self._model_path(),
            corrections=corrections,
            settings=settings,
            view=view,
            base=str(base.path) if base else None,
        )
        self._teach(request, self.safe.open)

    def join(self, joining: Joining) -> None:
        """Let a correction join the fine-tuning that runs; `joined` says what came of it.

        Raises
        ------
        OSError
            If it cannot be handed over.
        """
        if self.learns:
            self._line.tell(joining)

    def look(self, sight: Sight) -> None:
        """Go on with the prediction that runs where the user looks by now."""
        run = self.running
        if run is not None and run.kind == "predict" and (looking := sight.among(run.planes)):
            self._line.tell(looking)

    def go_on(self, interrupted: Unfinished) -> None:
        """Go on with a training that was interrupted, as if nothing had happened.

        Raises
        ------
        ValueError
            If another job runs, another window goes on with it, or the disk does not allow it.
        """
        self._model_path()
        request = FineTuneRequest(model=interrupted.model, corrections=[])
        self._teach(request, lambda: self.safe.reopen(interrupted))
        self.choose_file(interrupted.model)

    def run(self, request: Request, hear: Listener) -> None:
        """Have another job done; whoever asks hears what it says, and all that else do.

        Raises
        ------
        ValueError
            If another job runs.
        """
        self._model_path()
        self._begin(Run(request, hear=hear))

    def check(self, device: Device = "auto") -> None:
        """Try the device for real; any other job goes before it."""
        if self.running is None:
            self._begin(Run(CheckRequest(device=device)))

    def cancel(self) -> None:
        """End the job that the user waits for.

        Of a prediction the tiles that are done stay, of a training the best that it has reached.
        """
        if self.wanted is not None and self.wanted.kind != "check":
            self._line.cancel()
            self.changed.emit()

    def close(self) -> None:
        """End the running job and the engine; a model without a decision is offered again."""
        self._line.close()
        self.safe.release()
        self.progress = self.candidate = None
        self.changed.emit()

    # what the engine says

    def _model_path(self) -> str:
        if reason := self.why_not_run():
            raise ValueError(reason)
        return str(self.model.path) if self.model else ""

    def _teach(self, request: FineTuneRequest, claim: Callable[[], str | None]) -> None:
        self.check_decided()
        self._draw(Curves())
        try:
            self._begin(Run(request.model_copy(update={"safe": claim()}), hear=self.safe.hear))
        except (ValueError, OSError):
            self.safe.hear(Cancelled())
            raise

    def _begin(self, run: Run) -> None:
        self.progress = None
        self._line.begin(run)
        self.changed.emit()

    def _receive(self, run: Run, message: Message) -> None:
        run.hear(message)
        match message:
            case Done():
                self._finish(run, message.result)
            case Cancelled():
                self._tell_predicted(run)
            case Failed() if run.kind == "check":
                self.device, self.device_problem = None, message.sentence
            case Failed():
                self.failed.emit(message.sentence, message.details)
            case _:
                self._follow(run, message)
                return
        self.progress = None
        self.changed.emit()

    def _follow(self, run: Run, event: Message) -> None:
        match event:
            case Progress():
                self.progress = event
                self.progressed.emit(event)
            case TileDone() if run.specimen is not None:
                plane = run.planes[event.plane]
                fresh = run.specimen.write(plane, event)
                run.specimen.last_run = run.asked
                self.tile_written.emit(run.specimen, plane, fresh)
            case Glimpse():
                self.glimpsed.emit(event)
            case StepDone() | Validated() | Joined():
                self._draw(self.curves.after(event))
                if isinstance(event, Joined):
                    self.joined.emit(event)
            case Notice():
                self.noticed.emit(event.text)

    def _draw(self, curves: Curves) -> None:
        self.curves = curves
        self.learned.emit(curves)

    def _finish(self, run: Run, result: Result) -> None:
        match result:
            case Predicted():
                self._tell_predicted(run)
            case FineTuned():
                self.candidate = result
            case Checked():
                self.device, self.device_problem = result, ""

    def _tell_predicted(self, run: Run) -> None:
        if run.specimen is not None:
            self.predicted.emit(run.specimen, run.done)
