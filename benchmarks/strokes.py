"""A simulated hand: it corrects a mask by brush strokes, or draws every outline anew.

The idea of counting a simulated hand's seconds is RootPainter's (Smith et al. 2022, New Phytologist
236, 774); this is written anew. A mouse is read 120 times a second, moves at 400 pixels a second,
and each stroke or outline is preceded by 200 ms of searching.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage.graph import MCP_Geometric
from skimage.measure import label, regionprops
from skimage.segmentation import find_boundaries

from napari_unet.images.overlaps import overlaps

MOUSE_HZ, SPEED_PX_PER_S, SEARCH_S = 120, 400, 0.2
FORGIVEN_PX = 2
"""An error that lies no farther than this from a true edge is a matter of taste: nobody paints."""
SMALLEST_PX, LARGEST_RADIUS_PX = 4, 20
UNEVEN = 0.25
"""By how much the hand misjudges how large an error is when it looks for the largest."""


class Corrected(NamedTuple):
    """What a mask is like after somebody worked on it."""

    labels: np.ndarray
    """(y, x), uint16: numbered objects, 0 is background."""
    painted: np.ndarray
    """bool, (y, x): what strokes have changed."""
    strokes: int
    seconds: float


class Stroke(NamedTuple):
    """One movement of the brush."""

    painted: np.ndarray
    """bool, (y, x)."""
    true_id: int
    """The true object that was painted; 0 is background."""
    length_px: float


def seconds_of(lengths_px: list[float]) -> float:
    """How long a hand needs for lines of these lengths, searching included."""
    ticks = sum(math.ceil(length / SPEED_PX_PER_S * MOUSE_HZ) for length in lengths_px)
    return ticks / MOUSE_HZ + SEARCH_S * len(lengths_px)


def dense(truth: np.ndarray) -> Corrected:
    """Draw the outline of every object, whatever the mask shows."""
    lengths = [float(found.perimeter) for found in regionprops(label(truth, background=0))]
    everywhere = np.ones(truth.shape, bool)
    return Corrected(truth.astype(np.uint16), everywhere, len(lengths), seconds_of(lengths))


def by_strokes(mask: np.ndarray, truth: np.ndarray, seed: int, most: int = 20) -> Corrected:
    """Paint over the errors of a mask, the seemingly largest first.

    A stroke follows the middle of an error with a brush that fits it, in the number of the object
    that belongs there, and never leaves that object: it is a careful hand.

    Parameters
    ----------
    mask, truth
        (y, x), what a model shows and what is right; 0 is background, each other number an object.
    seed
        Of where strokes begin, and of which error seems the largest.
    most
        Strokes, after which the hand is tired.
    """
    random = np.random.default_rng(seed)
    shown, ids = _in_numbers_of_the_truth(mask, truth)
    forgiven = _near_edges(truth)
    done: list[Stroke] = []
    while len(done) < most:
        stroke = _next_stroke(shown, truth, forgiven, random)
        if stroke is None:
            break
        shown[stroke.painted] = stroke.true_id
        done.append(stroke)
    painted = np.any([np.zeros(truth.shape, bool), *(s.painted for s in done)], axis=0)
    labels = ids[np.searchsorted(ids[:, 0], shown), 1].astype(np.uint16)
    return Corrected(labels, painted, len(done), seconds_of([s.length_px for s in done]))


def _in_numbers_of_the_truth(mask: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mask, each object numbered as the true one it mostly is; the others below zero.

    Also a table of all those numbers, ascending, and of the numbers that people shall see.
    """
    pairs = overlaps(mask, truth)
    numbers = {0: 0}
    for pair in np.argsort(-pairs.pixels, kind="stable").tolist():
        mine, true = int(pairs.first[pair]), int(pairs.second[pair])
        if mine not in numbers and true not in numbers.values():
            numbers[mine] = true
    found = [int(i) for i in np.unique(mask)]
    for i in found:
        numbers.setdefault(i, -i)
    shown = np.array([numbers[i] for i in found])[np.searchsorted(found, mask)]
    inner = sorted({0, *numbers.values(), *np.unique(truth).tolist()})
    others = iter(range(1, len(inner)))
    return shown, np.array([(i, next(others) if i else 0) for i in inner])


def _near_edges(truth: np.ndarray) -> np.ndarray:
    edges = find_boundaries(truth, mode="thick")
    near = ndimage.distance_transform_edt(~edges) < FORGIVEN_PX
    return np.asarray(near & edges.any())


def _next_stroke(
    shown: np.ndarray, truth: np.ndarray, forgiven: np.ndarray, random: np.random.Generator
) -> Stroke | None:
    wrong = shown != truth
    parts = label(np.where(wrong & ~forgiven, truth + 1, 0), background=0, connectivity=1)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    if sizes.max() < SMALLEST_PX:
        return None
    seeming = np.where(sizes < SMALLEST_PX, 0, sizes * random.uniform(1, 1 + UNEVEN, len(sizes)))
    part = parts == seeming.argmax()
    true_id = int(truth[part][0])
    path, radius = _path(part, random)
    line = np.zeros(truth.shape, bool)
    line[tuple(path.T)] = True
    under_brush = ndimage.distance_transform_edt(~line) <= radius
    length = float(np.hypot(*np.diff(path, axis=0).T).sum())
    return Stroke(under_brush & wrong & (truth == true_id), true_id, length)


def _path(part: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, float]:
    """A long line through the middle of a part, (n, 2), and the radius of a brush that fits it."""
    depth = ndimage.distance_transform_edt(np.pad(part, 1))[1:-1, 1:-1]
    costs = np.where(part, 1 / np.maximum(depth, 1), np.inf)
    pixels = np.argwhere(part)
    start = _farthest(costs, pixels[random.integers(len(pixels))])[0]
    end, ways = _farthest(costs, start)
    path = np.array(ways.traceback(end))
    fits = float(depth[tuple(path.T)].max()) + FORGIVEN_PX  # who paints, paints to the edge
    return path, min(fits, LARGEST_RADIUS_PX)


def _farthest(costs: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, MCP_Geometric]:
    ways = MCP_Geometric(costs)
    reached, _ = ways.find_costs([start])
    place = np.argmax(np.where(np.isfinite(reached), reached, -1))
    return np.array(np.unravel_index(place, costs.shape)), ways
