"""The region whose correction is worth most: where most doubts, and the largest, lie together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from napari_unet.schema.prediction import Box
from napari_unet.session.doubtful import tables_of
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.places import Places, Seen
from napari_unet.session.specimen import Specimen

SIDE_PX = 256
"""A region of this side is what the recipe of fine-tuning counts in."""
_STEP = 8
"""Regions begin at each eighth of their side."""


class BestRegion(NamedTuple):
    """A region of a plane."""

    plane: PlaneIndex
    box: Box


def best_region(specimen: Specimen, side_px: int = SIDE_PX) -> BestRegion | None:
    """Find the region that it is best to correct next, by what the queue of doubts is made of.

    Pixels and objects that a person has vouched for count nothing.

    Parameters
    ----------
    specimen
        With a mask, of planes that were predicted.
    side_px
        Of the region; of a smaller plane the whole.

    Returns
    -------
    None if nothing is doubtful any more, or nothing was predicted.
    """
    height, width = specimen.shape[-2:]
    size = (min(side_px, height), min(side_px, width))
    best, most = None, 0.0
    maps = _of_classes(specimen) if specimen.classes > 1 else _of_objects(specimen)
    for plane, doubt in maps.items():
        worth, corner = _heaviest(doubt, size)
        if worth > most:
            y, x = corner
            best, most = BestRegion(plane, (y, x, y + size[0], x + size[1])), worth
    return best


def _of_objects(specimen: Specimen) -> dict[PlaneIndex, np.ndarray]:
    """What looking at each open place is worth, at its middle: float64 (y, x) of each plane."""
    places = Places(tables_of(specimen))
    states, labels = specimen.history.states, specimen.labels
    for plane in specimen.seen:
        places.close_known(plane, np.array(labels[plane]), states[plane])
    maps: dict[PlaneIndex, np.ndarray] = {}
    for place in np.flatnonzero(places.open).tolist():
        plane, (y0, x0, y1, x1) = places.plane(place), places.box(place)
        if places.ids[place] or places.seen(place, labels[plane], states[plane]) is Seen.NEVER:
            worth = maps.setdefault(plane, np.zeros(specimen.shape[-2:]))
            worth[(y0 + y1) // 2, (x0 + x1) // 2] += places.worth[place]
    return maps


def _of_classes(specimen: Specimen) -> dict[PlaneIndex, np.ndarray]:
    """How little the likeliest class of each pixel is sure."""
    maps = {}
    for plane, (y0, x0, y1, x1) in specimen.seen.items():
        doubt = np.zeros(specimen.shape[-2:])
        doubt[y0:y1, x0:x1] = 1 - specimen.crop(plane).max(axis=0)
        maps[plane] = doubt * (specimen.history.states[plane] == 0)
    return maps


def _heaviest(worth: np.ndarray, size: tuple[int, int]) -> tuple[float, tuple[int, int]]:
    """The window of a size that holds most, and how much that is."""
    sums = np.pad(worth.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    (height, width), (rows, columns) = size, worth.shape
    y = _starts(rows, height)[:, None]
    x = _starts(columns, width)[None]
    held = sums[y + height, x + width] - sums[y, x + width] - sums[y + height, x] + sums[y, x]
    at = np.unravel_index(int(held.argmax()), held.shape)
    return float(held[at]), (int(y[at[0], 0]), int(x[0, at[1]]))


def _starts(length: int, size: int) -> np.ndarray:
    """Where windows begin along an axis; the last one ends where the axis does."""
    return np.unique([*range(0, length - size, max(1, size // _STEP)), length - size])
