"""How long a fine-tuning will take, found out before it starts."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import NamedTuple

from psygnal import Signal

from napari_unet.jobs.messages import Done, Failed, Message
from napari_unet.schema.requests import Probed, ProbeRequest
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.session.spare_time import SpareTime
from napari_unet.session.wording import duration

JUDGING = 1.2
"""Drawing patches and judging what is held out take so much more than the steps alone."""
PREPARING_S = 5.0
"""Loading, border weights and finding the input, on most images."""

logger = logging.getLogger(__name__)


class Estimate(NamedTuple):
    """What a fine-tuning would take."""

    steps: int
    step_s: float
    """Seconds of each, with what belongs to it."""
    budget_s: float

    @property
    def needs_s(self) -> float:
        """Seconds for all of its steps, as if there were no time budget."""
        return PREPARING_S + self.steps * self.step_s

    @property
    def steps_in_time(self) -> int:
        """Steps that it comes to before the time is up."""
        return min(self.steps, int(max(0.0, self.budget_s - PREPARING_S) / self.step_s))


def estimate(settings: FineTuneSettings, known_px: int, probed: Probed) -> Estimate:
    """What learning so many pixels takes, from what a step takes."""
    return Estimate(settings.steps_for(known_px), JUDGING * probed.step_s, settings.seconds)


def estimate_text(settings: FineTuneSettings, known_px: int, probed: Probed | None) -> str:
    """How long a fine-tuning takes, in one or two sentences; empty if nothing is known of it.

    Parameters
    ----------
    settings
        How it goes about it.
    known_px
        Pixels that it learns from; 0 if nobody has counted them.
    probed
        What a step takes; None if it has not been tried.
    """
    if probed is None:
        return ""
    if settings.network is not None or not known_px:
        text = f"Takes {duration(settings.seconds)} at most."
    else:
        text = _time(estimate(settings, known_px, probed))
    if probed.gpu_bytes is None or probed.free_bytes is None:
        return text
    needs, free = (size / 1e9 for size in (probed.gpu_bytes, probed.free_bytes))
    return f"{text} Needs about {needs:.1f} GB of the GPU's memory, {free:.1f} GB are free."


def _time(expected: Estimate) -> str:
    if expected.needs_s <= expected.budget_s:
        return f"Takes about {duration(_rounded(expected.needs_s))}."
    whole = duration(_rounded(expected.needs_s, math.ceil))
    return (
        f"Takes {duration(expected.budget_s)}, enough for about {expected.steps_in_time} of "
        f"{expected.steps} steps; all of them would take {whole}."
    )


def _rounded(seconds: float, to_whole: Callable[[float], int] = round) -> int:
    """As precise as can be known."""
    to = 5 if seconds < 60 else 10 if seconds < 300 else 60
    return max(to, to * to_whole(seconds / to))


class Prober:
    """Finds out in an engine's spare time what a step of a fine-tuning takes.

    Parameters
    ----------
    spare
        The engine.
    """

    changed = Signal()

    def __init__(self, spare: SpareTime) -> None:
        self._spare = spare
        self._found: dict[ProbeRequest, Probed | None] = {}
        self._wanted: ProbeRequest | None = None
        spare.freed.connect(self._go_on)

    def want(self, model: str, settings: FineTuneSettings) -> Probed | None:
        """What a step takes; None as long as nobody has found out, which is then done soon.

        Parameters
        ----------
        model
            The file of what training starts from.
        settings
            How it goes about it; its time makes no difference.
        """
        relevant = FineTuneSettings(
            network=settings.network, device=settings.device, loss=settings.loss
        )
        self._wanted = ProbeRequest(model=model, settings=relevant)
        self._go_on()
        return self._found.get(self._wanted)

    def _go_on(self) -> None:
        request = self._wanted
        if request is None or request in self._found:
            return
        try:
            self._spare.work_ahead(request, lambda said: self._hear(request, said))
        except (ValueError, OSError) as error:
            self._fail(request, str(error))

    def _hear(self, request: ProbeRequest, said: Message) -> None:
        if isinstance(said, Done) and isinstance(said.result, Probed):
            self._found[request] = said.result
            self.changed.emit()
        elif isinstance(said, Failed):
            self._fail(request, said.sentence)

    def _fail(self, request: ProbeRequest, why: str) -> None:
        """It is not tried again: what is wrong is said to whoever starts the training."""
        logger.info("It is not known how long a step takes: %s", why)
        self._found[request] = None
