"""The card of a model: what it is, what it saw, what it descends from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, Self
from uuid import uuid4

from pydantic import Field, field_validator, model_validator

from napari_unet.schema.input import InputSettings
from napari_unet.schema.scores import Scores
from napari_unet.schema.settings import MaskSettings, NetworkSettings, Record
from napari_unet.schema.training_record import TrainingRecord

__all__ = ["FORMAT_VERSION", "ModelCard", "Scores"]

FORMAT_VERSION = 1
"""Raised when an older program could misread a newer file."""


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
    training: TrainingRecord | None = Field(
        None, description="On what it was trained, how that went, and what it proved."
    )
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

    @field_validator("percentiles")
    @classmethod
    def _are_percentiles(cls, found: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= found[0] < found[1] <= 100:
            raise ValueError(f"The percentiles are {found}: give two from 0 to 100, smaller first.")
        return found

    @model_validator(mode="after")
    def _a_name_for_each_class(self) -> Self:
        if self.class_names and len(self.class_names) != self.classes:
            raise ValueError(
                f"'{self.name}' has {self.classes} classes and {len(self.class_names)} names: give "
                "each class a name, the first included, or none."
            )
        return self
