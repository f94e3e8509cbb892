"""Where a mask may be wrong: a row of numbers for each object, and for places without one.

Everything is added up by ids, a strip of the plane at a time: the time depends on the pixels, not
on the number of objects, and other threads never wait long for their turn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

RING_PX = 2
"""So many pixels around an object belong to its outline."""
FAINT = 0.4
"""An object may be missing where the probability is above this share of the threshold."""
SMALLEST_FAINT_PX = 10
"""Fewer faint pixels are noise."""
STRIP_PX = 256


class Measures(NamedTuple):
    """What is measured of each place: float64, (place,)."""

    area_px: np.ndarray
    unsure: np.ndarray
    """How near the threshold its pixels are on average: 0 is far from it, 1 is at it."""
    unstable: np.ndarray
    """Share of its pixels that are gained or lost between a low and a high threshold."""
    size: np.ndarray
    """log2 of its area in areas that are usual on the plane: 1 is twice as large."""
    odd: np.ndarray
    """Share of the ellipse of the same moments that it leaves empty: 0 is an ellipse."""
    contact: np.ndarray
    """Share of its outline that touches other objects."""


class Doubts(NamedTuple):
    """Every object of a plane and every place where one may be missing, measured."""

    ids: np.ndarray
    """int64, (place,): the object; 0 is a place where one may be missing."""
    boxes: np.ndarray
    """int64, (place, 4): y start, x start, y stop, x stop."""
    measures: Measures


def doubts(labels: np.ndarray, probabilities: np.ndarray, threshold: float = 0.5) -> Doubts:
    """Measure each object of a mask, and find the places where one may be missing.

    Parameters
    ----------
    labels
        (y, x) integers, 0 is background.
    probabilities
        Float, (y, x) or (class, y, x); of several classes the first is background.
    threshold
        A pixel was called object above it; between 0 and 1.

    Raises
    ------
    ValueError
        If labels and probabilities are not of the same plane.
    """
    objectness = _objectness(probabilities)
    if labels.shape != objectness.shape:
        raise ValueError(
            f"The mask {labels.shape} and the probabilities {objectness.shape} are not of one "
            "plane: segment this plane again."
        )
    ids, numbers = _numbered(labels)
    numbers = _with_faint(numbers, len(ids), objectness, threshold)
    boxes = _boxes(numbers)
    sums = _added_up(numbers, objectness, _Plan(len(ids), len(boxes), threshold))
    missing = np.zeros(len(boxes) - len(ids), np.int64)
    return Doubts(np.concatenate([ids, missing]), boxes, _measures(sums, len(ids)))


def _objectness(probabilities: np.ndarray) -> np.ndarray:
    """The probability of any object, (y, x)."""
    if probabilities.ndim == 2:
        return probabilities
    return np.asarray(probabilities[0] if len(probabilities) == 1 else 1 - probabilities[0])


def _numbered(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ids that there are, rising, and the plane with 1 to n in their place."""
    if labels.max(initial=0) > labels.size:  # too sparse for a table of all ids
        values, numbers = np.unique(labels, return_inverse=True)
        has_background = int(values[0] == 0)
        numbers = numbers.reshape(labels.shape) + (1 - has_background)
        return values[has_background:].astype(np.int64), numbers.astype(np.int32)
    found = ndimage.find_objects(labels)
    ids = np.array([i for i, box in enumerate(found, start=1) if box], np.int64)
    new = np.zeros(len(found) + 1, np.int32)
    new[ids] = np.arange(1, len(ids) + 1)
    return ids, new[labels]


def _with_faint(
    numbers: np.ndarray, objects: int, objectness: np.ndarray, threshold: float
) -> np.ndarray:
    """Number the places where an object may be missing, after the objects."""
    around = ndimage.maximum_filter(numbers, 2 * RING_PX + 1)
    faint, _ = ndimage.label((objectness > FAINT * threshold) & (around == 0))
    is_place = np.bincount(faint.ravel(), minlength=1) >= SMALLEST_FAINT_PX
    is_place[0] = False
    new = np.zeros(len(is_place), np.int32)
    new[is_place] = objects + 1 + np.arange(is_place.sum())
    return np.asarray(numbers + new[faint])


def _boxes(numbers: np.ndarray) -> np.ndarray:
    found = ndimage.find_objects(numbers)
    ends = [(y.start, x.start, y.stop, x.stop) for y, x in found]
    return np.array(ends, np.int64).reshape(-1, 4)


