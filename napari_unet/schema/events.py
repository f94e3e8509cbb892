"""What a long job says while it works."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Annotated, Literal, TypeVar, cast

from pydantic import Field

from napari_unet.schema.arrays import Array, ArrayRecord
from napari_unet.schema.model_card import Scores
from napari_unet.schema.prediction import Box
from napari_unet.schema.settings import Record
from napari_unet.schema.training_record import Joined

T = TypeVar("T")


class Progress(Record):
    """How far a job is, and how long it will take."""

    kind: Literal["progress"] = "progress"
    phase: str
    """What it does now, in a user's words: "tile", "step", "image"."""
    done: int
    total: int
    seconds_left: float | None = None


class TileDone(ArrayRecord):
    """A part of a prediction that is final."""

    kind: Literal["tile"] = "tile"
    plane: int
    """Index into the planes that were asked for."""
    box: Box
    """Where it belongs, in pixels of the plane."""
    probabilities: Array
    """float32, (class, y, x), of the box."""


class StepDone(Record):
    """One step of training.

    Whoever drives the job may answer it with corrections that are to join a fine-tuning, see
    `napari_unet.schema.requests.Joining`.
    """

    kind: Literal["step"] = "step"
    step: int
    loss: float
    learning_rate: float


class Validated(Record):
    """Scores on held-out pixels during training."""

    kind: Literal["validated"] = "validated"
    step: int
    scores: Scores


class Notice(Record):
    """One sentence that the user should read; the job goes on."""

    kind: Literal["notice"] = "notice"
    text: str


class Compared(ArrayRecord):
    """The masks that two models make of the same pixels, and where they differ."""

    kind: Literal["compared"] = "compared"
    box: Box
    """Of the plane."""
    old: Array
    """Unsigned integers, (y, x), of the box: objects or classes."""
    new: Array
    """The same; an object that is the same has the same number."""
    difference: Array
    """uint8, (y, x), see `napari_unet.images.difference`."""


class Glimpse(ArrayRecord):
    """What a network makes of what is on the screen while it still learns."""

    kind: Literal["glimpse"] = "glimpse"
    step: int
    box: Box
    """Of the plane that is watched."""
    probabilities: Array
    """float32, (class, y, x), of the box."""
    seconds: float
    """That looking took."""


class Patches(ArrayRecord):
    """Patches as training draws them: varied at random, with what the network is to answer."""

    kind: Literal["patches"] = "patches"
    images: Array
    """float32, (patch, channel, y, x): dark is about 0, bright about 1."""
    targets: Array
    """uint8, (patch, y, x): 1 on objects, or the class of each pixel."""
    weight_maps: Array
    """float32, (patch, y, x): how much each pixel counts; 0 where nothing is known."""
    replayed: int = 0
    """So many of them, the last ones, come from what the model has learnt before."""


Event = Annotated[
    Progress | TileDone | StepDone | Validated | Notice | Compared | Glimpse | Patches | Joined,
    Field(discriminator="kind"),
]


class StopEarly(Exception):
    """Thrown into a job at an event: end now, and return the best so far if there is any.

    Training catches it; a job that has nothing to return lets it through and is cancelled.
    """


def finish(job: Generator[Event, None, T], on_event: Callable[[Event], object] = id) -> T:
    """Run a job to its end and return its result, handing each event to ``on_event``."""
    while True:
        try:
            event = next(job)
        except StopIteration as end:
            return cast(T, end.value)
        on_event(event)
