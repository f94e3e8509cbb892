"""Teach a model a person's corrections, and prove what it learnt."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from napari_unet.models.model import Model
from napari_unet.networks.network import Network
from napari_unet.schema.catalog import NETWORKS
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Event, Notice, finish
from napari_unet.schema.input import AutoInput
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.proof import Proof
from napari_unet.schema.requests import Answer, View
from napari_unet.schema.settings import FineTuneSettings, MaskSettings
from napari_unet.schema.settings.training import FEWEST_STEPS, UNTIL_TIME_IS_UP
from napari_unet.training.base import judged_as_it_is
from napari_unet.training.budget import Budget
from napari_unet.training.card import card_of_training, proven, training_record
from napari_unet.training.examiner import Examiner
from napari_unet.training.fitting import mask_of_network
from napari_unet.training.input_alone import input_alone, told
from napari_unet.training.joining import Joins, OpenLesson, joining
from napari_unet.training.judging import Judgement
from napari_unet.training.lesson import Lesson
from napari_unet.training.preparation import Prepared, preparing
from napari_unet.training.proof import prove
from napari_unet.training.replay import pack_after
from napari_unet.training.train import Trained, quality, train
from napari_unet.training.watching import watching

LEAST_TRAINING_S = 1.0


class FineTuneResult(NamedTuple):
    """A new model, and the proof of what it learnt."""

    model: Model
    proof: Proof
    steps: int
    seconds: float


def fine_tuning(
    model: Model,
    corrections: Sequence[Correction],
    settings: FineTuneSettings = FineTuneSettings(),  # noqa: B008 (frozen)
    view: View | None = None,
    *,
    base: Model | None = None,
    checkpoint: Path | None = None,
    joins: Joins = Joins(),  # noqa: B008 (frozen)
    spent: float = 0.0,
) -> Generator[Event, Answer, FineTuneResult]:
    """The job behind `fine_tune`, which somebody may watch; a checkpoint is as in `train`.

    Of its time ``spent`` seconds have gone by already. Corrections may join while it trains, see
    `napari_unet.training.joining`; it gets neither more steps nor more time for them.

    Yields
    ------
    Progress while it prepares; StepDone, Progress and Validated while it trains, Glimpse of what
    is to be seen, and Joined of what was sent.
    """
    budget = Budget(settings.seconds, spent=spent)
    ready = yield from preparing(model, corrections, settings, base)
    network, plan = ready.network, ready.plan
    examiner = Examiner(network, ready.lesson, ready.pack, budget)
    knew, before, untaught = _before(model, ready, corrections, settings, examiner)
    begun = budget.elapsed
    lesson = OpenLesson(ready.lesson, ready.sampler, ready.model.card, settings.loss)
    training = train(
        network,
        lesson.sampler,
        plan,
        validate=examiner.test,
        validations=budget.tests(),
        limit=lambda: max(LEAST_TRAINING_S, budget.training_ends() - begun),
        freeze_statistics=settings.network is None,
        checkpoint=checkpoint,
    )
    pixels = plan.batch * plan.patch_px**2
    watched = watching(training, network, ready.model.card, view, pixels)
    trained = yield from joining(watched, lesson, joins)
    ready = ready._replace(lesson=lesson.lesson)
    if plan.steps == UNTIL_TIME_IS_UP and trained.step < FEWEST_STEPS:
        yield Notice(text=_too_few(trained.step))
    in_time = trained.step > 0 or budget.elapsed < budget.training_ends()
    network.load_state_dict(trained.parameters)
    mask, judged = _after(network, ready.lesson, trained, examiner)
    tuned = _tuned(model, ready, corrections, settings, trained, judged, mask)
    knows = examiner.memory(network)
    replay = None if knew is None or knows is None else (knew, knows)
    is_held_out = ready.lesson.is_held_out
    proof = prove(before, judged, is_held_out, replay)
    sees_anew = ready.model is not ready.old is model
    if sees_anew and (not proof.accepted or quality(judged.scores) < quality(untaught.scores)):
        alone = input_alone(model, ready.model, before, untaught, ready.lesson)
        tuned, proof = alone or (tuned, proof)
    if not in_time and not proof.accepted:
        raise ValueError(_no_step(settings.seconds))
    proof = told(proof, _found(ready, tuned))
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
        If there is nothing to learn from, no time for a step, or no such network; the sentence
        says what to do.
    """
    return finish(fine_tuning(model, corrections, settings, base=base))


def _before(
    chosen: Model,
    ready: Prepared,
    corrections: Sequence[Correction],
    settings: FineTuneSettings,
    examiner: Examiner,
) -> tuple[float | None, Judgement, Judgement]:
    """What the chosen model knows of old images, and masks of what is held out.

    First those of the chosen model as its user has it, then those of what training starts from:
    it may be shown images in another way.
    """
    network, device = ready.network, next(ready.network.parameters()).device
    start = network if settings.network is None else ready.model.network().to(device)
    known = network if ready.old is chosen else chosen.network().to(device)
    knew, untaught = examiner.memory(known), examiner.judge(start, ready.model.card.mask)
    if settings.network is not None:
        examiner.judge(network)  # to see how long it takes
    if ready.model is chosen:
        return knew, untaught, untaught
    return knew, judged_as_it_is(chosen, corrections, examiner.exams, device), untaught


def _after(
    network: Network, lesson: Lesson, trained: Trained, examiner: Examiner
) -> tuple[MaskSettings, Judgement]:
    """How the masks of the network are made that has learnt, and how good they are."""
    mask = mask_of_network(network, lesson.taught, lesson.mask)
    judged = examiner.judgement(trained.scores) if mask == lesson.mask else None
    return mask, judged or examiner.judge(network, mask)


def _found(ready: Prepared, tuned: Model) -> AutoInput | None:
    """How images are best shown, and whether the new model splits touching objects."""
    split = {"split": tuned.card.mask.split_touching}
    return None if ready.found is None else ready.found.model_copy(update=split)


def _tuned(
    chosen: Model,
    ready: Prepared,
    corrections: Sequence[Correction],
    settings: FineTuneSettings,
    trained: Trained,
    judged: Judgement,
    mask: MaskSettings,
) -> Model:
    """The new model: its card says what it comes from."""
    origin, lesson = ready.model.card, ready.lesson
    is_other = ready.old is not chosen or settings.network is not None
    card = card_of_training(
        **_origin(origin, settings.network),
        network_settings=ready.network.settings,
        settings=ready.plan,
        percentiles=origin.percentiles,
        input=origin.input,
        pixel_size_um=origin.pixel_size_um,
        rgb=origin.rgb,
        class_names=origin.class_names,
        mask=mask,
        scores=judged.scores.plain,
        data=_data(lesson, corrections),
        training=training_record(
            trained,
            lesson.corrections,
            joined=lesson.joined,
            chosen=chosen.card.id if is_other else None,
        ),
    )
    pack = pack_after(ready.pack, lesson.examples, ready.plan)
    return Model(card, trained.parameters, pack)


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
    names = sorted({correction.image_id for correction in (*corrections, *lesson.corrections)})
    return f"{lesson.known_px} corrected pixels of {', '.join(names)}"


def _no_step(seconds: float) -> str:
    return f"No step of training fitted into {seconds:g} s: allow more time."


def _too_few(steps: int) -> str:
    return (
        f"The new network came to {steps} step{'s' * (steps != 1)} only: give it more time, or a "
        "GPU, or start from a smaller one."
    )
