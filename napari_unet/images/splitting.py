"""Cut objects that touch at their waists, however large they are.

A watershed of the distance to the background has one basin for each bump of an outline: far too
many. Basins are therefore joined again where the passage between two is nearly as wide as the
narrower of them. Being a ratio of widths, the rule is the same for small and for large objects.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage import segmentation

from napari_unet.images.overlaps import counts, neighbours

WAIST = 0.85
"""Two basins are one object if the passage is wider than this share of the narrower's width.

Measured on dsb2018: from true masks without their cuts, object F1 0.956 (components alone 0.891);
from probabilities of a U-Net half-way through training, 0.87 (0.83); flat between 0.75 and 0.9.
"""
SMOOTHING_PX = 1.0
"""Evens out the steps of the pixel grid; more would join objects of a few pixels' radius."""
SMOOTHING_REACH_PX = 4
"""So far `scipy.ndimage.gaussian_filter` looks for it: four standard deviations."""
PINHOLE_PX = 20
"""Holes smaller than this are noise: each would make a crater in the distances."""


def split(mask: np.ndarray) -> np.ndarray:
    """Give each object of a mask its own number, and cut those that only touch.

    Parameters
    ----------
    mask
        bool, (y, x).

    Returns
    -------
    np.ndarray
        int32, (y, x); 0 outside the mask; the numbers have gaps.
    """
    components, _ = ndimage.label(mask)
    return cut(components, smooth(distance_inside(mask), mask))


def cut(components: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Cut each component at its waists, without regard to all others.

    Parameters
    ----------
    components
        Integers, (y, x): connected components that have no side of a pixel in common.
    width
        float32, (y, x), from `smooth`; it counts on the components only.

    Returns
    -------
    np.ndarray
        int32, (y, x); 0 outside the components; the numbers have gaps.
    """
    if not components.any():
        return np.zeros(components.shape, np.int32)
    width = np.where(components > 0, width, 0)
    # Pixels that only meet at a corner are no neighbours, here as in the watershed: otherwise an
    # object beside a wider one would have no top, and be lost.
    around = np.maximum(*(ndimage.maximum_filter1d(width, 3, axis) for axis in range(2)))
    is_top = (components > 0) & (around == width)
    tops, n = ndimage.label(is_top)
    basins = _basins(components, width, tops)
    heights = np.zeros(n + 1, np.float32)
    heights[tops[is_top]] = width[is_top]
    joined = _join(heights, *_passages(basins, width))
    return np.asarray(joined[basins], np.int32)


def distance_inside(mask: np.ndarray) -> np.ndarray:
    """Distance of each pixel to the background, pinholes left aside; float32, 0 in the background.

    Where nothing is background all is equally far from it: as far as the longer side.
    """
    holes, _ = ndimage.label(~mask)
    pinhole = counts(holes) < PINHOLE_PX
    pinhole[0] = False
    filled = mask | pinhole[holes]
    if filled.all():
        return np.full(mask.shape, max(mask.shape), np.float32)
    return np.asarray(ndimage.distance_transform_edt(filled), np.float32)


def smooth(distance: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Even out distances; float32, above 0 in the mask and only there.

    A pixel sees `SMOOTHING_REACH_PX` far, so the objects right beside its own, too.
    """
    return np.asarray(ndimage.gaussian_filter(distance, SMOOTHING_PX) * mask)


def _basins(components: np.ndarray, width: np.ndarray, tops: np.ndarray) -> np.ndarray:
    """For each pixel the top that it belongs to; of a component with one top there is no doubt."""
    is_top = tops > 0
    component = np.zeros(int(tops.max()) + 1, np.int64)
    component[tops[is_top]] = components[is_top]
    how_many = np.bincount(component, minlength=int(components.max()) + 1)
    only = np.zeros(len(how_many), np.int32)
    only[component] = np.arange(len(component))
    doubtful = (how_many > 1)[components] & (components > 0)
    # Of tops of one height the watershed would start with any, depending on all other objects:
    # here with the last one, by less than a step of float32.
    level = -width.astype(np.float64)
    level[is_top] *= 1 + np.arange(np.count_nonzero(is_top)) * np.finfo(np.float64).eps
    flooded = segmentation.watershed(level, tops, mask=doubtful)
    return np.asarray(np.where(doubtful, flooded, only[components]))


def _passages(basins: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each two basins that touch, (pair, 2), and the width between them; the widest first."""
    pairs, passages = [], []
    for here, there in neighbours(basins.ndim):
        a, b = basins[here], basins[there]
        touch = (a != b) & (a > 0) & (b > 0)
        pairs.append(np.sort(np.stack([a[touch], b[touch]], axis=1), axis=1))
        passages.append(np.minimum(width[here][touch], width[there][touch]))
    pair, passage = np.concatenate(pairs), np.concatenate(passages)
    order = np.argsort(-passage, kind="stable")
    _, first = np.unique(pair[order], axis=0, return_index=True)
    widest = order[np.sort(first)]
    return pair[widest], passage[widest]


def _join(heights: np.ndarray, pairs: np.ndarray, passages: np.ndarray) -> np.ndarray:
    """For each basin the number of the one that it belongs to.

    The number of an object is that of its highest basin, whose width is the object's.
    """
    owner = list(range(len(heights)))

    def find(basin: int) -> int:
        while owner[basin] != basin:
            owner[basin] = owner[owner[basin]]
            basin = owner[basin]
        return basin

    for (one, other), passage in zip(pairs.tolist(), passages.tolist(), strict=True):
        narrow, wide = sorted((find(one), find(other)), key=lambda basin: heights[basin])
        if passage > WAIST * heights[narrow]:
            owner[narrow] = wide
    return np.array([find(basin) for basin in range(len(owner))])
