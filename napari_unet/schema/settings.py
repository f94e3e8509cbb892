"""Every number a user can turn, declared once: default, range, label and help.

The panel's forms, the command line, validation, the model card and the table in the
documentation are all derived from these records (rule 3 of ``docs/architecture.md``).
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from napari_unet.schema import catalog


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
    normalization: Literal["kernel", "batch", "layer", "group", "none"] = Field(
        "kernel",
        title="Normalisation",
        description="'kernel' standardises kernels, not the image, so masks never depend on the "
        "tile; 'batch' keeps the statistics of training, 'layer' works on the channels of each "
        "pixel; 'group' makes masks depend on the tile; 'none' is as in the papers before 2016.",
    )
    upsampling: Literal["transposed", "bilinear", "nearest"] = Field(
        "transposed",
        title="Upsampling",
        description="How a level is brought back to twice its size: by a transposed convolution, "
        "by interpolation, or by repeating pixels and a 2 x 2 convolution.",
    )
    deep_supervision: bool = Field(
        False, title="Deep supervision", description="UNet++ only: train a head on every depth."
    )
    dropout: float = Field(
        0.0,
        ge=0,
        le=0.9,
        title="Dropout",
        description="Part of the deepest features that is left out at random in each step of "
        "training, against learning the images by heart; 0 turns it off.",
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
    objects_of: int | None = Field(
        None,
        ge=0,
        le=254,
        title="Objects of class",
        description="Models of classes only: number the objects of this class, counted from 0. "
        "Without it the mask holds the likeliest class of each pixel, whatever the threshold.",
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
    """What the network is taught to minimise; each loss reads those of these that it needs."""

    loss: str = Field(
        "border-weighted-ce+dice", title="Loss", description="Name of a loss in the catalogue."
    )
    border: Literal["auto", "none", "2015", "2019"] = Field(
        "auto",
        title="Border weights",
        description="How pixels are weighted by the objects around them: as in the U-Net paper "
        "(2015), as in its Fiji plugin (2019), or not; 'auto' is what belongs to the loss.",
    )
    balance: bool = Field(
        False,
        title="Balance classes",
        description="Let object and background, or all classes, count the same in each image, "
        "however much of it they cover; the weights of 2019 have a balance of their own.",
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
    falk_background: float = Field(
        0.1,
        ge=0,
        le=1,
        title="Background weight (2019)",
        description="What background counts that is far from all objects; objects count 1.",
    )
    falk_w0: float = Field(
        50.0,
        ge=0,
        le=1000,
        title="Border weight (2019)",
        description="How much more a pixel between two touching objects counts.",
    )
    falk_gap_px: float = Field(
        6.0,
        gt=0,
        le=100,
        title="Border reach (2019)",
        description="How wide the gap is in which that border weight counts, in pixels.",
    )
    falk_rim_px: float = Field(
        10.0,
        gt=0,
        le=100,
        title="Rim (2019)",
        description="How far around an object background counts nearly as much as the object.",
    )
    alpha: float = Field(
        0.25,
        ge=0.01,
        le=0.99,
        title="Object weight (focal)",
        description="alpha: what pixels of objects count; background counts 1 - alpha.",
    )
    gamma: float = Field(
        2.0,
        ge=0,
        le=10,
        title="Focus (focal)",
        description="gamma: how much less pixels count that are already right; 0 is not at all.",
    )
    beta: float = Field(
        2.0,
        ge=0.01,
        le=100,
        title="Object weight (weighted BCE)",
        description="beta: above 1 fewer objects are missed, below 1 fewer are made up.",
    )
    tversky_beta: float = Field(
        0.3,
        ge=0,
        le=1,
        title="Made-up pixels (Tversky)",
        description="beta: what pixels count that are wrongly object; missed ones count 1 - beta.",
    )
    sensitivity: float = Field(
        0.5,
        ge=0,
        le=1,
        title="Sensitivity",
        description="w of sensitivity-specificity: what found objects count; background found to "
        "be background counts 1 - w.",
    )
    smooth: float = Field(
        1.0,
        ge=1e-6,
        le=1000,
        title="Smoothing",
        description="Added above and below the fraction line of overlaps, in pixels, so that "
        "patches without objects have one.",
    )

    @field_validator("loss")
    @classmethod
    def _is_in_the_catalogue(cls, name: str) -> str:
        return catalog.known(catalog.LOSSES, name)


_REPLAY_PACK: Any = Field(
    True,
    title="Replay pack",
    description="Keep a few small pictures of the images it learns in the model file, so that it "
    "does not forget them when it is fine-tuned later.",
)
"""One declaration for all that learn."""


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
    seed: int = Field(0, ge=0, title="Seed", description="Same seed, same result on the CPU.")
    device: Device = Field(
        "auto", title="Device", description="Where training runs; 'auto' tries the GPU first."
    )
    replay_pack: bool = _REPLAY_PACK
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
    auto_input: bool = Field(
        True,
        title="Find the input",
        description="First try whether the model finds your objects better in the negative of the "
        "image or at another scale; the best is used, and kept with the new model.",
    )
    network: str | None = Field(
        None,
        title="Start from",
        description="Teach a new network of this kind, from its first parameters, instead of the "
        "model; unless steps are given, the time alone ends it.",
    )
    replay_pack: bool = _REPLAY_PACK
    loss: LossSettings = LossSettings()
