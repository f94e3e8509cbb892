"""How a network is trained, and how corrections are taught to a model."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from napari_unet.schema.settings.loss import LossSettings
from napari_unet.schema.settings.prediction import Device
from napari_unet.schema.settings.record import Record

_SEED: Any = Field(
    0, ge=0, le=2**31 - 1, title="Seed", description="Same seed, same result on the CPU."
)
_REPLAY_PACK: Any = Field(
    True,
    title="Replay pack",
    description="Keep a few small pictures of the images it learns in the model file, so that it "
    "does not forget them when it is fine-tuned later.",
)


class AugmentSettings(Record):
    """How training patches are varied; image, labels and weights move by the same field."""

    flips: bool = Field(True, title="Flips", description="Mirror patches at random.")
    rotation_deg: float = Field(
        180.0, ge=0, le=180, title="Rotation", description="Largest random rotation, in degrees."
    )
    scale: float = Field(
        1.33, ge=1, le=4, title="Scale", description="Largest random enlargement, and its inverse."
    )
    elastic_px: float = Field(
        10.0,
        ge=0,
        le=100,
        title="Elastic",
        description="Standard deviation in pixels of the random "
        "displacements on a 3 x 3 grid (Ronneberger et al. 2015); 0 turns it off.",
    )
    intensity: float = Field(
        1.0,
        ge=0,
        le=3,
        title="Intensity",
        description="Strength of random changes of brightness, "
        "contrast, blur and noise; 0 turns them off.",
    )


class TrainSettings(Record):
    """How a network is trained from its first parameters or from a model's."""

    steps: int = Field(1000, ge=1, le=10_000_000, title="Steps", description="Steps of training.")
    epochs: int | None = Field(
        None,
        ge=1,
        le=100_000,
        title="Epochs",
        description="Instead of steps: an epoch shows as many patches as there are images, and the "
        "held-out images judge after each.",
    )
    patience: int | None = Field(
        None,
        ge=1,
        le=100_000,
        title="Patience",
        description="End when so many judgements in a row were no better than the best.",
    )
    seconds: float | None = Field(
        None,
        gt=0,
        title="Time limit",
        description="Stop after so many seconds, whatever the steps.",
    )
    batch: int = Field(8, ge=1, le=1024, title="Batch", description="Patches in a step.")
    patch_px: int = Field(
        128, ge=16, le=2048, title="Patch", description="Side of a training patch."
    )
    optimizer: Literal["adamw", "adam", "sgd"] = Field(
        "adamw", title="Optimiser", description="Rule by which parameters follow the gradient."
    )
    momentum: float = Field(
        0.99,
        ge=0,
        lt=1,
        title="Momentum",
        description="SGD only: how much of the last step goes into the next.",
    )
    learning_rate: float = Field(
        1e-3, gt=0, le=1, title="Learning rate", description="Largest rate of the optimiser."
    )
    schedule: Literal["cosine", "constant"] = Field(
        "cosine",
        title="Schedule",
        description="'cosine' warms up over ten steps and falls to zero, 'constant' stays.",
    )
    weight_decay: float = Field(
        1e-4, ge=0, le=1, title="Weight decay", description="AdamW only: its decay."
    )
    seed: int = _SEED
    device: Device = Field(
        "auto", title="Device", description="Where training runs; 'auto' tries the GPU first."
    )
    replay_pack: bool = _REPLAY_PACK
    loss: LossSettings = LossSettings()
    augment: AugmentSettings = AugmentSettings()


REGION_PX = 256 * 256
"""The measured recipe counts corrections in regions of 256 x 256 pixels."""
STEPS_PER_REGION, MOST_STEPS = 60, 600
FEWEST_STEPS = 40
"""A new network that came to fewer has learnt next to nothing."""
UNTIL_TIME_IS_UP = 1_000_000
"""Steps of a new network: whatever it has reached by then, more would have taught it more."""


class FineTuneSettings(Record):
    """How a model learns a person's corrections."""

    seconds: float = Field(
        120.0,
        gt=0,
        le=86_400,
        title="Time budget",
        description="Training ends within so many seconds, whatever it has reached.",
    )
    steps: int | None = Field(
        None,
        ge=1,
        le=100_000,
        title="Steps",
        description="Steps of training; left open, as many as the corrected area calls for.",
    )
    seed: int = _SEED
    device: Device = Field(
        "auto", title="Device", description="Where training runs; 'auto' tries the GPU first."
    )
    auto_input: bool = Field(
        True,
        title="Try the negative and other scales",
        description="First try whether the model finds your objects better in the negative of the "
        "image or at another scale; the best is used, and kept with the new model.",
    )
    go_on: bool = Field(
        False,
        title="Go on from the chosen model",
        description="Start from the chosen model as it is. Otherwise training starts from the "
        "model that it descends from, with all corrections at hand: a model that is tuned again "
        "and again is drawn towards what it learnt first.",
    )
    network: str | None = Field(
        None,
        title="Start from",
        description="Teach a new network of this kind, from its first parameters, instead of the "
        "model; unless steps are given, the time alone ends it.",
    )
    replay_pack: bool = _REPLAY_PACK
    loss: LossSettings = LossSettings()

    @property
    def starts_from_base(self) -> bool:
        """Whether training starts from the base of a model, where it has one."""
        return not self.go_on and self.network is None

    def steps_for(self, known_px: int) -> int:
        """Steps that are planned: the more pixels were confirmed, the more, unless they are given.

        The time budget can end training before.
        """
        if self.steps is not None or self.network is not None:
            return self.steps or UNTIL_TIME_IS_UP
        return min(STEPS_PER_REGION * max(1, round(known_px / REGION_PX)), MOST_STEPS)
