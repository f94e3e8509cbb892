"""Hands to the session what it can learn from: of open images, and of the rest of a folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_unet.jobs.job import Listener
from napari_unet.schema.correction import ONLY_BACKGROUND, Correction
from napari_unet.schema.requests import FineTuneRequest, PreviewRequest
from napari_unet.schema.settings import FineTuneSettings, LossSettings
from napari_unet.session import wording
from napari_unet.session.estimate import Prober, estimate_text
from napari_unet.session.gathering import Gathered, gather
from napari_unet.session.history import History
from napari_unet.session.journal import Identity
from napari_unet.session.meanwhile import Meanwhile
from napari_unet.session.taught import Taught
from napari_unet.widgets.joiner import Joiner
from napari_unet.widgets.preferences import remember, remembered
from napari_unet.widgets.runner import Latest, guarded, tell

if TYPE_CHECKING:
    from napari_unet.widgets.desk import Desk

Use = Callable[[list[Correction]], None]


class Teacher(QObject):
    """Collects all that was confirmed, and has the chosen model fine-tuned on it.

    Parameters
    ----------
    desk
        Its session runs the fine-tuning, on images that are open and on the rest of a folder.
    prober
        Finds out how long that takes.
    """

    def __init__(self, desk: Desk, prober: Prober) -> None:
        super().__init__(desk)
        self._desk = desk
        self._session, self._stage, self._opener = desk.session, desk.stage, desk.opener
        loss = remembered(LossSettings(), "loss")
        self.settings = remembered(FineTuneSettings(loss=loss), "fine_tuning")
        """How the next fine-tuning goes about it; `use` changes them."""
        self.taught: Taught | None = None
        """The last fine-tuning, as it can be done again; None if it was not begun here."""
        self._gathering = Latest(0, self)
        self._meanwhile = Meanwhile()
        self.joiner = Joiner(desk.session, desk.stage.bench, self._meanwhile, self)
        self.joiner.changed.connect(desk.changed)
        self._prober = prober
        prober.changed.connect(desk.changed.emit)
        desk.session.changed.connect(self._on_session_changed)

    def why_not(self) -> str:
        """Why nothing can be learned now, in one sentence; empty if it can."""
        tally = self._stage.bench.tally
        if not (tally.regions or tally.checked or self._opener.worked_on):
            return wording.CONFIRM_FIRST
        if self._opener.worked_on and self._opener.reading is None:
            return "Open an image of the folder: the others are read as it is."
        if not (self._opener.worked_on or self._stage.bench.confirms_objects):
            return ONLY_BACKGROUND
        return self._session.why_not_run()

    def why_not_teach(self) -> str:
        """Why no fine-tuning can begin now, in one sentence; empty if it can."""
        return self.why_not() or self._session.why_not_another()

    def use(self, settings: FineTuneSettings) -> None:
        """Fine-tune with other settings from the next time on, also in the next window.

        A new network is started in this window only, and until one is kept.
        """
        self.settings = settings
        remember(settings, "fine_tuning")
        remember(settings.loss, "loss")

    def start_from_models(self) -> None:
        """Start from models again, and no longer from a new network."""
        self.settings = self.settings.model_copy(update={"network": None})

    def teach(self) -> None:
        """Teach the chosen model all that was confirmed and corrected, on all images.

        Of a folder of images those are taken along that are not open now.

        Raises
        ------
        ValueError
            If that is not possible now; the sentence says why.
        """
        if reason := self.why_not_teach():
            raise ValueError(reason)
        self._meanwhile.begin(self._histories())
        settings, view = self._settings_here, self._desk.watcher.view()
        self._collect(lambda all_: self._session.fine_tune(all_, settings, view))
        self.taught = self._noted(settings)

    def estimate(self) -> str:
        """How long the next fine-tuning takes; empty as long as nobody has found out."""
        settings, model = self._settings_here, self._session.model
        start = self._session.base_for(settings) or model
        if start is None or self.why_not():
            return ""
        known_px = 0 if self._opener.worked_on else self._stage.bench.known_px
        return estimate_text(settings, known_px, self._prober.want(str(start.path), settings))

    @property
    def made_meanwhile(self) -> int:
        """Corrections made since the last fine-tuning began: the next one learns them."""
        return self._meanwhile.count(self._histories())

    def preview(self, hear: Listener) -> None:
        """Draw patches as the next fine-tuning would draw them; nothing is learnt.

        Raises
        ------
        ValueError
            If that is not possible now; the sentence says why.
        """
        self._collect(lambda all_: self._session.run(self._preview_of(all_), hear))

    def drop(self) -> None:
        """Learn nothing of what is still collected."""
        self._gathering.drop()

    def _collect(self, use: Use) -> None:
        """Take all that is confirmed now, also of images that are not open."""
        if reason := self.why_not():
            raise ValueError(reason)
        here, others = list(self._stage.bench.corrections()), self._opener.worked_on
        reading = self._opener.reading
        if not others or reading is None:
            use(here)
            return
        work = partial(gather, others, reading.axes, reading.channel)
        self._gathering.ask(work, partial(_use_both, use, here), at_once=True)

    @guarded
    def _on_session_changed(self) -> None:
        """A fine-tuning that was interrupted goes on: what it learns is in a file of its own."""
        run = self._session.running
        if run is not None and isinstance(run.request, FineTuneRequest):
            self.taught = self.taught if run.request.corrections else None
            if not self._meanwhile.begun:
                self._meanwhile.begin(self._histories())

    def _noted(self, settings: FineTuneSettings) -> Taught | None:
        """What is learnt now, of open images and of the rest of a folder."""
        model, base = self._session.model, self._session.base_for(settings)
        here = (work for work in self._stage.bench.works if work.specimen.history.known_px)
        images = [(work.identity, work.reading.channel) for work in here]
        reading = self._opener.reading
        if reading is not None:
            axes, channel = reading
            others = (Identity("", str(path), axes, ()) for path in self._opener.worked_on)
            images += [(other, channel) for other in others]
        return model and Taught(model.path, base and base.path, tuple(images), settings)

    def _histories(self) -> list[History]:
        return [work.specimen.history for work in self._stage.bench.works]

    @property
    def _settings_here(self) -> FineTuneSettings:
        device = self._desk.predict_settings.device
        return self.settings.model_copy(update={"device": device})

    def _preview_of(self, corrections: list[Correction]) -> PreviewRequest:
        settings = self._settings_here
        model, base = self._session.model, self._session.base_for(settings)
        return PreviewRequest(
            model=str(model.path) if model else "",
            corrections=corrections,
            settings=settings,
            base=str(base.path) if base else None,
        )


def _use_both(use: Use, here: list[Correction], there: Gathered) -> None:
    for sentence in there.left_out:
        tell(sentence)
    use([*here, *there.corrections])
