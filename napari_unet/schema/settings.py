"""Every number a user can turn, declared once: default, range, label and help.

The panel's forms, the command line, validation, the model card and the table in the
documentation are all derived from these records (rule 3 of ``docs/architecture.md``).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """A frozen record: two that hold the same values are the same thing."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Device = Literal["auto", "cuda", "mps", "cpu"]


class NetworkSettings(Record):
    """The shape of a network; stored in the model file, never changed by fine-tuning."""

    in_channels: int = Field(
        1, ge=1, le=64, title="Input channels", description="Channels of the images it reads."
    )
    classes: int = Field(
        1,
        ge=1,
        le=255,
        title="Classes",
        description="Maps it gives: 1 is object against background (sigmoid), more are classes "
        "that exclude each other, the first being background (softmax).",
    )
    features: int = Field(
        16,
        ge=1,
        le=256,
        title="Features",
        description="Channels of the first level; each level below has twice as many.",
    )
    depth: int = Field(
        5,
        ge=2,
        le=7,
        title="Depth",
        description="Number of resolution levels, the full one included.",
    )
    normalization: Literal["kernel", "batch", "layer", "group"] = Field(
        "kernel",
        title="Normalisation",
        description="'kernel' standardises kernels, not the image, so masks never depend on the "
        "tile; 'batch' keeps the statistics of training, 'layer' works on the channels of each "
        "pixel; 'group' makes masks depend on the tile.",
    )
    upsampling: Literal["transposed", "bilinear"] = Field(
        "transposed",
        title="Upsampling",
        description="How a level is brought back to twice its size.",
    )
    deep_supervision: bool = Field(
        False, title="Deep supervision", description="UNet++ only: train a head on every depth."
    )


class PredictSettings(Record):
    """How a model is run over an image.

    Only ``head`` and ``rotations`` change the result; the others change it by rounding at most.
    """

    tile_px: int = Field(
        512,
        ge=16,
        le=8192,
        title="Tile",
        description="Side of the square the network sees at a "
        "time, without its halo. Smaller tiles need less memory; the result is the same.",
    )
    device: Device = Field(
        "auto", title="Device", description="Where the network runs; 'auto' tries the GPU first."
    )
    head: Literal["accurate", "L1", "L2", "L3", "L4"] = Field(
        "accurate",
        title="Heads",
        description="UNet++ only: 'accurate' averages all heads, L1 to L4 stop at that depth and "
        "are faster the lower the number.",
    )
    rotations: bool = Field(
        False,
        title="Average over rotations",
        description="Average the 8 flips and quarter turns of the image: slower by 8, slightly "
        "steadier outlines.",
    )


class MaskSettings(Record):
    """How probabilities become objects; changing one never runs the network again."""

    threshold: float = Field(
        0.5,
        ge=0.01,
        le=0.99,
        title="Threshold",
        description="A pixel is object where the probability is above this.",
    )
    min_size_px: int = Field(
        20,
        ge=0,
        le=1_000_000,
        title="Smallest object",
        description="Objects with fewer pixels are left out.",
    )
    split_touching: bool = Field(
        True,
        title="Split touching objects",
        description="Cut objects at their waists (distance "
        "watershed). Right for roundish objects, wrong for branched ones.",
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


class LossSettings(Record):
    """What the network is taught to minimise."""

    loss: str = Field(
        "border-weighted-ce+dice", title="Loss", description="Name of a loss in the catalogue."
    )
    w0: float = Field(
        10.0,
        ge=0,
        le=1000,
        title="Border weight",
        description="w0: how much more a pixel between two touching objects counts.",
    )
    sigma_px: float = Field(
        5.0,
        gt=0,
        le=100,
        title="Border reach",
        description="sigma in pixels: how wide the gap is in which the border weight counts.",
    )


class TrainSettings(Record):
    """How a network is trained from its first parameters or from a model's."""

    steps: int = Field(1000, ge=1, le=10_000_000, title="Steps", description="Steps of training.")
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
    learning_rate: float = Field(
        1e-3,
        gt=0,
        le=1,
        title="Learning rate",
        description="Largest step of AdamW; it warms up, then falls to zero along a cosine.",
    )
    weight_decay: float = Field(
        1e-4, ge=0, le=1, title="Weight decay", description="AdamW's decay."
    )
    seed: int = Field(0, ge=0, title="Seed", description="Same seed, same result on the CPU.")
    device: Device = Field(
        "auto", title="Device", description="Where training runs; 'auto' tries the GPU first."
    )
    loss: LossSettings = LossSettings()
    augment: AugmentSettings = AugmentSettings()


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
    seed: int = Field(0, ge=0, title="Seed", description="Same seed, same result on the CPU.")
    device: Device = Field(
        "auto", title="Device", description="Where training runs; 'auto' tries the GPU first."
    )
