"""Mistakes that matter for the shape of things: what is split, merged, lost or invented.

The true mask is bent towards the found one pixel by pixel, without ever splitting, joining, making
or losing an object or a hole; what still differs then are mistakes of topology, and a border drawn
a little elsewhere costs nothing (Jain et al. 2010, CVPR, 2488). Objects are joined at the sides of
pixels, the background at sides and corners; outside of the image is background.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from scipy import ndimage

from napari_unet.images.metrics.comparable import comparable

_AROUND = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))
"""The eight neighbours in a circle, sides at even places; bit k of a neighbourhood is number k."""


def warping_error(
    labels: np.ndarray, truth: np.ndarray, certainty: np.ndarray | None = None
) -> float:
    """The share of pixels that no bending of the truth explains: mistakes of topology.

    Jain et al. 2010: every kind of mistake counts. Only pixels that differ are bent, so a membrane
    that lies farther away than it is wide is a mistake too. Where they can be bent in several
    orders the most certain go first, as in the challenge's software; another order may leave a few
    mistakes less.

    Parameters
    ----------
    labels, truth
        Integers or bool, (y, x); 0 is background (or membrane). Ids are not looked at: only
        background divides objects.
    certainty
        (y, x), how far each pixel's probability is from the threshold; None is equally far.
    """
    found, real = (mask != 0 for mask in comparable(labels, truth, None))
    return float((warp(real, found, certainty) != found).mean()) if found.size else 0.0


def split_merge_error(
    labels: np.ndarray, truth: np.ndarray, certainty: np.ndarray | None = None
) -> float:
    """The share of pixels that split an object or merge two: the challenge's warping error.

    Of the mistakes that `warping_error` counts only splits and mergers, as in the ISBI 2012
    challenge ("minimum splits and mergers warping error"). Parameters are those of
    `warping_error`.
    """
    found, real = (mask != 0 for mask in comparable(labels, truth, None))
    warped = warp(real, found, certainty)
    return splits_and_mergers(warped, warped != found) / max(int(found.size), 1)


def warp(real: np.ndarray, found: np.ndarray, certainty: np.ndarray | None = None) -> np.ndarray:
    """Bend the true mask to the found one as far as its topology allows.

    Parameters
    ----------
    real, found
        bool, (y, x): the true objects, and those that were found.
    certainty
        (y, x); pixels with a high one are bent first. None is all the same.

    Returns
    -------
    np.ndarray
        bool, (y, x). Where it differs from ``found`` lies a mistake.
    """
    if real.ndim != 2:
        raise ValueError("Only a single plane (y, x) is bent; hand over one plane after the other.")
    warped, wanted = np.pad(real, 1), np.pad(found, 1)
    candidates = np.flatnonzero(warped != wanted)
    if certainty is not None:
        order = np.argsort(-np.pad(certainty, 1).ravel()[candidates], kind="stable")
        candidates = candidates[order]
    flipped = _flip_simple(_neighbourhoods(warped), candidates.tolist(), warped.shape[1])
    warped.ravel()[flipped] ^= True
    return warped[1:-1, 1:-1]


def splits_and_mergers(warped: np.ndarray, mistakes: np.ndarray) -> int:
    """How many of the mistakes that `warp` left split an object or merge two.

    As in the challenge's software a mistake merges where objects with different ids are among the
    eight neighbours of a background pixel; it splits where they are among those of an object's
    pixel, with it or after it is taken away.
    """
    objects = np.pad(ndimage.label(warped)[0], 1)
    places = ndimage.find_objects(objects)
    total = 0
    for y, x in np.argwhere(mistakes) + 1:
        own, around = int(objects[y, x]), _around(objects, y, x)
        if len(around - {0}) > 1:
            total += 1
        elif own and around == {0, own}:
            total += _splits(objects, places[own - 1], y, x)
    return total


def _splits(objects: np.ndarray, place: tuple[slice, slice], y: int, x: int) -> bool:
    """Whether the object is in several pieces around a pixel once the pixel is gone."""
    for reach in (3, 12, max(objects.shape)):
        # Pieces that meet nearby are one; only others have to be followed through the object.
        top, left = max(place[0].start, y - reach), max(place[1].start, x - reach)
        bottom, right = min(place[0].stop, y + reach + 1), min(place[1].stop, x + reach + 1)
        rest = np.pad(objects[top:bottom, left:right] == objects[y, x], 1)
        rest[y - top + 1, x - left + 1] = False
        pieces = ndimage.label(rest)[0]
        if len(_around(pieces, y - top + 1, x - left + 1) - {0}) < 2:
            return False
    return True


def _around(objects: np.ndarray, y: int, x: int) -> set[int]:
    """The ids among the eight neighbours of a pixel."""
    square = objects[y - 1 : y + 2, x - 1 : x + 2].ravel().tolist()
    return {*square[:4], *square[5:]}


def _flip_simple(around: bytearray, candidates: list[int], width: int) -> list[int]:
    """Flip candidates as long as one of them can be, in their order, round after round.

    A candidate that could not be flipped is asked again only after a neighbour was.
    """
    simple = _simple_neighbourhoods()
    # My bit in the neighbourhood of neighbour k is that of the place opposite.
    seen_from = [(dy * width + dx, 1 << (k + 4) % 8) for k, (dy, dx) in enumerate(_AROUND)]
    changed = bytearray(b"\1") * len(around)
    flipped: list[int] = []
    before = -1
    while len(flipped) > before:
        before = len(flipped)
        left = []
        for pixel in candidates:
            if changed[pixel] and simple[around[pixel]]:
                flipped.append(pixel)
                for step, bit in seen_from:
                    around[pixel + step] ^= bit
                    changed[pixel + step] = 1
            else:
                changed[pixel] = 0
                left.append(pixel)
        candidates = left
    return flipped


def _neighbourhoods(padded: np.ndarray) -> bytearray:
    """Of each pixel which neighbours are object, as a number of eight bits; 0 at the rim."""
    around = np.zeros(padded.shape, np.uint8)
    height, width = padded.shape
    for bit, (dy, dx) in enumerate(_AROUND):
        beside = padded[1 + dy : height - 1 + dy, 1 + dx : width - 1 + dx]
        around[1:-1, 1:-1] |= beside.astype(np.uint8) << bit
    return bytearray(around.tobytes())


@cache
def _simple_neighbourhoods() -> list[bool]:
    """Of each of the 256 neighbourhoods whether its centre may change and the topology not.

    It may where the crossing number of Yokoi, Toriwaki and Fukumura 1975 (for objects that are
    joined at sides) is 1.
    """
    codes = np.arange(256)
    bits = [codes >> k % 8 & 1 for k in range(9)]
    side, corner = bits[0::2], bits[1::2]
    crossings = sum(a - a * b * c for (a, c), b in zip(pairwise(side), corner, strict=True))
    return [bool(number == 1) for number in np.asarray(crossings)]
