"""The settings of masks that fit: by the shapes of objects, and by what a network finds of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np

from napari_unet.images.instances import instances
from napari_unet.images.metrics import combine, compare, f1
from napari_unet.networks.network import Network
from napari_unet.schema.scores import Scores
from napari_unet.schema.settings import MaskSettings
from napari_unet.training.exam_area import PROBE_PX, within
from napari_unet.training.scoring import Exam, predicted
from napari_unet.training.train import quality

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Probabilities from which on a pixel may count as object."""


def fitting_mask(exams: Sequence[Exam], mask: MaskSettings) -> MaskSettings:
    """Whether touching objects like these should be split, found by trying it on their own shapes.

    The waist of two round nuclei is where they touch; a branched cell is all waists. The threshold
    is one half, which is what a network is taught.
    """
    mask = mask.model_copy(update={"threshold": 0.5})
    split, whole = _with_split(mask, True), _with_split(mask, False)
    found = {
        tried: np.mean([_f1_of_shapes(exam, tried) for exam in exams]) for tried in (split, whole)
    }
    return split if found[split] > found[whole] else whole


def mask_of_network(network: Network, exams: Sequence[Exam], mask: MaskSettings) -> MaskSettings:
    """What makes the best masks of what a network finds in images that it learnt.

    An outline with gaps lets objects run together that have no waist, so that shapes alone do not
    say whether to split them; and a network that learnt from few examples takes too much for
    object, or too little, which another threshold makes good.

    Parameters
    ----------
    network
        It is left as it was.
    exams
        What it learnt. Only a part that is seen in no time is looked at.
    mask
        What is taken where both are equally good, and of classes.
    """
    if network.settings.classes > 1 or not exams:
        return mask
    found = list(predicted(network, within(exams, PROBE_PX)))
    scores_in = partial(_scores, found)
    ways = (mask, _with_split(mask, not mask.split_touching))
    return _best_threshold(max(ways, key=lambda way: quality(scores_in(way))), scores_in)


def _best_threshold(
    mask: MaskSettings, scores_of: Callable[[MaskSettings], Scores]
) -> MaskSettings:
    """The same with the threshold that gets most pixels right, if it costs no objects.

    Objects are too few to choose by: one more or less of them is chance.
    """
    own, best = scores_of(mask), mask
    most = own.iou
    for threshold in THRESHOLDS:
        tried = mask.model_copy(update={"threshold": threshold})
        scores = scores_of(tried)
        if scores.iou > most and quality(scores) >= quality(own):
            best, most = tried, scores.iou
    return best


def _with_split(mask: MaskSettings, split: bool) -> MaskSettings:
    return mask.model_copy(update={"split_touching": split})


def _f1_of_shapes(exam: Exam, mask: MaskSettings) -> float:
    found = instances((exam.labels > 0).astype(np.float32), mask)
    return f1(found, exam.labels, known=exam.counted)


def _scores(
    found: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]], mask: MaskSettings
) -> Scores:
    return combine([compare(instances(p, mask), true, known) for p, true, known in found])
