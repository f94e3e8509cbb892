"""Write down how a model was made."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np

from napari_unet.models.model import Model
from napari_unet.schema.correction import Correction
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.proof import Proof
from napari_unet.schema.settings import NetworkSettings, TrainSettings
from napari_unet.schema.training_record import Learnt, TrainingRecord
from napari_unet.training.curve import thinned
from napari_unet.training.train import Trained


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


def training_record(
    trained: Trained, corrections: Sequence[Correction] = (), **more: Any
) -> TrainingRecord:
    """What is remembered of a training.

    Parameters
    ----------
    trained
        How it went.
    corrections
        What it had to learn from and to be judged by.
    more
        Other fields of `TrainingRecord`.
    """
    return TrainingRecord(
        images=tuple(_learnt(one) for one in corrections),
        steps=trained.step,
        seconds=round(trained.seconds, 1),
        loss=trained.curve.points(),
        tests=thinned(trained.tests),
        **more,
    )


def proven(model: Model, proof: Proof) -> Model:
    """The same model, with what it has proved in its card."""
    training = model.card.training or TrainingRecord()
    training = training.model_copy(update={"proof": proof})
    return replace(model, card=model.card.model_copy(update={"training": training}))


def _learnt(correction: Correction) -> Learnt:
    known = np.asarray(correction.known) > 0
    objects = np.unique(np.asarray(correction.labels)[known])
    return Learnt(
        image_id=correction.image_id,
        known_px=int(known.sum()),
        objects=int(np.count_nonzero(objects)) if correction.classes == 1 else len(objects),
    )
