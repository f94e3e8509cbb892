"""What a network is taught to minimise."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from napari_unet.schema import catalog
from napari_unet.schema.settings.record import Record


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
