"""Scores of masks whose labels are classes, not objects."""

from __future__ import annotations

from pydantic import Field

from napari_unet.schema.settings import Record


class ClassScores(Record):
    """How well each class of a mask agrees with the truth, over the pixels of all images together.

    The first class, which is often background, is one of them. A class that neither the mask nor
    the truth has is None, and left out of the means.
    """

    iou: tuple[float | None, ...] = Field(
        title="IoU", description="Overlap over union of each class, between 0 and 1."
    )
    dice: tuple[float | None, ...] = Field(
        title="Dice", description="Dice coefficient of each class, between 0 and 1."
    )
    mean_iou: float = Field(title="mean IoU", description="Mean of all classes that occur.")
    mean_dice: float = Field(title="mean Dice", description="Mean of all classes that occur.")
    accuracy: float = Field(title="Pixel accuracy", description="Share of pixels that are right.")
    pixels: tuple[int, ...] = Field(
        title="Pixels", description="How many pixels each class has in the truth."
    )
