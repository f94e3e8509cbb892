"""Hands to the session what it can learn from: of open images, and of the rest of a folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qtpy.QtCore import QObject

from napari_unet.jobs.job import Listener
from napari_unet.schema.correction import Correction
from napari_unet.schema.requests import PreviewRequest, View
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.session import wording
from napari_unet.session.gathering import Gathered, gather
from napari_unet.session.history import History
from napari_unet.session.meanwhile import Meanwhile
from napari_unet.session.session import Session
from napari_unet.widgets.runner import Latest, tell
from napari_unet.widgets.series_opener import SeriesOpener
from napari_unet.widgets.stage import Stage

Use = Callable[[list[Correction]], None]


class Teacher(QObject):
    """Collects all that was confirmed, and has the chosen model fine-tuned on it.

    Parameters
    ----------
    session
        Runs the fine-tuning.
    stage
        The images that are open.
    opener
        The folder of images, of which one is open.
    """

    def __init__(
        self, session: Session, stage: Stage, opener: SeriesOpener, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._stage, self._opener = session, stage, opener
        self._gathering = Latest(0, self)
        self._meanwhile = Meanwhile()

    def why_not(self) -> str:
        """Why nothing can be learned now, in one sentence; empty if it can."""
        tally = self._stage.bench.tally
        if not (tally.regions or tally.checked or self._opener.worked_on):
            return wording.CONFIRM_FIRST
        return self._session.why_not_run()

    def teach(self, settings: FineTuneSettings, view: View | None = None) -> None:
        """Fine-tune on a snapshot of all that is confirmed now, and show a view meanwhile.

        Raises
        ------
        ValueError
            If that is not possible now; the sentence says why.
        """
        if not self.why_not():
            self._meanwhile.begin(self._histories())
        self._collect(lambda all_: self._session.fine_tune(all_, settings, view))

    @property
    def made_meanwhile(self) -> int:
        """Corrections made since the last fine-tuning began: the next one learns them."""
        return self._meanwhile.count(self._histories())

    def preview(self, settings: FineTuneSettings, hear: Listener) -> None:
        """Have patches drawn as a fine-tuning on all that is confirmed now would draw them.

        Raises
        ------
        ValueError
            If that is not possible now; the sentence says why.
        """
        self._collect(lambda all_: self._session.run(self._preview_of(all_, settings), hear))

    def drop(self) -> None:
        """Learn nothing of what is still collected."""
        self._gathering.drop()

    def _collect(self, use: Use) -> None:
        """Take all that is confirmed now, also of images that are not open."""
        if reason := self.why_not():
            raise ValueError(reason)
        here, others = list(self._stage.bench.corrections()), self._opener.worked_on
        if not others:
            use(here)
            return
        reading = self._stage.reading
        work = partial(gather, others, reading.axes, reading.channel)
        self._gathering.ask(work, partial(_use_both, use, here), at_once=True)

    def _histories(self) -> list[History]:
        return [work.specimen.history for work in self._stage.bench.works]

    def _preview_of(
        self, corrections: list[Correction], settings: FineTuneSettings
    ) -> PreviewRequest:
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
