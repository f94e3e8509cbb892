"""Score a network on annotated images: its masks against the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from napari_unet.images.boxes import bounding_box
from napari_unet.images.class_metrics import confusion, scores_of
from napari_unet.images.classes import class_mask
from napari_unet.images.instances import instances
from napari_unet.images.metrics import Agreement, combine, compare
from napari_unet.inference.tiled import predict_whole
from napari_unet.networks.build import fuse
from napari_unet.networks.network import Network
from napari_unet.schema.model_card import Scores
from napari_unet.schema.settings import MaskSettings


class Exam(NamedTuple):
    """An annotated image to score a network on."""

    image: np.ndarray
    """float32, (channel, y, x), prepared for the network: normalised, at the scale it knows."""
    labels: np.ndarray
    """(y, x) integers: objects, or classes where the network gives several."""
    counted: np.ndarray
    """bool, (y, x): the pixels that count."""


def score_network(network: Network, exams: Sequence[Exam], mask: MaskSettings) -> Scores:
    """Scores of a network's masks over all exams together; the network is left as it was."""
    if network.settings.classes > 1:
        return scores_of_classes(list(confusions(network, exams)))
    return combine(list(agreements(network, exams, mask)))


def agreements(network: Network, exams: Sequence[Exam], mask: MaskSettings) -> Iterator[Agreement]:
    """Score one exam after the other; only around the pixels that count is anything predicted."""
    for probabilities, labels, counted in predicted(network, exams):
        yield compare(instances(probabilities, mask), labels, counted)


def confusions(network: Network, exams: Sequence[Exam]) -> Iterator[np.ndarray]:
    """The same for a network of classes: which it took for which, see `confusion`."""
    classes = network.settings.classes
    for probabilities, labels, counted in predicted(network, exams):
        yield confusion(class_mask(probabilities), labels, classes, counted)


def scores_of_classes(tables: Sequence[np.ndarray]) -> Scores:
    """Scores of the masks of classes of several images, from what `confusions` gives.

    Raises
    ------
    ValueError
        If there is no image.
    """
    if not tables:
        raise ValueError("There is no image to score; give at least one with its true labels.")
    found = scores_of(np.sum(tables, axis=0))
    return Scores(iou=found.mean_iou, dice=found.mean_dice, classes=found, images=len(tables))


def predicted(
    network: Network, exams: Sequence[Exam]
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Probabilities, labels and the pixels that count, around these; one exam after the other."""
    fused = fuse(network)
    for exam in exams:
        box = bounding_box(exam.counted)
        window = np.s_[box[0] : box[2], box[1] : box[3]]
        yield (
            predict_whole(fused, exam.image, region=box, size=exam.labels.shape),
            exam.labels[window],
            exam.counted[window],
        )
