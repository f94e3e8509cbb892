"""How long border weights take, for few objects and for many.

``python -m benchmarks.weights --out benchmarks/weights.json`` makes the border weights of an image
of 1024 x 1024 pixels as the product does, and by the usual code: one distance transform for each
object, of the whole image, or of the part that is within reach. Next to them stands one distance
transform of the whole image. All take turns, for few and many objects, so that what else the
machine does falls on all of them; it is the time of the processor in one thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np
from scipy import ndimage

from benchmarks.written import measure_and_write
from napari_unet.images.border_weights import border_weights, border_weights_2019, reach_px

SIDE_PX = 1024
OBJECTS = (10, 100, 1000, 5000)
RUNS = 9
W0, SIGMA_PX = 10.0, 5.0
USUAL_AT_MOST = 25
"""Objects for which the usual code is run; for more it would take minutes, so it is reckoned."""
Row = dict[str, Any]
Way = Callable[[np.ndarray], np.ndarray]


def scene(objects: int, seed: int = 0) -> np.ndarray:
    """So many round objects beside each other, the more the smaller: they cover two fifths."""
    rng = np.random.default_rng(seed)
    side = math.ceil(math.sqrt(objects))
    places = rng.permutation(side**2)[:objects]
    cells = np.stack(np.divmod(places, side), axis=1) + rng.uniform(0.3, 0.7, (objects, 2))
    seeds = np.zeros((SIDE_PX, SIDE_PX), np.int32)
    seeds[tuple((cells * SIDE_PX / side).astype(int).T)] = np.arange(1, objects + 1)
    away, nearest = ndimage.distance_transform_edt(seeds == 0, return_indices=True)
    radius = SIDE_PX / math.sqrt(objects) * rng.uniform(0.3, 0.45, objects + 1)
    owner = seeds[tuple(nearest)]
    return np.where(away < np.maximum(radius, 1)[owner], owner, 0)


def one_transform(labels: np.ndarray) -> np.ndarray:
    """The distance to the nearest object, of every pixel."""
    return np.asarray(ndimage.distance_transform_edt(labels == 0))


def usual(labels: np.ndarray) -> np.ndarray:
    """One distance transform of the whole image for each object, and the two smallest."""
    two = np.full((2, *labels.shape), np.inf)
    for number in range(1, int(labels.max()) + 1):
        _take_in(two, ndimage.distance_transform_edt(labels != number))
    return _weights(labels, two)


def crops(labels: np.ndarray) -> np.ndarray:
    """The same, but of the part of the image that is within reach of the object."""
    two = np.full((2, *labels.shape), np.inf)
    pad = math.ceil(reach_px(W0, SIGMA_PX))
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        window = tuple(slice(max(0, side.start - pad), side.stop + pad) for side in box)
        _take_in(two[:, *window], ndimage.distance_transform_edt(labels[window] != number))
    return _weights(labels, two)


def _take_in(two: np.ndarray, distance: np.ndarray) -> None:
    two[1] = np.minimum(two[1], np.maximum(two[0], distance))
    two[0] = np.minimum(two[0], distance)


def _weights(labels: np.ndarray, two: np.ndarray) -> np.ndarray:
    weights: np.ndarray = 1 + W0 * np.exp(-(two.sum(0) ** 2) / (2 * SIGMA_PX**2)) * (labels == 0)
    return weights


WAYS: dict[str, Way] = {
    "one transform": one_transform,
    "2015": border_weights,
    "2019": border_weights_2019,
    "crops": crops,
}


def measure() -> list[Row]:
    """For each number of objects the milliseconds of every run of every way, in turns."""
    scenes = [scene(objects) for objects in OBJECTS]
    rows = [_row(labels) for labels in scenes]
    for _ in range(RUNS):
        for labels, row in zip(scenes, rows, strict=True):
            for name, way in WAYS.items():
                row.setdefault(name, []).append(_timed(way, labels)[0])
    return rows


def _row(labels: np.ndarray) -> Row:
    """What is measured once: the usual way, and how far ours is from it."""
    few = np.where(labels <= USUAL_AT_MOST, labels, 0)
    objects, measured = (int(np.count_nonzero(np.unique(one))) for one in (labels, few))
    ms, exact = _timed(usual, few)
    return {
        "objects": objects,
        "covered": round(float((labels > 0).mean()), 2),
        "usual": [round(ms * objects / measured, 1)],
        "difference": float(np.abs(border_weights(few) - exact).max()),
    }


def _timed(way: Way, labels: np.ndarray) -> tuple[float, np.ndarray]:
    start = process_time()
    found = way(labels)
    return round((process_time() - start) * 1000, 1), found


if __name__ == "__main__":
    measure_and_write(__doc__, measure)
