"""Start from the base of a model: what it descends from, before anything was taught to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from napari_unet.models.model import Model
from napari_unet.networks.build import on_device
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import finish
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.training.judging import Judgement, judge
from napari_unet.training.lesson import dividing
from napari_unet.training.scoring import Exam


def starting_from(chosen: Model, base: Model | None, settings: FineTuneSettings) -> Model:
    """What a fine-tuning starts from: the base of the chosen model, if there is one to start from.

    Tuned again and again, a model is drawn towards what it learnt first; taught all corrections
    from its base, it is not.

    Parameters
    ----------
    chosen
        The model whose place the new one is to take.
    base
        What that one descends from; None is nothing.
    settings
        Whether the base is wanted, and whether the input is looked for.

    Returns
    -------
    The parameters and the card of the base, and the replay pack of the chosen model: what that one
    has learnt of images that are not at hand now is not lost. Where the input is not looked for it
    is that of the chosen model. A new network starts from nothing, and is compared with the chosen
    model as before.
    """
    if base is None or not settings.starts_from_base:
        return chosen
    if base.card.network_settings.in_channels != chosen.card.network_settings.in_channels or (
        base.card.classes != chosen.card.classes
    ):
        return chosen
    card = base.card
    if not settings.auto_input:
        card = card.model_copy(update={"input": chosen.card.input})
    return replace(base, card=card, pack=base.pack if chosen.pack is None else chosen.pack)


def judged_as_it_is(
    model: Model,
    corrections: Sequence[Correction],
    exams: Sequence[Exam],
    device: torch.device,
) -> Judgement:
    """A model's masks of what another one is judged by, seen through its own input.

    Parameters
    ----------
    model
        With its own input and its own settings of masks.
    corrections
        What the exams were made of.
    exams
        They say which pixels count.
    device
        Where the network runs.
    """
    own = finish(dividing(model.card, corrections)).exams
    same = [exam._replace(counted=other.counted) for exam, other in zip(own, exams, strict=True)]
    return judge(on_device(model.network(), device), same, model.card.mask)
