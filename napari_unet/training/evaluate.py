"""Score a model on annotated images."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from napari_unet.device import choose_device
from napari_unet.images.metrics import combine
from napari_unet.inference.predict import prepare
from napari_unet.models.model import Model
from napari_unet.schema.events import Event, Progress, finish
from napari_unet.schema.model_card import ModelCard, Scores
from napari_unet.schema.settings import Device, MaskSettings
from napari_unet.training.scoring import Exam, agreements, confusions, scores_of_classes

T = TypeVar("T")


class Evaluation(NamedTuple):
    """How well a model's masks agree with the truth."""

    scores: Scores
    """All images together."""
    per_image: list[Scores]


def evaluation(
    model: Model,
    pairs: Sequence[tuple[np.ndarray, np.ndarray]],
    mask: MaskSettings | None = None,
    device: Device = "auto",
) -> Generator[Event, None, Evaluation]:
    """The job behind `evaluate`; yields Progress after each image."""
    chosen = choose_device(device).device
    network = model.network().to(chosen)
    card, settings = model.card, mask or model.card.mask
    if card.classes > 1:
        tables = yield from _each(pairs, card, lambda exam: next(confusions(network, [exam])))
        return Evaluation(scores_of_classes(tables), [scores_of_classes([t]) for t in tables])
    found = yield from _each(pairs, card, lambda exam: next(agreements(network, [exam], settings)))
    return Evaluation(combine(found), [combine([agreement]) for agreement in found])


def _each(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]], card: ModelCard, judge: Callable[[Exam], T]
) -> Generator[Event, None, list[T]]:
    """What is found of each image, one after the other."""
    found: list[T] = []
    for done, (image, labels) in enumerate(pairs, start=1):
        found.append(judge(Exam(prepare(image, card), labels, np.ones(labels.shape, bool))))
        yield Progress(phase="image", done=done, total=len(pairs))
    return found


def evaluate(
    model: Model,
    pairs: Sequence[tuple[np.ndarray, np.ndarray]],
    mask: MaskSettings | None = None,
    device: Device = "auto",
) -> Evaluation:
    """Score a model's masks against labels that are known to be right.

    Parameters
    ----------
    model
        The model.
    pairs
        Images with their labels; an image as `napari_unet.inference.predict.prepare` takes it,
        labels (y, x) integers, 0 is background, or classes where the model gives several. May be
        lazy: each is asked for once.
    mask
        How probabilities become objects; None is as the model's card says. Classes need none.
    device
        Where the network runs.

    Raises
    ------
    ValueError
        If an image and the model do not fit, or there is no image.
    """
    return finish(evaluation(model, pairs, mask, device))
