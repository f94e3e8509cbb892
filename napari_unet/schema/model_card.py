"""The card of a model: what it is, what it saw, what it descends from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, Self
from uuid import uuid4

from pydantic import Field, model_validator

from napari_unet.schema.class_scores import ClassScores
from napari_unet.schema.input import InputSettings
from napari_unet.schema.settings import MaskSettings, NetworkSettings, Record

FORMAT_VERSION = 1
"""Raised when an older program could misread a newer file."""


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


class ModelCard(Record):
    """What a model is, what it saw, and which model it descends from.

    Stored as JSON in the head of the model file, so that it is read without torch.
    """

    format_version: int = FORMAT_VERSION
    id: str = Field(default_factory=lambda: uuid4().hex)
    name: str = Field(title="Name", description="The name people see; never used as a file name.")
    network: str = Field(title="Network", description="Its name in the catalogue of networks.")
    network_settings: NetworkSettings
    class_names: tuple[str, ...] = Field(
        (), description="What its classes are called, if it has several."
    )
    percentiles: tuple[float, float] = Field(
        (1.0, 99.8), description="Percentiles of the whole image that become 0 and 1."
    )
    rgb: Literal["luminance", "refuse", "channels"] = Field(
        "luminance",
        description="What is done with a colour image: its luminance is taken, it is refused, or "
        "its three colours are the channels.",
    )
    input: InputSettings = Field(
        InputSettings(), description="How images are brought to what its network knows."
    )
    pixel_size_um: float | None = Field(
        None,
        gt=0,
        title="Pixel size",
        description="Side of a pixel as its network sees it, in micrometres, if anybody knows.",
    )
    mask: MaskSettings = Field(
        MaskSettings(), description="The settings that fit it best, used where none are chosen."
    )
    parent: str | None = Field(None, description="The id of the model that it was fine-tuned from.")
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))
    description: str = ""
    data: str = Field("", description="The images it was trained on.")
    licence: str = ""
    recipe: dict[str, object] = Field({}, description="The settings of the run that made it.")
    scores: Scores | None = Field(None, description="Scores on images it was not trained on.")
    scores_by_kind: dict[str, Scores] = Field({}, description="The same, by kind of image.")
    versions: dict[str, str] = Field({}, description="The packages that trained it.")

    @property
    def classes(self) -> int:
        """1 where its masks are objects; more where they are so many classes."""
        return self.network_settings.classes

    @property
    def names_of_classes(self) -> tuple[str, ...]:
        """What its classes are called, without names by their number; none of objects."""
        numbered = tuple(f"class {i}" for i in range(self.classes))
        return self.class_names or (numbered if self.classes > 1 else ())

    @model_validator(mode="after")
    def _a_name_for_each_class(self) -> Self:
        if self.class_names and len(self.class_names) != self.classes:
            raise ValueError(
                f"'{self.name}' has {self.classes} classes and {len(self.class_names)} names: give "
                "each class a name, the first included, or none."
            )
        return self
