"""Cut components as the whole image would have them cut, seeing only what lies around them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy import ndimage

from napari_unet.images.boxes import grown, slices
from napari_unet.images.splitting import (
    PINHOLE_PX,
    SMOOTHING_REACH_PX,
    cut,
    distance_inside,
    smooth,
)
from napari_unet.schema.prediction import Box

BEYOND_PX = PINHOLE_PX + SMOOTHING_REACH_PX
"""So much farther than a distance one has to see to be sure of it and of its smoothing."""


def cut_within(
    read: Callable[[Box], np.ndarray],
    shape: tuple[int, int],
    box: Box,
    choose: Callable[[np.ndarray], np.ndarray],
    halo_px: int,
) -> np.ndarray:
    """Cut components of a box at their waists, exactly as if the whole image were looked at.

    What is read around the box reaches so far that each distance to the background is that of the
    whole image. That follows from the distances that are found: they are never too short. So it is
    read twice at most, or more often where there is next to no background.

    Parameters
    ----------
    read
        Gives the classes of a box of the image, uint8.
    shape
        Of the image.
    box
        What is cut.
    choose
        Gets the classes of the box; gives the numbers of the components to cut, each of which has
        to lie in the box as a whole, and 0 elsewhere.
    halo_px
        How far is read around the box at first.

    Returns
    -------
    np.ndarray
        int32, of the box; 0 outside the chosen components; the numbers have gaps.
    """
    while True:
        top, left, *_ = window = grown(box, halo_px, shape)
        inside = slices((box[0] - top, box[1] - left, box[2] - top, box[3] - left))
        classes = read(window)
        chosen = choose(classes[inside])
        found = list(_distances(classes, chosen, inside))
        reach = max(
            (_highest(distance, mine, inside, halo_px - BEYOND_PX) for _, mine, distance in found),
            default=0,
        )
        if reach + BEYOND_PX <= halo_px or window == (0, 0, *shape):
            break
        halo_px = math.ceil(reach) + BEYOND_PX
    labels = np.zeros(chosen.shape, np.int32)
    for mask, mine, distance in found:
        parts = cut(mine, smooth(distance, mask)[inside])
        labels += np.where(parts, parts + labels.max(), 0)
    return labels


def _distances(
    classes: np.ndarray, chosen: np.ndarray, inside: tuple[slice, slice]
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each class that has some: its mask, its chosen components, its distances inside."""
    for index in range(1, int(classes.max(initial=0)) + 1):
        mask = classes == index
        mine = np.where(mask[inside], chosen, 0)
        if mine.any():
            yield mask, mine, distance_inside(mask)


def _highest(
    distance: np.ndarray, mine: np.ndarray, inside: tuple[slice, slice], enough: float
) -> float:
    """The largest distance that smoothing these components looks at; not exact if it is enough."""
    highest = float(distance.max())
    if highest <= enough:
        return highest
    around = ndimage.maximum_filter(distance, 2 * SMOOTHING_REACH_PX + 1)
    return float(around[inside][mine > 0].max())
