"""Teach a model a person's corrections, and prove what it learnt."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import NamedTuple

import numpy as np

from napari_unet.device import choose_device
from napari_unet.images.instances import instances
from napari_unet.images.metrics import f1
from napari_unet.inference.predict import prepare
from napari_unet.models.model import Model
from napari_unet.schema.correction import Correction, kind_text
from napari_unet.schema.events import Event, Notice, Progress, finish
from napari_unet.schema.model_card import ModelCard, Scores
from napari_unet.schema.requests import Proof
from napari_unet.schema.settings import FineTuneSettings, MaskSettings, TrainSettings
from napari_unet.training.card import card_of_training
from napari_unet.training.examples import Example, make_example
from napari_unet.training.heldout import held_out
from napari_unet.training.patches import PatchSampler
from napari_unet.training.scoring import Exam, score_network
from napari_unet.training.train import train

REGION_PX = 256 * 256
"""The measured recipe counts corrections in regions of 256 x 256 pixels."""
STEPS_PER_REGION, FEWEST_STEPS, MOST_STEPS = 60, 40, 600
MOST_EXAMS = 8
WORSE_BY = 0.01
"""A new model may be worse by so much in pixels or objects and still count as not worse."""


class FineTuneResult(NamedTuple):
    """A new model, and the proof of what it learnt."""

    model: Model
    proof: Proof
    steps: int
    seconds: float


class Lesson(NamedTuple):
    """Corrections made ready: what is trained on, and what is held out to judge by."""

    examples: list[Example]
    exams: list[Exam]
    is_held_out: bool
    mask: MaskSettings
    known_px: int


def fine_tuning(
    model: Model,
    corrections: Sequence[Correction],
    settings: FineTuneSettings = FineTuneSettings(),  # noqa: B008 (frozen)
) -> Generator[Event, None, FineTuneResult]:
    """The job behind `fine_tune`.

    Yields
    ------
    Progress while it prepares; StepDone, Progress and Validated while it trains.
    """
    start = time.monotonic()
    device = choose_device(settings.device).device
    lesson = yield from _prepare(model.card, corrections)
    network = model.network().to(device)
    before_start = time.monotonic()
    before = score_network(network, lesson.exams, model.card.mask)
    scoring = time.monotonic() - before_start
    plan = _plan(settings, lesson, settings.seconds - (time.monotonic() - start) - 1.5 * scoring)
    sampler = PatchSampler(
        [example.to(device) for example in lesson.examples],
        batch=plan.batch,
        patch_px=network.fitting_px(plan.patch_px),
        settings=plan.augment,
        seed=plan.seed,
        margin_px=network.margin_px,
    )
    trained = yield from train(
        network,
        sampler,
        plan,
        validate=lambda n: score_network(n, lesson.exams, lesson.mask),
        freeze_statistics=True,
    )
    after = trained.scores or score_network(network, lesson.exams, lesson.mask)
    card = _card(model.card, plan, lesson, after, corrections)
    proof = prove(before, after, lesson.is_held_out)
    seconds = time.monotonic() - start
    return FineTuneResult(Model(card, trained.parameters), proof, trained.step, seconds)


def fine_tune(
    model: Model,
    corrections: Sequence[Correction],
    settings: FineTuneSettings = FineTuneSettings(),  # noqa: B008 (frozen)
) -> FineTuneResult:
    """Teach a model your corrections; the model itself is never changed.

    Parameters
    ----------
    model
        What to start from.
    corrections
        Whole planes with labels, and which of their pixels you vouch for.
    settings
        Time budget, steps, seed, device.

    Returns
    -------
    A new model, whose card names its parent, and the proof: scores of both on pixels that were
    held out from training.

    Raises
    ------
    ValueError
        If there is nothing to learn from; the sentence says what to do.
    """
    return finish(fine_tuning(model, corrections, settings))


def _prepare(card: ModelCard, corrections: Sequence[Correction]) -> Generator[Event, None, Lesson]:
    """Split each correction into pixels to learn from and pixels to judge by."""
    classes = card.classes
    examples: list[Example] = []
    apart: list[Exam] = []
    whole: list[Exam] = []
    for done, correction in enumerate(corrections, start=1):
        known = np.asarray(correction.known) > 0
        if not known.any():
            yield Notice(text=f"'{correction.image_id}' has no known pixel: it is left out.")
        elif correction.classes != classes:
            yield Notice(text=_of_another_kind(correction, classes))
        else:
            exam = Exam(prepare(correction.image, card), correction.labels, known)
            aside = known & held_out(known.shape, correction.image_id)
            whole.append(exam)
            if aside.any() and (known & ~aside).any():
                apart.append(exam._replace(counted=aside))
                known = known & ~aside
            examples.append(
                make_example(exam.image, exam.labels, known, classes=classes, percentiles=None)
            )
        yield Progress(phase="weight map", done=done, total=len(corrections))
    if not examples:
        others = [one for one in corrections if one.classes != classes]
        if others:
            raise ValueError(_of_another_kind(others[0], classes))
        raise ValueError("There is no correction to learn from: mark a region as right first.")
    judged = apart or whole
    return Lesson(
        examples,
        judged[:: -(-len(judged) // MOST_EXAMS)],
        bool(apart),
        _fitting(card, whole),
        sum(int(exam.counted.sum()) for exam in whole),
    )


def _of_another_kind(correction: Correction, classes: int) -> str:
    return (
        f"A corrected mask of {kind_text(correction.classes)} is left out, since this model learns "
        f"{kind_text(classes)}: fine-tune another model on it."
    )


def _fitting(card: ModelCard, exams: Sequence[Exam]) -> MaskSettings:
    """The settings of masks that suit the corrections; those of classes stay as they are."""
    if card.classes > 1:
        return card.mask
    return fitting_mask([(exam.labels, exam.counted) for exam in exams], card.mask)


def fitting_mask(
    annotated: Sequence[tuple[np.ndarray, np.ndarray]], mask: MaskSettings
) -> MaskSettings:
    """Whether touching objects like these should be split, found by trying it on their own shapes.

    The waist of two round nuclei is where they touch; a branched cell is all waists.
    """
    quality = {}
    for split in (True, False):
        tried = mask.model_copy(update={"split_touching": split})
        quality[split] = np.mean(
            [
                f1(instances((labels > 0).astype(np.float32), tried), labels, known=known)
                for labels, known in annotated
            ]
        )
    return mask.model_copy(update={"split_touching": bool(quality[True] > quality[False])})


def _plan(settings: FineTuneSettings, lesson: Lesson, seconds: float) -> TrainSettings:
    regions = max(1, round(lesson.known_px / REGION_PX))
    steps = int(np.clip(STEPS_PER_REGION * regions, FEWEST_STEPS, MOST_STEPS))
    return TrainSettings(
        steps=settings.steps or steps,
        seconds=max(1.0, seconds),
        batch=4,
        patch_px=128,
        seed=settings.seed,
        device=settings.device,
    )


def _card(
    parent: ModelCard,
    plan: TrainSettings,
    lesson: Lesson,
    after: Scores,
    corrections: Sequence[Correction],
) -> ModelCard:
    names = sorted({correction.image_id for correction in corrections})
    return card_of_training(
        name=f"{parent.name.removesuffix(' (tuned)')} (tuned)",
        network=parent.network,
        network_settings=parent.network_settings,
        settings=plan,
        percentiles=parent.percentiles,
        rgb=parent.rgb,
        class_names=parent.class_names,
        mask=lesson.mask,
        parent=parent.id,
        scores=after,
        licence=parent.licence,
        data=f"{lesson.known_px} corrected pixels of {', '.join(names)}",
        description=f"'{parent.name}' after learning corrections.",
    )


def prove(before: Scores, after: Scores, is_held_out: bool) -> Proof:
    """Say in one sentence whether a model got better."""
    better = _is_better(before, after)
    where = "on held-out pixels" if is_held_out else "on the corrected pixels themselves"
    what = f"IoU {before.iou:.2f} -> {after.iou:.2f}"
    if before.f1_50 is not None and after.f1_50 is not None:
        what = f"object F1 {before.f1_50:.2f} -> {after.f1_50:.2f}, {what}"
    else:
        what = f"mean {what} of the classes"
    verdict = "Better" if better else "Not better"
    caveat = "" if is_held_out else " Correct a larger region to have some held out."
    return Proof(
        before=before,
        after=after,
        held_out=is_held_out,
        better=better,
        sentence=f"{verdict} {where}: {what}.{caveat}",
    )


def _is_better(before: Scores, after: Scores) -> bool:
    """Whether something got better, in pixels or objects, and nothing much worse."""
    gains = [after.iou - before.iou]
    if before.f1_50 is not None and after.f1_50 is not None:
        gains.append(after.f1_50 - before.f1_50)
    return max(gains) > 0 and min(gains) >= -WORSE_BY
