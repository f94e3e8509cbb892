"""Patches as a fine-tuning would see them, without learning anything."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import torch

from napari_unet.models.model import Model
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Event, Patches
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.training.patches import Batch, Sampler
from napari_unet.training.preparation import preparing
from napari_unet.training.replay import MixedSampler

SHOWN, REPLAYED = 9, 3
"""Patches that are shown, and how many of them come from the replay pack if there is one."""


def previewing(
    model: Model,
    corrections: Sequence[Correction],
    settings: FineTuneSettings,
    base: Model | None = None,
) -> Generator[Event, None, str]:
    """Prepare a fine-tuning as always, and show what its first steps would learn from.

    The arguments are those of `fine_tune`.

    Yields
    ------
    Progress and Notice, as fine-tuning does while it prepares; then Patches.

    Returns
    -------
    How the model is shown images, in one sentence.

    Raises
    ------
    ValueError
        If there is nothing to learn from.
    """
    ready = yield from preparing(model, corrections, settings, base)
    yield patches_of(ready.sampler)
    return ready.found.sentence if ready.found else ready.model.card.input.sentence


def patches_of(sampler: Sampler) -> Patches:
    """The first patches that a training draws: those of new images, then replayed ones."""
    if not isinstance(sampler, MixedSampler):
        return _shown(_first(sampler, SHOWN), 0)
    new, old = _first(sampler.new, SHOWN - REPLAYED), _first(sampler.old, REPLAYED)
    both = Batch(*(torch.cat(parts) for parts in zip(new, old, strict=True)))
    return _shown(both, REPLAYED)


def _first(sampler: Sampler, count: int) -> Batch:
    """So many patches, step by step."""
    drawn = [sampler.draw(0)]
    while sum(len(batch.images) for batch in drawn) < count:
        drawn.append(sampler.draw(len(drawn)))
    return Batch(*(torch.cat(parts)[:count].cpu() for parts in zip(*drawn, strict=True)))


def _shown(batch: Batch, replayed: int) -> Patches:
    """Without the margin of which a network makes nothing."""
    margin = (batch.images.shape[-1] - batch.targets.shape[-1]) // 2
    inner = slice(margin, batch.images.shape[-1] - margin)
    return Patches(
        images=batch.images[..., inner, inner].numpy(),
        targets=batch.targets.to(torch.uint8).numpy(),
        weight_maps=batch.weight_maps.numpy(),
        replayed=replayed,
    )
