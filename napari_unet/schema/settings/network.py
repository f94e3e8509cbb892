"""The shape of a network."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from napari_unet.schema.settings.record import Record


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
