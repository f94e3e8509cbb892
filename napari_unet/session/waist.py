"""Where to cut an object that is two: at its waist."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage import segmentation

from napari_unet.images.overlaps import neighbours

Place = tuple[int, int]
"""A pixel: row, column."""

_SMOOTHING_PX = 1.0
"""Evens out the steps of the pixel grid in the width of an object."""
_WAIST = 0.95
"""Where the way between two places is narrower than this share of both, there is a waist."""


def halves(mask: np.ndarray, places: list[Place]) -> np.ndarray:
    """Divide an object between two places in it: at its waist, or halfway where it has none.

    Parameters
    ----------
    mask
        bool, (y, x): the object.
    places
        Two of its pixels.

    Returns
    -------
    int32, (y, x): 1 what goes to the first place, 2 to the second; 0 outside of the object, and in
    pieces of it that hold neither.
    """
    rimmed = np.pad(mask, 1)
    seeds = [(y + 1, x + 1) for y, x in places]
    return _divided(rimmed, seeds)[1:-1, 1:-1]


def _divided(mask: np.ndarray, seeds: list[Place]) -> np.ndarray:
    """The same; the mask has a rim of false pixels."""
    width = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), _SMOOTHING_PX) * mask
    tops = [_top(width, seed) for seed in seeds]
    basins = np.asarray(segmentation.watershed(-width, _markers(mask.shape, tops), mask=mask))
    is_between = basins[seeds[0]] != basins[seeds[1]]
    if is_between and _passage(basins, width) < _WAIST * min(width[top] for top in tops):
        return basins
    y, x = np.ogrid[: mask.shape[0], : mask.shape[1]]
    near = np.minimum.reduce([np.hypot(y - seed[0], x - seed[1]) for seed in seeds])
    return np.asarray(segmentation.watershed(near, _markers(mask.shape, seeds), mask=mask))


def _top(width: np.ndarray, at: Place) -> Place:
    """Where one arrives who walks from a pixel to ever wider places."""
    while True:
        y, x = at
        around = width[y - 1 : y + 2, x - 1 : x + 2]
        dy, dx = divmod(int(around.argmax()), 3)
        if around[dy, dx] <= width[at]:
            return at
        at = (y + dy - 1, x + dx - 1)


def _markers(shape: tuple[int, ...], places: list[Place]) -> np.ndarray:
    markers = np.zeros(shape, np.int32)
    for number, place in enumerate(places, start=1):
        markers[place] = number
    return markers


def _passage(basins: np.ndarray, width: np.ndarray) -> float:
    """The width at the widest place where two basins touch."""
    widest = 0.0
    for here, there in neighbours(2):
        touch = (basins[here] != basins[there]) & (basins[here] > 0) & (basins[there] > 0)
        widest = max(widest, np.minimum(width[here], width[there])[touch].max(initial=0))
    return widest
