"""Look at a network's masks as closely as a verdict on it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from napari_unet.images.instances import instances
from napari_unet.images.metrics import OutlinePixels, combine, compare
from napari_unet.images.metrics.boundaries import outline_pixels
from napari_unet.images.metrics.contacts import Touching, touching_pairs
from napari_unet.images.metrics.local import block_counts, local_counts
from napari_unet.images.metrics.objects import Counts
from napari_unet.networks.network import Network
from napari_unet.schema.proof import HeldOutScores
from napari_unet.schema.settings import MaskSettings
from napari_unet.training.scoring import Exam, confusions, predicted, scores_of_classes

MANY_REGIONS = 6
"""With so many, regions are compared and not objects: those of one region resemble each other."""


class Judgement(NamedTuple):
    """A network's scores on all exams, and what they are made of."""

    scores: HeldOutScores
    confusion: np.ndarray
    """int64, (true class, found class): pixels; of objects, background and object."""
    places: np.ndarray | None = None
    """int64, (place, 7), see `local_counts`: around each object, or of each region where there are
    many; None of masks of classes."""
    blocks: np.ndarray | None = None
    """int64, (place, 4), see `block_counts`: the pixels of squares, or of each region, likewise."""

    @property
    def objects(self) -> int:
        """True objects that were looked for."""
        return 0 if self.places is None else int(self.places[:, [0, 2]].sum())


def judge(network: Network, exams: Sequence[Exam], mask: MaskSettings) -> Judgement:
    """Score a network's masks over all exams; the network is left as it was.

    Two judgements with the same exams have the same places, so they can be compared one by one.
    """
    if network.settings.classes > 1:
        tables = list(confusions(network, exams))
        scores = scores_of_classes(tables).model_dump()
        return Judgement(HeldOutScores(**scores), np.sum(tables, axis=0))
    return judge_masks(
        [
            (instances(probabilities, mask), labels, counted)
            for probabilities, labels, counted in predicted(network, exams)
        ]
    )


def judge_masks(judged: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Judgement:
    """Score masks of objects.

    Parameters
    ----------
    judged
        Of each region the mask, its truth (both (y, x), integers) and which pixels count.
    """
    tables = [local_counts(*one) for one in judged]
    sums = np.sum([table.sum(axis=0) for table in tables], axis=0)
    outlines = OutlinePixels(*np.sum([outline_pixels(*one) for one in judged], axis=0).tolist())
    touching = Touching(*np.sum([touching_pairs(*one) for one in judged], axis=0).tolist())
    scores = HeldOutScores(
        **combine([compare(*one) for one in judged]).model_dump(),
        ap50=Counts(*sums[:3].tolist()).ap,
        boundary_f1=outlines.f1,
        touching_pairs=touching.pairs,
        merged_pairs=touching.merged,
    )
    blocks = [block_counts(*one) for one in judged]
    neither, missed, invented, both = sums[3:]
    confusion = np.array([[neither, invented], [missed, both]])
    return Judgement(scores, confusion, _by_place(tables), _by_place(blocks))


def _by_place(tables: Sequence[np.ndarray]) -> np.ndarray:
    """The places of all regions, or the regions themselves where there are many."""
    if len(tables) >= MANY_REGIONS:
        return np.array([table.sum(axis=0) for table in tables])
    return np.vstack(tables)
