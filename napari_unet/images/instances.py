"""From probabilities to objects, and from one mask to the next without renumbering the cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping
from itertools import count

import numpy as np
from scipy import ndimage
from skimage.measure import label

from napari_unet.images.overlaps import counts, firsts, indices, neighbours, overlaps
from napari_unet.images.splitting import split
from napari_unet.schema.settings import MaskSettings


def instances(probabilities: np.ndarray, settings: MaskSettings | None = None) -> np.ndarray:
    """Find the objects in a map of probabilities and number them 1 to n.

    Parameters
    ----------
    probabilities
        Float, (class, y, x) or (y, x), between 0 and 1. One class is the probability of object;
        of several the first is background, and a pixel is object where all the others together
        are above the threshold; objects of different classes are never joined.
    settings
        Threshold, smallest object, and whether touching objects are split.

    Returns
    -------
    np.ndarray
        uint16 (uint32 above 65,535 objects), (y, x); 0 is background, the numbers follow the order
        in which objects are met line by line.

    Raises
    ------
    ValueError
        If the array is neither (y, x) nor (class, y, x).
    """
    settings = settings or MaskSettings()
    classes = class_map(np.asarray(probabilities), settings.threshold)
    found = np.zeros(classes.shape, np.int32)
    for index in range(1, int(classes.max(initial=0)) + 1):
        of_class = classes == index
        parts = split(of_class) if settings.split_touching else ndimage.label(of_class)[0]
        found += np.where(of_class, parts + found.max(initial=0), 0)
    sizes = counts(found)
    return numbering(sizes, firsts(found, len(sizes) - 1), settings.min_size_px)[found]


def carry_ids(new: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Let the objects of a new mask keep the ids that they had in the old one.

    An object takes over the id of the old object that it shares most pixels with, one to one, the
    largest overlap first. The others get the smallest ids that the old mask does not have.

    Parameters
    ----------
    new, old
        Labels of one shape; 0 is background.

    Returns
    -------
    np.ndarray
        The new mask, uint16 (uint32 where an id is above 65,535).
    """
    shared = overlaps(new, old)
    kept: dict[int, int] = {}
    taken: set[int] = set()
    # Of equal overlaps one that renames nothing comes first: carrying twice changes nothing.
    for pair in np.lexsort((shared.first != shared.second, -shared.pixels)).tolist():
        mine, former = int(shared.first[pair]), int(shared.second[pair])
        if mine not in kept and former not in taken:
            kept[mine] = former
            taken.add(former)
    numbers, ids = indices(new)
    chosen = {number: kept[i] for number, i in enumerate(ids.tolist()) if i in kept}
    return _with_ids(numbers.reshape(new.shape), chosen, avoid=_ids(old))


