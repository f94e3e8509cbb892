"""Find out how a fine-tuning goes about its work, and from what; nothing is learnt yet."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from napari_unet.device import choose_device
from napari_unet.models.model import Model
from napari_unet.models.pack import Pack
from napari_unet.networks.build import build_network, network_settings
from napari_unet.networks.network import Network
from napari_unet.schema.catalog import NETWORKS, resolve
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Event
from napari_unet.schema.input import AutoInput
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import FineTuneSettings, TrainSettings
from napari_unet.training.auto_input import MOST_WINDOWS, finding_input, shown_so
from napari_unet.training.base import starting_from
from napari_unet.training.lesson import Lesson, prepare_lesson
from napari_unet.training.replay import Replaying, replaying

SECONDS_PER_WINDOW, LEAST_SECONDS = 20, 5
"""The input is tried on one corrected window for so many seconds of the time budget; a smaller one
leaves no time for it."""
SHARE_OF_INPUT = 0.2
"""Of the time budget, at most."""
BATCH, BATCH_WITH_REPLAY = 4, 6
"""Patches in a step; half of the larger batch shows what is known already."""
PATCH_PX = 128


class Prepared(NamedTuple):
    """A fine-tuning before its first step."""

    old: Model
    """What it starts from."""
    model: Model
    """The same, shown images in the way that was found."""
    found: AutoInput | None
    lesson: Lesson
    network: Network
    """To be trained, on its device."""
    pack: Pack | None
    plan: TrainSettings
    sampler: Replaying
    """Where its patches come from."""


def preparing(
    model: Model,
    corrections: Sequence[Correction],
    settings: FineTuneSettings,
    base: Model | None = None,
) -> Generator[Event, None, Prepared]:
    """Find out how a fine-tuning goes about its work, and from what; nothing is learnt yet.

    Yields
    ------
    Progress, and Notice of what is left out.
    """
    device = choose_device(settings.device).device
    old = model = starting_from(model, base, settings)
    found = None
    if settings.auto_input and settings.network is None and settings.seconds >= LEAST_SECONDS:
        windows = int(np.clip(settings.seconds // SECONDS_PER_WINDOW, 1, MOST_WINDOWS))
        most_s = SHARE_OF_INPUT * settings.seconds
        found = yield from finding_input(old, corrections, settings.device, windows, most_s)
        seen_so = shown_so(old.card, found)
        model = old if seen_so.input == old.card.input else replace(old, card=seen_so)
    lesson = yield from prepare_lesson(model.card, corrections, settings.loss)
    if settings.network is None:
        pack, network = model.pack, model.network().to(device)
    else:
        pack, network = None, new_network(settings.network, model.card, settings.seed).to(device)
    plan = plan_of(settings, lesson.known_px, pack)
    sampler = replaying(lesson.examples, pack, plan, network)
    return Prepared(old, model, found, lesson, network, pack, plan, sampler)


def new_network(name: str, card: ModelCard, seed: int) -> Network:
    """A network with fresh parameters that can take the place of a model's.

    Parameters
    ----------
    name
        Its name in the catalogue; its shape is that of its paper, with all heads that it can have.
    card
        Of the model: the same channels and classes.
    seed
        Same seed, same parameters.

    Raises
    ------
    ValueError
        If there is no such network.
    """
    shape: dict[str, Any] = {
        field: getattr(card.network_settings, field) for field in ("in_channels", "classes")
    }
    if "deep_supervision" not in resolve(NETWORKS, name).fixed:
        shape["deep_supervision"] = True
    return build_network(name, network_settings(name, **shape), seed)


def plan_of(settings: FineTuneSettings, known_px: int, pack: Pack | None) -> TrainSettings:
    """How so many corrected pixels are learnt."""
    return TrainSettings(
        steps=settings.steps_for(known_px),
        seconds=settings.seconds,
        batch=BATCH if pack is None else BATCH_WITH_REPLAY,
        patch_px=PATCH_PX,
        seed=settings.seed,
        device=settings.device,
        replay_pack=settings.replay_pack,
        loss=settings.loss,
    )
