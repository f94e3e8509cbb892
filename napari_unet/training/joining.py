"""Let corrections join a training that runs: what is taught grows, what judges it stays."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple, TypeVar

import numpy as np

from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Event, StepDone
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.requests import Answer, Joining
from napari_unet.schema.settings import LossSettings
from napari_unet.schema.training_record import Joined
from napari_unet.training.beside import beside
from napari_unet.training.heldout import held_out
from napari_unet.training.lesson import Lesson, exam_of, example_of, of_another_kind
from napari_unet.training.patches import Batch, put
from napari_unet.training.replay import Replaying
from napari_unet.training.scoring import Exam

T = TypeVar("T")

HELD_BACK = "A new region lies where models are judged: it counts next time."


class Joins(NamedTuple):
    """What joined a training before it was interrupted, and where that is kept which joins now."""

    before: Sequence[Joining] = ()
    keep: Callable[[Joining], object] = id
    """Called with each before anything is learnt from it; may raise OSError."""


class GrowingSampler:
    """Draws patches of more and more images.

    Each batch still depends on its step alone: those of steps that were drawn before an image came
    stay as they were, so that a run that was interrupted goes on with the same patches.

    Parameters
    ----------
    first
        Draws from the images that there are at the begin.
    """

    def __init__(self, first: Replaying) -> None:
        self._stages = [(0, first)]

    @property
    def steps_per_epoch(self) -> int:
        """Steps that show as many patches as there were images at the begin."""
        return self._stages[0][1].steps_per_epoch

    def draw(self, step: int) -> Batch:
        """The batch of this step."""
        return next(of for begin, of in reversed(self._stages) if begin <= step).draw(step)

    def grow(self, step: int, sampler: Replaying) -> None:
        """Draw from other images from a step on, which is not before that of the last ones."""
        self._stages.append((step, sampler))


class OpenLesson:
    """A lesson that corrections may join while it is taught.

    A region joins as far as it lies where models learn. What is held out by its position is
    neither learnt nor judged by now: it counts next time, as in every round. What was taught from
    the begin stays taught, as it is labelled now.

    Parameters
    ----------
    lesson
        As it is at the begin; its exams stay the same.
    sampler
        Draws patches of its examples.
    card
        How the network is shown images.
    loss
        What the weight maps are made for.
    """

    def __init__(
        self, lesson: Lesson, sampler: Replaying, card: ModelCard, loss: LossSettings
    ) -> None:
        self.lesson = lesson
        self.sampler = GrowingSampler(sampler)
        self._last, self._card, self._loss = sampler, card, loss

    def join(self, one: Joining, keep: Callable[[Joining], object] = id) -> Joined:
        """Teach a correction from its step on; one that cannot join says why, and nothing else."""
        of = {"at": one.at, "regions": one.regions, "step": one.step}
        said = Joined(image_id=one.correction.image_id, **of)
        try:
            exam, new_px = self._learnable(one.correction)
            keep(one)
        except ValueError as error:
            return said.model_copy(update={"why_not": str(error)})
        except OSError as error:
            problem = f"A new region counts next time. {error.strerror or error}."
            return said.model_copy(update={"why_not": problem})
        said = said.model_copy(update={"known_px": new_px})
        self._teach(one, exam, said)
        return said

    def _learnable(self, correction: Correction) -> tuple[Exam, int]:
        """What can be learnt of a plane, and how many pixels of that are new.

        Raises
        ------
        ValueError
            If there are none, or the network cannot learn from them.
        """
        if correction.classes != self._card.classes:
            raise ValueError(of_another_kind(correction, self._card.classes))
        whole = exam_of(correction, self._card)
        before, place = self.lesson.taught, self._place(correction)
        allowed = ~held_out(whole.counted.shape, correction.image_id)
        news = whole.counted
        if place < len(before):
            allowed |= before[place].counted
            news = ~before[place].counted | (before[place].labels != whole.labels)
        exam = whole._replace(counted=whole.counted & allowed)
        if not np.any(exam.counted & news):
            raise ValueError(HELD_BACK)
        return exam, int(np.count_nonzero(exam.counted & news))

    def _teach(self, one: Joining, exam: Exam, said: Joined) -> None:
        lesson, place = self.lesson, self._place(one.correction)
        example = example_of(exam, self._card.classes, self._loss)
        self._last = self._last.with_example(place, example)
        self.sampler.grow(one.step, self._last)
        corrections = _with(lesson.corrections, one.correction, exam.counted)
        self.lesson = lesson._replace(
            examples=put(lesson.examples, place, example),
            taught=put(lesson.taught, place, exam),
            names=put(lesson.names, place, one.correction.image_id),
            corrections=corrections,
            known_px=sum(int(np.count_nonzero(each.known)) for each in corrections),
            joined=(*lesson.joined, said),
        )

    def _place(self, correction: Correction) -> int:
        """Which of the examples shows the same plane; one beyond the last if none does."""
        both = zip(self.lesson.names, self.lesson.taught, strict=True)
        same = [
            name == correction.image_id and exam.counted.shape == correction.known.shape
            for name, exam in both
        ]
        return same.index(True) if any(same) else len(same)


def joining(
    training: Generator[Event, Any, T], lesson: OpenLesson, joins: Joins
) -> Generator[Event, Answer, T]:
    """Go on with a training, and let corrections join it that it is sent at `StepDone`.

    Parameters
    ----------
    training
        The job; it draws its patches from the sampler of the lesson.
    lesson
        What it teaches.
    joins
        What joined an interrupted run is learnt from the same steps on again.

    Yields
    ------
    Whatever the training does, and `Joined` for each correction.
    """

    def join(event: Event, answer: Answer) -> Iterator[Event]:
        if isinstance(event, StepDone):
            for one in (word for word in answer or () if isinstance(word, Joining)):
                known_from = one.model_copy(update={"step": event.step})
                yield lesson.join(known_from, joins.keep)

    with closing(training):
        for one in joins.before:
            yield lesson.join(one)
        return (yield from beside(training, join))


def _with(
    corrections: Sequence[Correction], correction: Correction, taught: np.ndarray
) -> list[Correction]:
    """All corrections, with one as far as it counts now: what is taught, and what judges."""
    names = [one.image_id for one in corrections]
    place = names.index(correction.image_id) if correction.image_id in names else len(names)
    counts = taught
    if place < len(names) and corrections[place].known.shape == taught.shape:
        counts = taught | (np.asarray(corrections[place].known) > 0)
    known = np.where(counts, correction.known, 0)
    return put(corrections, place, correction.model_copy(update={"known": known}))
