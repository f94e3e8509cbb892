"""How well masks agree with the truth."""

from __future__ import annotations

from pydantic import Field

from napari_unet.schema.class_scores import ClassScores
from napari_unet.schema.settings import Record


class Scores(Record):
    """How well masks agree with the truth, between 0 (never) and 1 (always).

    The pixel error and the distance of outlines are 0 where all is right. Of masks of classes IoU
    and Dice are the means over classes, and nothing counts objects.
    """

    iou: float = Field(title="IoU", description="Foreground overlap over union, mean of images.")
    dice: float = Field(title="Dice", description="Foreground Dice coefficient, mean of images.")
    f1_50: float | None = Field(
        None, title="Object F1", description="Objects found at IoU 0.5, all images."
    )
    mean_ap: float | None = Field(
        None,
        title="mean AP",
        description="TP / (TP + FP + FN) over IoU 0.5 to 0.95, mean of images.",
    )
    pixel_error: float | None = Field(
        None, title="Pixel error", description="Share of pixels that are wrong, mean of images."
    )
    aji: float | None = Field(
        None,
        title="AJI",
        description="Aggregated Jaccard index: overlap over union, object by object, mean of "
        "images.",
    )
    hausdorff_95_px: float | None = Field(
        None,
        title="Hausdorff-95",
        description="How far 95 % of an outline lie from the true one at most, in pixels: mean of "
        "the objects found.",
    )
    classes: ClassScores | None = Field(None, description="Class by class, if it has classes.")
    images: int = Field(1, title="Images", description="Number of images scored.")

    @property
    def headline(self) -> tuple[str, float]:
        """The one score that says most, with its name: of objects their F1, of classes the IoU."""
        return ("mean IoU", self.iou) if self.f1_50 is None else ("object F1", self.f1_50)
