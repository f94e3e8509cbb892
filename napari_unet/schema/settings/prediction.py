"""How a model is run, and how its probabilities become a mask."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from napari_unet.schema.settings.record import Record

Device = Literal["auto", "cuda", "mps", "cpu"]


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
