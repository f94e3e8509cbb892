"""Which places are worth a look: how likely each is wrong, and why."""

from __future__ import annotations

import numpy as np

from napari_unet.images.uncertainty import Doubts

OBJECT_WEIGHTS = (-4.37, 1.98, 3.84, 1.62, 0.44, 7.90, 7.01)
"""Constant, unsure, unstable, large, small, odd, contact: logistic regression of "no true object
has an IoU above 0.5 with it", made by ``python -m benchmarks.ranking``. How well it tells wrong
from right is in ``docs/measurements.md``."""
PLACE_WEIGHTS = (-2.78, 2.80, 0.49)
"""Constant, unsure, size: the same for "a true object was missed here"."""
AREA_POWER = 0.5
"""Worth grows with the diameter: one correction of a large object mends more, and deleting specks
mends least. On training images 1 was worse, 0.25 about as good, 0 worse where objects merge."""
REASON = 0.6
"""What makes the odds of being wrong less than 1.8 times larger is no reason to name."""
OBJECT_REASONS = ("unclear outline", "unusually large", "unusually small", "odd shape", "touching")
MISSING = ("may be missing",)


def likely_wrong(table: Doubts) -> np.ndarray:
    """How likely each object is wrong, or an object missing: float64, (place,), 0 to 1."""
    m = table.measures
    constant, unsure, size = PLACE_WEIGHTS
    of_object = OBJECT_WEIGHTS[0] + _terms(table).sum(axis=0)
    of_place = constant + unsure * m.unsure + size * m.size
    return np.asarray(1 / (1 + np.exp(-np.where(table.ids > 0, of_object, of_place))))


def worth(table: Doubts) -> np.ndarray:
    """What looking at each place is worth, compared with others: float64, (place,), above 0."""
    return np.asarray(likely_wrong(table) * table.measures.area_px**AREA_POWER)


def reasons(table: Doubts, place: int) -> tuple[str, ...]:
    """The one or two strongest reasons to look at a place, in a word or two each."""
    if table.ids[place] == 0:
        return MISSING
    terms = _terms(table)[:, place]
    strongest = np.argsort(-terms, kind="stable")[:2]
    return tuple(OBJECT_REASONS[i] for i in strongest.tolist() if terms[i] > REASON)


def _terms(table: Doubts) -> np.ndarray:
    """What each reason adds to the log odds of an object: (reason, place)."""
    m = table.measures
    _, unsure, unstable, large, small, odd, contact = OBJECT_WEIGHTS
    return np.stack(
        [
            unsure * m.unsure + unstable * m.unstable,
            large * np.maximum(m.size, 0),
            small * np.maximum(-m.size, 0),
            odd * m.odd,
            contact * m.contact,
        ]
    )
