"""What can be asked of a job, and what it gives back. These cross the process border."""

from __future__ import annotations

from collections.abc import Sequence
from time import time
from typing import Annotated, Literal

from pydantic import Field

from napari_unet.schema.arrays import ArrayRecord, LazyArray
from napari_unet.schema.correction import Correction
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.prediction import Box
from napari_unet.schema.proof import Proof
from napari_unet.schema.settings import Device, FineTuneSettings, PredictSettings, Record


class Looking(Record):
    """Where a person looks, also while a model predicts."""

    kind: Literal["looking"] = "looking"
    plane: int = 0
    """Of the planes of the request: the ones next to it follow it."""
    box: Box | None = None
    """Tiles near it come next; None is wherever they were."""


class PredictRequest(ArrayRecord):
    """Run a model over planes of an image."""

    kind: Literal["predict"] = "predict"
    model: str
    """Name, id or path of the model."""
    planes: list[LazyArray]
    """Each (y, x), (channel, y, x) or (y, x, 3); whole planes, so that all see the same numbers."""
    settings: PredictSettings = PredictSettings()
    region: Box | None = None
    """Only these pixels of each plane are predicted; None is all."""
    look_first: Looking | None = None
    """What the user sees: it is done first."""


class View(ArrayRecord):
    """What a person looks at while they wait."""

    plane: LazyArray
    """The whole plane, as in `PredictRequest`."""
    box: Box | None = None
    """What of it is on the screen; None is all."""


class FineTuneRequest(ArrayRecord):
    """Teach a model a person's corrections."""

    kind: Literal["fine-tune"] = "fine-tune"
    model: str
    corrections: list[Correction]
    settings: FineTuneSettings = FineTuneSettings()
    view: View | None = None
    """What to show while it learns; None is nothing."""
    base: str | None = None
    """What the model descends from, to start from instead; None is to start from the model."""
    safe: str | None = None
    """A folder in which all is kept that is needed to go on after a crash; where it holds a
    training that was interrupted, that one goes on and all else is ignored."""


class Joining(ArrayRecord):
    """Regions of a plane that a person confirmed while a model learns, for that very training."""

    kind: Literal["joining"] = "joining"
    correction: Correction
    """All that is known now of the plane."""
    regions: int = 1
    """So many of them are new."""
    at: float = Field(default_factory=time)
    """When they were handed over, in seconds since 1970."""
    step: int = 0
    """They are learnt from after this step of the training, which says so itself."""


Word = Annotated[Joining | Looking, Field(discriminator="kind")]
"""What a person has to say to a job that runs."""

Answer = Sequence[Word] | None
"""What a job can be sent at its events: at `StepDone` what is to join a fine-tuning, at `TileDone`
where to go on."""


class CompareRequest(ArrayRecord):
    """Let two models make the masks of one plane; ends as `Predicted` by the new one."""

    kind: Literal["compare"] = "compare"
    old: str
    new: str
    """Name, id or path of each."""
    plane: LazyArray
    """The whole plane, as in `PredictRequest`."""
    settings: PredictSettings = PredictSettings()
    region: Box | None = None
    """Only these pixels are compared; None is all."""


class PreviewRequest(ArrayRecord):
    """Show patches as a fine-tuning would see them, without learning anything."""

    kind: Literal["preview"] = "preview"
    model: str
    corrections: list[Correction]
    settings: FineTuneSettings = FineTuneSettings()
    base: str | None = None
    """As in `FineTuneRequest`."""


class ProbeRequest(Record):
    """Find out how long a step of a fine-tuning takes; nothing is learnt."""

    kind: Literal["probe"] = "probe"
    model: str
    """What it starts from."""
    settings: FineTuneSettings = FineTuneSettings()


class BlendRequest(ArrayRecord):
    """Judge models between an old and a new one, on what was held out from the new one."""

    kind: Literal["blend"] = "blend"
    old: str
    new: str
    """Name, id or path of each."""
    corrections: list[Correction]
    """Those that the new one has learnt from."""
    device: Device = "auto"


class CheckRequest(Record):
    """Try the device for real, with one tiny training step and prediction."""

    kind: Literal["check"] = "check"
    device: Device = "auto"


Request = Annotated[
    PredictRequest
    | FineTuneRequest
    | CompareRequest
    | PreviewRequest
    | BlendRequest
    | ProbeRequest
    | CheckRequest,
    Field(discriminator="kind"),
]


class FineTuned(Record):
    """A new model, not yet in the library, and the proof of what it changed."""

    kind: Literal["fine-tuned"] = "fine-tuned"
    path: str
    """The file of the new model, outside the library until it is kept."""
    card: ModelCard
    proof: Proof
    steps: int
    seconds: float


class Blended(Record):
    """Models between an old and a new one, each with its own proof."""

    kind: Literal["blended"] = "blended"
    shares: list[float]
    """How far each is on the way to the new one, from 0 to 1."""
    stops: list[FineTuned]


class Checked(Record):
    """The device that works, and why it is that one."""

    kind: Literal["checked"] = "checked"
    device: str
    name: str
    why: str


class Probed(Record):
    """What a step of a fine-tuning takes."""

    kind: Literal["probed"] = "probed"
    step_s: float
    """Seconds."""
    gpu_bytes: int | None = None
    """Memory that it needs on the GPU; None on the CPU."""
    free_bytes: int | None = None
    """Of that memory, as much is there."""


class Previewed(Record):
    """Patches have been shown."""

    kind: Literal["previewed"] = "previewed"
    sentence: str
    """How the model is shown images."""


class Predicted(Record):
    """A prediction has come to its end; its tiles went before it."""

    kind: Literal["predicted"] = "predicted"
    model_id: str
    settings: PredictSettings


Result = Annotated[
    Predicted | FineTuned | Previewed | Blended | Probed | Checked, Field(discriminator="kind")
]