class _Plan(NamedTuple):
    """What all strips are added up with."""

    objects: int
    """Places of higher numbers are no objects."""
    places: int
    threshold: float

    def add_up(self, numbers: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """The pixels, or the sum of their weights, of background and each place."""
        sums: np.ndarray = np.bincount(numbers.ravel(), weights, minlength=self.places + 1)
        return sums


class _Sums(NamedTuple):
    """What is added up over the pixels of each place: float64, (place,)."""

    low: np.ndarray
    """Pixels, those of the ring too, above a low threshold; ``high``: above a high one."""
    high: np.ndarray
    area: np.ndarray
    unsure: np.ndarray
    y: np.ndarray
    x: np.ndarray
    yy: np.ndarray
    xx: np.ndarray
    yx: np.ndarray
    outline: np.ndarray
    """Sides of pixels at which it ends; ``contact``: at which another place begins."""
    contact: np.ndarray


def _added_up(numbers: np.ndarray, objectness: np.ndarray, plan: _Plan) -> _Sums:
    total = np.zeros((len(_Sums._fields), plan.places + 1))
    for top in range(0, len(numbers), STRIP_PX):
        stop = min(top + STRIP_PX, len(numbers))
        above = max(0, top - RING_PX)
        around = ndimage.maximum_filter(numbers[above : stop + RING_PX], 2 * RING_PX + 1)
        inside, probability = numbers[top:stop], objectness[top:stop]
        ringed = np.where(inside > 0, inside, around[top - above :][: stop - top])
        total[:2] += _stable(ringed, probability, plan)
        total[2:9] += _inner(inside, probability, top, plan)
        total[9:] += _sides(inside[:, :-1], inside[:, 1:], plan)
        total[9:] += _sides(inside[: len(numbers) - 1 - top], numbers[top + 1 : stop + 1], plan)
    return _Sums(*total[:, 1:])


def _stable(ringed: np.ndarray, probability: np.ndarray, plan: _Plan) -> list[np.ndarray]:
    cuts = (plan.threshold / 2, (1 + plan.threshold) / 2)
    return [plan.add_up(ringed[probability > cut]) for cut in cuts]


def _inner(inside: np.ndarray, probability: np.ndarray, top: int, plan: _Plan) -> list[np.ndarray]:
    y, x = np.nonzero(inside)
    who, p = inside[y, x], probability[y, x].astype(np.float64)
    y += top
    of_object = np.minimum((1 - p) / (1 - plan.threshold), 1)
    unsure = np.where(who <= plan.objects, of_object, p / plan.threshold)
    weights = (None, unsure, y, x, y * y, x * x, y * x)
    return [plan.add_up(who, weight) for weight in weights]


def _sides(here: np.ndarray, there: np.ndarray, plan: _Plan) -> list[np.ndarray]:
    """Sides between two neighbouring views at which places end, and at which two meet."""
    ends = here != there
    one, other = here[ends], there[ends]
    meet = (one > 0) & (other > 0)
    return [plan.add_up(np.concatenate(p)) for p in ((one, other), (one[meet], other[meet]))]


def _measures(sums: _Sums, objects: int) -> Measures:
    area = sums.area
    usual = _usual(area[:objects])
    variance_y = sums.yy / area - (sums.y / area) ** 2 + 1 / 12  # a pixel is a square, not a point
    variance_x = sums.xx / area - (sums.x / area) ** 2 + 1 / 12
    covariance = sums.yx / area - sums.y * sums.x / area**2
    ellipse = 4 * np.pi * np.sqrt(np.maximum(variance_y * variance_x - covariance**2, 1e-6))
    return Measures(
        area_px=area,
        unsure=sums.unsure / area,
        unstable=1 - sums.high / np.maximum(np.maximum(sums.low, area), 1),
        size=np.log2(area / usual),
        odd=1 - area / ellipse,
        contact=sums.contact / np.maximum(sums.outline, 1),
    )


def _usual(areas: np.ndarray) -> float:
    """The area of the object in which the middle one of all object pixels lies.

    Unlike the median of the areas it stays when a mask is full of specks.
    """
    rising = np.sort(areas)
    up_to = np.cumsum(rising)
    return float(rising[np.searchsorted(up_to, up_to[-1] / 2)]) if len(areas) else 1.0
