"""Which places are worth a look: how likely each is wrong, and why."""

from __future__ import annotations

import numpy as np

from napari_unet.images.uncertainty import Doubts

OBJECT_WEIGHTS = (-4.21, 2.17, 3.94, 0.42, 8.32, 6.80)
"""Constant, unsure, unstable, size (either way), odd, contact: logistic regression of "no true
object has an IoU above 0.5 with it", made by ``python -m benchmarks.ranking``. How well it tells
wrong from right is in ``docs/measurements.md``."""
PLACE_WEIGHTS = (-3.97, 3.09, 0.30)
"""Constant, unsure, size: the same for "a true object was missed here"."""
AREA_POWER = 0.25
"""A slight preference for large objects, of which one correction mends more: on training images
it saves a tenth of the looks at first, while 1 doubles them."""
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
    _, unsure, unstable, size, odd, contact = OBJECT_WEIGHTS
    return np.stack(
        [
            unsure * m.unsure + unstable * m.unstable,
            size * np.maximum(m.size, 0),
            size * np.maximum(-m.size, 0),
            odd * m.odd,
            contact * m.contact,
        ]
    )