def merge_known(new: np.ndarray, current: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Put a new mask around the pixels that a person has vouched for, which do not change.

    Where an object of the new mask goes on from a known object, it becomes part of it. Objects
    that the known pixels cut apart become several. All others keep their ids of the new mask,
    unless a known object has the same: then they get the smallest unused one. To keep the ids of
    the current mask elsewhere too, hand in ``carry_ids(new, current)``.

    Parameters
    ----------
    new, current
        Labels of one shape; 0 is background.
    known
        Not 0 where the pixel of ``current`` is to stay.

    Returns
    -------
    np.ndarray
        uint16 (uint32 where an id is above 65,535).
    """
    is_known = np.asarray(known) != 0
    fixed = np.where(is_known, current, 0)
    pieces = label(np.where(is_known, 0, new), background=0, connectivity=1)
    chosen = _continued(pieces, new, fixed)
    chosen |= _own_ids(pieces, new, avoid=_ids(fixed), without=chosen.keys())
    around = _with_ids(pieces, chosen, avoid=_ids(fixed) | set(chosen.values()))
    highest = max(int(fixed.max(initial=0)), int(around.max(initial=0)))
    return np.where(is_known, fixed, around).astype(_dtype(highest))


def class_map(probabilities: np.ndarray, threshold: float) -> np.ndarray:
    """0 for background, else the likeliest class of the pixel; uint8, (y, x)."""
    if probabilities.ndim == 2:
        probabilities = probabilities[np.newaxis]
    if probabilities.ndim != 3 or not len(probabilities):
        raise ValueError(
            f"Probabilities of shape {probabilities.shape} are neither (y, x) nor (class, y, x); "
            "hand in one plane at a time."
        )
    if len(probabilities) == 1:
        return np.asarray(probabilities[0] > threshold, np.uint8)
    likeliest = 1 + probabilities[1:].argmax(axis=0)
    # Summed in one order whatever the shape, so that a block gets what the whole image gets.
    return np.where(sum(probabilities[1:]) > threshold, likeliest, 0).astype(np.uint8)


def numbering(sizes: np.ndarray, met: np.ndarray, min_size_px: int) -> np.ndarray:
    """Number objects of at least so many pixels 1 to n, line by line.

    Parameters
    ----------
    sizes
        Pixels of each object; the first value is that of the background.
    met
        Where each is met first, counted in pixels line by line.

    Returns
    -------
    np.ndarray
        The number of each, uint16 (uint32 above 65,535); 0 of the background and of small ones.
    """
    kept = 1 + np.flatnonzero(sizes[1:] >= max(min_size_px, 1))
    kept = kept[np.argsort(met[kept])]
    numbers = np.zeros(len(sizes), _dtype(len(kept)))
    numbers[kept] = np.arange(1, len(kept) + 1)
    return numbers


def _continued(pieces: np.ndarray, new: np.ndarray, fixed: np.ndarray) -> dict[int, int]:
    """For pieces that go on from a known object, its id: that with the longest common border."""
    borders: Counter[tuple[int, int]] = Counter()
    for here, there in neighbours(pieces.ndim):
        for piece, beside in ((here, there), (there, here)):
            goes_on = (pieces[piece] > 0) & (fixed[beside] > 0) & (new[piece] == new[beside])
            pair = (pieces[piece][goes_on].tolist(), fixed[beside][goes_on].tolist())
            borders.update(zip(*pair, strict=True))
    return {piece: i for (piece, i), _ in reversed(borders.most_common())}


def _own_ids(
    pieces: np.ndarray, new: np.ndarray, avoid: set[int], without: Container[int]
) -> dict[int, int]:
    """The largest piece of each object keeps its id, unless a known object has the same."""
    ids = np.zeros(int(pieces.max(initial=0)) + 1, np.int64)
    ids[pieces] = np.where(pieces > 0, new, 0)
    chosen: dict[int, int] = {}
    taken = set(avoid)
    for piece in np.argsort(-counts(pieces), kind="stable").tolist():
        i = int(ids[piece])
        if i and piece not in without and i not in taken:
            chosen[piece] = i
            taken.add(i)
    return chosen


def _with_ids(numbers: np.ndarray, chosen: Mapping[int, int], avoid: set[int]) -> np.ndarray:
    """Replace numbers by the ids chosen for them, the others by the smallest not to avoid."""
    free = (i for i in count(1) if i not in avoid)
    present = counts(numbers) > 0
    ids = np.zeros(len(present), np.int64)
    for number in (np.flatnonzero(present[1:]) + 1).tolist():
        ids[number] = chosen[number] if number in chosen else next(free)
    return np.asarray(ids.astype(_dtype(int(ids.max())))[numbers])


def _ids(labels: np.ndarray) -> set[int]:
    """The ids of all objects."""
    numbers, ids = indices(labels)
    return set(ids[counts(numbers) > 0].tolist()) - {0}


def _dtype(highest: int) -> type[np.unsignedinteger]:
    # napari repaints 16-bit labels a hundred times faster than wider ones.
    return np.uint16 if highest <= np.iinfo(np.uint16).max else np.uint32
