"""Write down how a model was made."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import NetworkSettings, TrainSettings


def card_of_training(
    *,
    name: str,
    network: str,
    network_settings: NetworkSettings,
    settings: TrainSettings,
    **more: Any,
) -> ModelCard:
    """The card of a model that has just been trained: its recipe and the versions that made it.

    Parameters
    ----------
    name, network, network_settings
        See `ModelCard`.
    settings
        How it was trained.
    more
        Other fields of `ModelCard`.
    """
    packages = {name: version(name) for name in ("napari-unet-finetune", "torch", "numpy")}
    return ModelCard(
        name=name,
        network=network,
        network_settings=network_settings,
        recipe=settings.model_dump(mode="json"),
        versions={"python": platform.python_version(), **packages},
        **more,
    )
