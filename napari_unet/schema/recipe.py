"""A recipe: how a network is made from its first parameters, as a file."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, ValidationError

from napari_unet.schema.settings import NetworkSettings, Record, TrainSettings

DEFAULT_RECIPE = "default"


class Recipe(Record):
    """How somebody trains a network; what it does not say is as by default."""

    title: str
    description: str = Field("", description="One sentence: what is special about it.")
    source: str = Field("", description="Where it comes from.")
    network: str = Field("unet", description="The network that it is for; others can be taken.")
    network_settings: NetworkSettings = NetworkSettings()
    train: TrainSettings = TrainSettings()

    @classmethod
    def of(cls, content: dict[str, Any]) -> Self:
        """The recipe that a file describes; a ValueError says what is wrong first, in one line."""
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            found = error.errors()[0]
            place = ".".join(map(str, found["loc"]))
            raise ValueError(f"{place}: {found['msg'].rstrip('.').lower()}") from error
