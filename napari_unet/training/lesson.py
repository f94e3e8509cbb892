"""Make corrections ready: what is trained on, and what is held out to judge by."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import NamedTuple

import numpy as np

from napari_unet.inference.prepare import prepare
from napari_unet.schema.correction import ONLY_BACKGROUND, Correction, kind_text
from napari_unet.schema.events import Event, Notice, Progress
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import LossSettings, MaskSettings
from napari_unet.schema.training_record import Joined
from napari_unet.training.examples import Example, make_example
from napari_unet.training.fitting import fitting_mask
from napari_unet.training.heldout import held_out
from napari_unet.training.scoring import Exam

MOST_EXAMS = 8


class Lesson(NamedTuple):
    """Corrections made ready: what is trained on, and what is held out to judge by."""

    examples: list[Example]
    exams: list[Exam]
    is_held_out: bool
    mask: MaskSettings
    known_px: int
    corrections: Sequence[Correction] = ()
    """Those that it is made of."""
    taught: Sequence[Exam] = ()
    """The images of the examples, with what is learnt of them as what counts."""
    names: Sequence[str] = ()
    """What identifies the images of the examples."""
    joined: tuple[Joined, ...] = ()
    """What came to it while it was taught, see `napari_unet.training.joining`."""


def prepare_lesson(
    card: ModelCard,
    corrections: Sequence[Correction],
    loss: LossSettings = LossSettings(),  # noqa: B008 (frozen)
) -> Generator[Event, None, Lesson]:
    """Split each correction into pixels to learn from and pixels to judge by.

    What is held out is never learnt from, in no round. Only if all that was corrected lies on one
    side it serves for both, since there is nothing else.

    Parameters
    ----------
    card
        How images are read, what the masks hold, and how probabilities become objects.
    corrections
        Those without a known pixel, or of another kind of mask, are left out with a notice.
    loss
        What the weight maps are made for.

    Raises
    ------
    ValueError
        If nothing is left to learn from, or nothing but background.
    """
    parts = yield from dividing(card, corrections)
    if not any((one.counted & (np.asarray(one.labels) > 0)).any() for one in parts.whole):
        raise ValueError(ONLY_BACKGROUND)
    examples: list[Example] = []
    names: list[str] = []
    for done, exam in enumerate(parts.taught, start=1):
        if exam.counted.any():
            examples.append(example_of(exam, card.classes, loss))
            names.append(parts.usable[done - 1].image_id)
        else:
            yield Notice(text=_judged_only(parts.usable[done - 1]))
        yield Progress(phase="weight map", done=done, total=len(parts.usable))
    return Lesson(
        examples,
        parts.exams,
        parts.is_divided,
        card.mask if card.classes > 1 else fitting_mask(parts.whole, card.mask),
        sum(int(exam.counted.sum()) for exam in parts.whole),
        parts.usable,
        _that_count(parts.taught),
        names,
    )


class Division(NamedTuple):
    """Corrections divided into what is taught and what is held out."""

    usable: list[Correction]
    whole: list[Exam]
    """All of each."""
    taught: list[Exam]
    """The same, of which only what is learnt counts."""
    exams: list[Exam]
    """What is judged by."""
    is_divided: bool
    """Whether the two have no pixel in common."""


def dividing(
    card: ModelCard, corrections: Sequence[Correction]
) -> Generator[Event, None, Division]:
    """Divide corrections as `prepare_lesson` does, without making them ready to learn from."""
    usable: list[Correction] = []
    for correction in corrections:
        if not np.any(correction.known):
            yield Notice(text=f"'{correction.image_id}' has no known pixel: it is left out.")
        elif correction.classes != card.classes:
            yield Notice(text=of_another_kind(correction, card.classes))
        else:
            usable.append(correction)
    if not usable:
        raise ValueError(_nothing_left(corrections, card.classes))
    whole = [exam_of(correction, card) for correction in usable]
    asides = [
        held_out(one.counted.shape, of.image_id) for one, of in zip(whole, usable, strict=True)
    ]
    judged, taught = (
        [one._replace(counted=one.counted & of) for one, of in zip(whole, parts, strict=True)]
        for parts in (asides, [~aside for aside in asides])
    )
    is_divided = bool(_that_count(judged)) and bool(_that_count(taught))
    if not is_divided:
        judged = taught = whole
    exams = _that_count(judged)
    return Division(usable, whole, taught, exams[:: -(-len(exams) // MOST_EXAMS)], is_divided)


def _that_count(exams: Sequence[Exam]) -> list[Exam]:
    return [exam for exam in exams if exam.counted.any()]


def exam_of(correction: Correction, card: ModelCard) -> Exam:
    """A corrected plane as a model sees it, of which all that is known counts.

    Raises
    ------
    ValueError
        If the model cannot take such an image.
    """
    known = np.asarray(correction.known) > 0
    return Exam(prepare(correction.image, card), correction.labels, known)


def example_of(exam: Exam, classes: int, loss: LossSettings) -> Example:
    """What is learnt of a plane: of all that counts."""
    return make_example(
        exam.image, exam.labels, exam.counted, classes=classes, percentiles=None, loss=loss
    )


def _nothing_left(corrections: Sequence[Correction], classes: int) -> str:
    others = [one for one in corrections if one.classes != classes]
    if others:
        return of_another_kind(others[0], classes)
    return "There is no correction to learn from: mark a region as right first."


def _judged_only(correction: Correction) -> str:
    return (
        f"What was corrected of '{correction.image_id}' lies where the model is judged: it learns "
        "nothing from it."
    )


def of_another_kind(correction: Correction, classes: int) -> str:
    """Why a model does not learn from a correction that holds something else than its masks."""
    return (
        f"A corrected mask of {kind_text(correction.classes)} is left out, since this model learns "
        f"{kind_text(classes)}: fine-tune another model on it."
    )
