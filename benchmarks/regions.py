"""Regions of images, and how a person corrects them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from benchmarks.data import Annotated
from benchmarks.strokes import by_strokes, dense
from napari_unet.schema.correction import Correction, State

SIDE_PX = 256
FEWEST_OBJECTS, TRIES = 3, 20

Hand = Literal["dense", "strokes"]


class Place(NamedTuple):
    """A region of an image."""

    image: Annotated
    window: tuple[slice, slice]


class Region(NamedTuple):
    """A region after somebody has corrected it."""

    correction: Correction
    seconds: float
    """That the hand needed."""
    strokes: int
    objects: int


def regions(images: Sequence[Annotated], count: int, seed: int) -> list[Place]:
    """Regions of so many images, one of each, with a few objects at least where that is possible.

    With the same seed fewer regions are the first of more.

    Raises
    ------
    ValueError
        If there are not as many images.
    """
    if count > len(images):
        raise ValueError(f"There are only {len(images)} images: ask for so many regions at most.")
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(images))[:count]
    return [_place(images[i], np.random.default_rng([seed, int(i)])) for i in chosen]


def _place(image: Annotated, random: np.random.Generator) -> Place:
    last = [max(0, size - SIDE_PX) for size in image.labels.shape]
    for _ in range(TRIES):
        y, x = (int(random.integers(high + 1)) for high in last)
        window = (slice(y, y + SIDE_PX), slice(x, x + SIDE_PX))
        if len(np.unique(image.labels[window])) > FEWEST_OBJECTS:
            break
    return Place(image, window)


def correct(
    place: Place, hand: Hand, mask_of: Callable[[np.ndarray], np.ndarray], seed: int
) -> Region:
    """What a person makes of a region.

    By outlines all labels are true. By strokes they are the mask with 20 strokes on it, everywhere
    in the region: the person has reviewed it, and what was not worth a stroke stays as it was.

    Parameters
    ----------
    place
        The region.
    hand
        "dense" is by outlines.
    mask_of
        Gives the mask that a model shows of an image.
    seed
        Of the strokes.
    """
    image, window = place
    truth = image.labels[window]
    done = (
        dense(truth) if hand == "dense" else by_strokes(mask_of(image.image)[window], truth, seed)
    )
    labels, known = np.zeros(image.labels.shape, np.uint16), np.zeros(image.labels.shape, np.uint8)
    labels[window] = done.labels
    known[window] = State.CONFIRMED | np.where(done.painted, State.CORRECTED, State.MODEL)
    correction = Correction(image_id=image.id, image=image.image, labels=labels, known=known)
    objects = len(np.unique(truth[truth > 0]))
    return Region(correction, done.seconds, done.strokes, objects)
