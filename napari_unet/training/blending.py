"""Models in between: part of the way from the old parameters to the new ones.

What was learnt and what was known before are weighed against each other without training again
(Wortsman et al. 2022, Robust fine-tuning of zero-shot models, equation 1).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import torch
from torch import Tensor

from napari_unet.device import choose_device
from napari_unet.models.kinship import why_not_between
from napari_unet.models.model import Model
from napari_unet.networks.build import on_device
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Event, Progress
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.proof import Proof
from napari_unet.schema.scores import Scores
from napari_unet.schema.settings import Device
from napari_unet.training.card import proven
from napari_unet.training.judging import judge
from napari_unet.training.lesson import dividing
from napari_unet.training.proof import prove
from napari_unet.training.replay import replay_score

SHARES = (0.25, 0.5, 0.75)


def blended(
    old: Mapping[str, Tensor], new: Mapping[str, Tensor], share: float
) -> dict[str, Tensor]:
    """Parameters a share of the way from the old ones to the new ones.

    Parameters
    ----------
    old, new
        Of one network: the same names and shapes.
    share
        0 gives the old ones and 1 the new ones, bit for bit. Whole numbers have nothing in between:
        they are the new ones but at 0.

    Raises
    ------
    ValueError
        If the share is not from 0 to 1, or the networks differ.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"A share of {share} of the way is not on it: give one from 0 to 1.")
    if {name: value.shape for name, value in old.items()} != {
        name: value.shape for name, value in new.items()
    }:
        raise ValueError("These parameters are of two different networks: blend those of one.")
    if share in (0, 1):
        return {name: value.clone() for name, value in (new if share else old).items()}
    return {
        name: torch.lerp(value, new[name], share)
        if value.is_floating_point()
        else new[name].clone()
        for name, value in old.items()
    }


def blending(
    old: Model, new: Model, corrections: Sequence[Correction], device: Device = "auto"
) -> Generator[Event, None, list[tuple[Model, Proof]]]:
    """Judge models between an old and a new one on what was held out from training the new one.

    Parameters
    ----------
    old, new
        Before and after a fine-tuning.
    corrections
        What it learnt from: the same pixels are held out.
    device
        Where the networks run.

    Yields
    ------
    Progress.

    Returns
    -------
    A model at each of ``SHARES``, with its proof against the old one. Whoever takes the best of
    several looks at the same pixels should know that this one was lucky, too.

    Raises
    ------
    ValueError
        If there is nothing between the two models; the sentence says why.
    """
    if reason := why_not_between(old.card, new.card):
        raise ValueError(reason)
    at = choose_device(device).device
    parts = yield from dividing(new.card, corrections)
    network = on_device(old.network(), at)
    before = judge(network, parts.exams, old.card.mask)
    knew = None if old.pack is None else replay_score(network, old.pack)
    made = []
    for done, share in enumerate(SHARES):
        yield Progress(phase="in between", done=done, total=len(SHARES))
        parameters = blended(old.parameters, new.parameters, share)
        network.load_state_dict(parameters)
        judged = judge(network, parts.exams, new.card.mask)
        replay = (
            None if knew is None or old.pack is None else (knew, replay_score(network, old.pack))
        )
        proof = prove(before, judged, parts.is_divided, replay)
        card = _card(old.card, new.card, share, judged.scores.plain)
        model = Model(card, parameters, new.pack)
        made.append((proven(model, proof), proof))
    return made


def _card(old: ModelCard, new: ModelCard, share: float, scores: Scores) -> ModelCard:
    return new.model_copy(
        update={
            "id": uuid4().hex,
            "name": f"{new.name.removesuffix(' (tuned)')} ({share * 100:.0f} % tuned)",
            "parent": old.id,
            "created": datetime.now(UTC),
            "description": f"{share * 100:.0f} % of the way from '{old.name}' to '{new.name}'.",
            "scores": scores,
            "scores_by_kind": {},
        }
    )
