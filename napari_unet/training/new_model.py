"""Train a new model from annotated images."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from napari_unet.models.model import Model
from napari_unet.models.pack import joined
from napari_unet.networks.build import build_network
from napari_unet.schema.events import Event
from napari_unet.schema.settings import MaskSettings, NetworkSettings, TrainSettings
from napari_unet.training.card import card_of_training, training_record
from napari_unet.training.distributed import ALONE, World
from napari_unet.training.examples import Example
from napari_unet.training.packing import pack_of
from napari_unet.training.patches import PatchSampler
from napari_unet.training.scoring import Exam, score_network
from napari_unet.training.train import train

PICTURES = 22
"""How many pictures of its images the replay pack of a new model holds."""


def new_model(
    network: str,
    network_settings: NetworkSettings,
    settings: TrainSettings,
    examples: Sequence[Example],
    exams: Sequence[Exam] = (),
    *,
    mask: MaskSettings = MaskSettings(),  # noqa: B008 (frozen)
    chances: Sequence[float] | None = None,
    checkpoint: Path | None = None,
    world: World = ALONE,
    **card: Any,
) -> Generator[Event, None, Model]:
    """Train a network of the catalogue from its first parameters.

    Parameters
    ----------
    network, network_settings
        Its name and shape.
    settings
        How it is trained.
    examples
        The annotated images; ``chances`` says how often each is drawn.
    exams
        Images to judge by: with them the best parameters are kept, without them the last.
    mask
        How its probabilities become objects, in the exams and later.
    checkpoint, world
        See `train`.
    card
        Other fields of the model's card: name, data, licence ...

    Yields
    ------
    StepDone, Progress and Validated.
    """
    built = build_network(network, network_settings, settings.seed)
    sampler = PatchSampler(
        examples,
        batch=settings.batch,
        patch_px=built.fitting_px(settings.patch_px),
        settings=settings.augment,
        seed=settings.seed,
        chances=chances,
        margin_px=built.margin_px,
        share=world.share,
    )
    trained = yield from train(
        built,
        sampler,
        settings,
        validate=(lambda n: score_network(n, exams, mask)) if exams else None,
        checkpoint=checkpoint,
        world=world,
    )
    described = card_of_training(
        network=network,
        network_settings=network_settings,
        settings=settings,
        mask=mask,
        scores=trained.scores,
        training=training_record(trained),
        **card,
    )
    pack = pack_of(examples, PICTURES, settings.seed, chances) if settings.replay_pack else None
    return Model(described, trained.parameters, joined(None, pack))
