"""Teach a model a person's corrections, and prove what it learnt."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from napari_unet.device import choose_device
from napari_unet.models.model import Model
from napari_unet.models.pack import Pack
from napari_unet.networks.build import build_network, network_settings
from napari_unet.networks.network import Network
from napari_unet.schema.catalog import NETWORKS, resolve
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Event, Notice, finish
from napari_unet.schema.input import AutoInput
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.proof import Proof
from napari_unet.schema.requests import View
from napari_unet.schema.settings import FineTuneSettings, TrainSettings
from napari_unet.training.auto_input import MOST_WINDOWS, finding_input, shown_so
from napari_unet.training.base import judged_as_it_is, starting_from
from napari_unet.training.budget import Budget
from napari_unet.training.card import card_of_training, proven, training_record
from napari_unet.training.examiner import Examiner
from napari_unet.training.input_alone import input_alone, told
from napari_unet.training.lesson import Lesson, prepare_lesson
from napari_unet.training.patches import Sampler
from napari_unet.training.proof import prove
from napari_unet.training.replay import pack_after, replaying
from napari_unet.training.train import train
from napari_unet.training.watching import watching

REGION_PX = 256 * 256
"""The measured recipe counts corrections in regions of 256 x 256 pixels."""
STEPS_PER_REGION, FEWEST_STEPS, MOST_STEPS = 60, 40, 600
SECONDS_PER_WINDOW, LEAST_SECONDS = 20, 5
"""The input is tried on one corrected window for so many seconds of the time budget; a smaller one
leaves no time for it."""
SHARE_OF_INPUT = 0.2
"""Of the time budget, at most."""
BATCH, BATCH_WITH_REPLAY = 4, 6
"""Patches in a step; half of the larger batch shows what is known already."""
LEAST_TRAINING_S = 1.0
UNTIL_TIME_IS_UP = 1_000_000
"""Steps of a new network: whatever it has reached by then, more would have taught it more."""


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
    sampler: Sampler
    """Where its patches come from."""


class FineTuneResult(NamedTuple):
    """A new model, and the proof of what it learnt."""

    model: Model
    proof: Proof
    steps: int
    seconds: float


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
    plan = _plan(settings, lesson, BATCH_WITH_REPLAY if pack else BATCH)
    sampler = replaying(lesson.examples, pack, plan, network)
    return Prepared(old, model, found, lesson, network, pack, plan, sampler)


def fine_tuning(
    model: Model,
    corrections: Sequence[Correction],
    settings: FineTuneSettings = FineTuneSettings(),  # noqa: B008 (frozen)
    view: View | None = None,
    *,
    base: Model | None = None,
    checkpoint: Path | None = None,
    spent: float = 0.0,
) -> Generator[Event, None, FineTuneResult]:
    """The job behind `fine_tune`, which somebody may watch; a checkpoint is as in `train`.

    Of its time ``spent`` seconds have gone by already.

    Yields
    ------
    Progress while it prepares; StepDone, Progress and Validated while it trains, and Glimpse of
    what is to be seen.
    """
    budget = Budget(settings.seconds, spent=spent)
    chosen, ready = model, (yield from preparing(model, corrections, settings, base))
    old, model, found, lesson, network, pack, plan, sampler = ready
    from_base, device = old is not chosen, next(network.parameters()).device
    old_network = network if settings.network is None else model.network().to(device)
    examiner = Examiner(network, lesson, pack, budget)
    knew, before = examiner.memory(network), examiner.judge(old_network, model.card.mask)
    if settings.network is not None:
        examiner.judge(network)  # to see how long it takes
    if from_base:
        knew = examiner.memory(chosen.network().to(device))
        before = judged_as_it_is(chosen, corrections, examiner.exams, device)
    sees_anew = model is not old and not from_base
    begun, judgements = budget.elapsed, 2 if sees_anew else 1
    training = train(
        network,
        sampler,
        plan,
        validate=examiner.test,
        validations=budget.tests(),
        limit=lambda: max(LEAST_TRAINING_S, budget.training_ends(judgements) - begun),
        freeze_statistics=settings.network is None,
        checkpoint=checkpoint,
    )
    pixels = plan.batch * plan.patch_px**2
    trained = yield from watching(training, network, model.card, view, pixels)
    if plan.steps == UNTIL_TIME_IS_UP and trained.step < FEWEST_STEPS:
        yield Notice(text=_too_few(trained.step))
    network.load_state_dict(trained.parameters)
    after = trained.scores or examiner.test(network)
    card = card_of_training(
        **_origin(model.card, settings.network),
        network_settings=network.settings,
        settings=plan,
        percentiles=model.card.percentiles,
        input=model.card.input,
        pixel_size_um=model.card.pixel_size_um,
        rgb=model.card.rgb,
        class_names=model.card.class_names,
        mask=lesson.mask,
        scores=after,
        data=_data(lesson, corrections),
        training=training_record(
            trained,
            lesson.corrections,
            chosen=chosen.card.id if from_base or settings.network else None,
        ),
    )
    knows = examiner.memory(network)
    replay = None if knew is None or knows is None else (knew, knows)
    tuned = Model(card, trained.parameters, pack_after(pack, lesson.examples, plan))
    judged = examiner.judgement(after) or examiner.judge(network)
    proof = prove(before, judged, lesson.is_held_out, replay)
    if sees_anew and not proof.accepted:
        alone = input_alone(old, model, corrections, before, network, examiner.exams)
        tuned, proof = alone or (tuned, proof)
    if found is not None:
        found = found.model_copy(update={"split": tuned.card.mask.split_touching})
    proof = told(proof, found)
    return FineTuneResult(proven(tuned, proof), proof, trained.step, budget.elapsed)


def fine_tune(
    model: Model,
    corrections: Sequence[Correction],
    settings: FineTuneSettings = FineTuneSettings(),  # noqa: B008 (frozen)
    *,
    base: Model | None = None,
) -> FineTuneResult:
    """Teach a model your corrections; the model itself is never changed.

    Parameters
    ----------
    model
        The model whose place the new one is to take: both are compared.
    corrections
        Whole planes with labels, and which of their pixels you vouch for.
    settings
        Time budget, steps, seed, device, loss, and whether to start from a new network.
    base
        What the model descends from, to start from instead of the model; None is the model itself.

    Returns
    -------
    A new model and the proof: scores of both on pixels that were held out from training. Its card
    names what it started from as its parent; that of a new network has none.

    Raises
    ------
    ValueError
        If there is nothing to learn from, or no such network; the sentence says what to do.
    """
    return finish(fine_tuning(model, corrections, settings, base=base))


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


def _plan(settings: FineTuneSettings, lesson: Lesson, batch: int) -> TrainSettings:
    regions = max(1, round(lesson.known_px / REGION_PX))
    steps = int(np.clip(STEPS_PER_REGION * regions, FEWEST_STEPS, MOST_STEPS))
    return TrainSettings(
        steps=settings.steps or (UNTIL_TIME_IS_UP if settings.network else steps),
        seconds=settings.seconds,
        batch=batch,
        patch_px=128,
        seed=settings.seed,
        device=settings.device,
        replay_pack=settings.replay_pack,
        loss=settings.loss,
    )


def _origin(present: ModelCard, new: str | None) -> dict[str, Any]:
    """What a card says of where its model comes from; a new network descends from nothing."""
    if new is not None:
        title = NETWORKS[new].title
        return {
            "name": f"{title} (new)",
            "network": new,
            "description": f"A new {title} that learnt corrections from its first parameters.",
        }
    return {
        "name": f"{present.name.removesuffix(' (tuned)')} (tuned)",
        "network": present.network,
        "parent": present.id,
        "licence": present.licence,
        "description": f"'{present.name}' after learning corrections.",
    }


def _data(lesson: Lesson, corrections: Sequence[Correction]) -> str:
    names = sorted({correction.image_id for correction in corrections})
    return f"{lesson.known_px} corrected pixels of {', '.join(names)}"


def _too_few(steps: int) -> str:
    return (
        f"The new network came to {steps} step{'s' * (steps != 1)} only: give it more time, or a "
        "GPU, or start from a smaller one."
    )
