"""A job under way: what carries it out, and what it works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from napari_unet.jobs.job import Listener
from napari_unet.schema.prediction import Box
from napari_unet.schema.requests import Looking, PredictRequest, Request, Word
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.last_run import LastRun
from napari_unet.session.specimen import Specimen


class Runner(Protocol):
    """What carries out jobs, one at a time: in this process, or in one of its own."""

    def submit(self, request: Request, on_message: Listener) -> None:
        """Start a job; its arrays are copied now, its messages may come from another thread."""

    def tell(self, word: Word) -> None:
        """Say something to the job that runs; its arrays are copied now."""

    def cancel(self) -> None:
        """Ask the job to end; a training keeps the best so far."""

    def close(self) -> None:
        """End the job and whatever carries it out."""


_DOING = {
    "predict": "Segmenting …",
    "fine-tune": "Fine-tuning …",
    "compare": "Comparing …",
    "blend": "Comparing …",
    "preview": "Drawing patches …",
}


class Sight(NamedTuple):
    """What of an image a person sees."""

    plane: PlaneIndex
    box: Box | None = None
    """None is the whole plane."""

    def among(self, planes: Sequence[PlaneIndex]) -> Looking | None:
        """The same for a job on these planes; None if it is none of them."""
        seen = self.plane in planes
        return Looking(plane=planes.index(self.plane), box=self.box) if seen else None


@dataclass(frozen=True, eq=False)
class Run:
    """A job that is under way, what it works on, and who else hears what it says."""

    request: Request
    specimen: Specimen | None = None
    planes: tuple[PlaneIndex, ...] = ()
    hear: Listener = lambda message: None
    """Of whoever asked for it."""
    channel: int | None = None
    """The only one of the image that it looks at; None is all."""

    @property
    def kind(
        self,
    ) -> Literal["predict", "fine-tune", "compare", "preview", "blend", "probe", "check"]:
        """What it does."""
        return self.request.kind

    @property
    def done(self) -> tuple[PlaneIndex, ...]:
        """Those of its planes of which something has been predicted."""
        seen = self.specimen.seen if self.specimen is not None else {}
        return tuple(plane for plane in self.planes if plane in seen)

    @property
    def asked(self) -> LastRun | None:
        """What is to be kept of it, so that it can be done again; None if it segments nothing."""
        request = self.request
        if not isinstance(request, PredictRequest):
            return None
        model = Path(request.model)
        return LastRun(model, request.settings, self.planes, self.channel, request.region)

    @property
    def doing(self) -> str:
        """The same in a word for people; empty of what nobody waits for."""
        return _DOING.get(self.kind, "")
