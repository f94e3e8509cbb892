"""Score a model on annotated images."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from napari_unet.device import choose_device
from napari_unet.images.instances import instances
from napari_unet.images.metrics import (
    CHALLENGE_THRESHOLDS,
    Agreement,
    MembraneCurve,
    best_of,
    combine,
    compare,
    membrane_curve,
)
from napari_unet.inference.prepare import prepare
from napari_unet.models.model import Model
from napari_unet.networks.network import Network
from napari_unet.schema.events import Event, Progress, finish
from napari_unet.schema.membrane_scores import MembraneScores
from napari_unet.schema.model_card import ModelCard, Scores
from napari_unet.schema.settings import Device, MaskSettings
from napari_unet.training.scoring import Exam, confusions, predicted, scores_of_classes

T = TypeVar("T")


class Evaluation(NamedTuple):
    """How well a model's masks agree with the truth."""

    scores: Scores
    """All images together."""
    per_image: list[Scores]
    membranes: MembraneScores | None = None
    """All images together, where the scores of membranes were asked for."""
    membranes_per_image: Sequence[MembraneScores] = ()


class Judged(NamedTuple):
    """What one image adds to the scores of many."""

    agreement: Agreement
    membranes: MembraneCurve | None


def evaluation(
    model: Model,
    pairs: Sequence[tuple[np.ndarray, np.ndarray]],
    mask: MaskSettings | None = None,
    device: Device = "auto",
    membranes: bool = False,
) -> Generator[Event, None, Evaluation]:
    """The job behind `evaluate`; yields Progress after each image."""
    if membranes and model.card.classes > 1:
        raise ValueError(
            f"'{model.card.name}' finds classes, and membranes divide objects: choose a model that "
            "finds objects, or leave the scores of membranes out."
        )
    chosen = choose_device(device).device
    network = model.network().to(chosen)
    card, settings = model.card, mask or model.card.mask
    if card.classes > 1:
        tables = yield from _each(pairs, card, lambda exam: next(confusions(network, [exam])))
        return Evaluation(scores_of_classes(tables), [scores_of_classes([t]) for t in tables])
    judged = yield from _each(pairs, card, lambda exam: _judge(network, exam, settings, membranes))
    found = [one.agreement for one in judged]
    curves = [one.membranes for one in judged if one.membranes is not None]
    return Evaluation(
        scores=combine(found),
        per_image=[combine([agreement]) for agreement in found],
        membranes=best_of(curves, CHALLENGE_THRESHOLDS) if curves else None,
        membranes_per_image=[best_of([curve], CHALLENGE_THRESHOLDS) for curve in curves],
    )


def _judge(network: Network, exam: Exam, mask: MaskSettings, membranes: bool) -> Judged:
    probabilities, labels, counted = next(predicted(network, [exam]))
    return Judged(
        compare(instances(probabilities, mask), labels, counted, outlines=True),
        membrane_curve(probabilities[0], labels) if membranes else None,
    )


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
    membranes: bool = False,
) -> Evaluation:
    """Score a model's masks against labels that are known to be right.

    Parameters
    ----------
    model
        The model.
    pairs
        Images with their labels; an image as `napari_unet.inference.prepare.prepare` takes it,
        labels (y, x) integers, 0 is background, or classes where the model gives several. May be
        lazy: each is asked for once.
    mask
        How probabilities become objects; None is as the model's card says. Classes need none.
    device
        Where the network runs.
    membranes
        The images are divided by membranes: also give the scores of the ISBI 2012 challenge, see
        `napari_unet.images.metrics.membrane_scores`.

    Raises
    ------
    ValueError
        If an image and the model do not fit, or there is no image.
    """
    return finish(evaluation(model, pairs, mask, device, membranes))
