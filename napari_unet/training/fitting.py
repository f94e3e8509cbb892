"""The settings of masks that fit: by the shapes of objects, and by what a network finds of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from napari_unet.images.boxes import around
from napari_unet.images.instances import instances
from napari_unet.images.metrics import combine, compare, f1
from napari_unet.networks.network import Network
from napari_unet.schema.settings import MaskSettings
from napari_unet.training.exam_area import PROBE_PX, within
from napari_unet.training.examples import SEEN_PX
from napari_unet.training.scoring import Exam, predicted


def fitting_mask(exams: Sequence[Exam], mask: MaskSettings) -> MaskSettings:
    """Whether touching objects like these should be split, found by trying it on their own shapes.

    The waist of two round nuclei is where they touch; a branched cell is all waists.
    """
    split, whole = _with_split(mask, True), _with_split(mask, False)
    found = {
        tried: np.mean([_f1_of_shapes(exam, tried) for exam in exams]) for tried in (split, whole)
    }
    return split if found[split] > found[whole] else whole


def mask_of_network(network: Network, exams: Sequence[Exam], mask: MaskSettings) -> MaskSettings:
    """Whether splitting makes better masks, by what a network finds in images that it learnt.

    An outline with gaps lets objects run together that have no waist, so that shapes alone do not
    say it. But in what it learnt a network finds outlines better than in other images, so that
    shapes have their say, too.

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
    seen = within(exams, PROBE_PX)
    found = list(predicted(network, seen))

    def worth(tried: MaskSettings) -> float:
        return _f1(found, tried) + float(np.mean([_f1_of_shapes(exam, tried) for exam in seen]))

    other = _with_split(mask, not mask.split_touching)
    return other if worth(other) > worth(mask) else mask


def _with_split(mask: MaskSettings, split: bool) -> MaskSettings:
    return mask.model_copy(update={"split_touching": split})


def _f1_of_shapes(exam: Exam, mask: MaskSettings) -> float:
    near = around(exam.counted, SEEN_PX)
    found = instances((exam.labels[near] > 0).astype(np.float32), mask)
    return f1(found, exam.labels[near], known=exam.counted[near])


def _f1(found: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]], mask: MaskSettings) -> float:
    scores = combine([compare(instances(p, mask), true, known) for p, true, known in found])
    return scores.f1_50 or 0.0
