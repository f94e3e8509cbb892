"""How closely objects lie beside each other, and the reach of border weights that suits them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from napari_unet.images.overlaps import neighbours

NARROW = 0.5
"""A gap is narrow that is no wider than this part of the usual diameter."""
PER_STEP, PER_DIAMETER = 2.0, 0.25


class Spacing(NamedTuple):
    """How closely objects lie beside each other."""

    pairs: int
    """Two objects each, with a narrow gap between them or none."""
    step_px: float
    """The usual way from the edge of one to the edge of the other, in pixels; at least 2."""
    diameter_px: float
    """The usual diameter of those objects, as of circles of their area."""

    @property
    def sigma_px(self) -> float:
        """The reach of border weights that suits them, in half pixels.

        Twice the usual step, but no more than a quarter of the usual diameter. For a pixel in the
        gap between two objects, d1 + d2 of the border weight is the step from one to the other, so
        with sigma twice the step its weight is w0 exp(-1/8): the gaps that there are count nearly
        in full (88 %), those twice as wide 61 %. A gap as wide as half an object counts at most
        exp(-2), 14 %: else all the background would count more, and nothing would stand out. For
        touching objects (a step of 2 once a line between them is opened) that is 4 pixels; the
        U-Net paper has 5.
        """
        sigma = min(PER_STEP * self.step_px, PER_DIAMETER * self.diameter_px)
        return max(0.5, round(2 * sigma) / 2)


def spacing(labels: np.ndarray) -> Spacing | None:
    """Measure how closely objects lie beside each other; None where no two are close.

    Parameters
    ----------
    labels
        (y, x) integers, 0 is background.

    Returns
    -------
    Medians over all pairs of neighbours whose gap is narrow: no wider than half the diameter.
    """
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    if np.count_nonzero(areas) < 2:
        return None
    one, other, steps = _nearest_steps(labels)
    diameters = 2 * np.sqrt(areas / np.pi)
    # however small they are, objects that touch are close
    narrow = steps <= np.maximum(2, NARROW * np.minimum(diameters[one], diameters[other]))
    if not narrow.any():
        return None
    ids = np.union1d(one[narrow], other[narrow])
    usual_step, usual_diameter = np.median(steps[narrow]), np.median(diameters[ids])
    return Spacing(int(np.count_nonzero(narrow)), float(usual_step), float(usual_diameter))


def _nearest_steps(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every two neighbours, and the shortest way between their edges, at least 2 pixels."""
    away, places = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    owners = labels[tuple(places)]
    found = []
    for before, after in neighbours(labels.ndim):
        a, b = owners[before], owners[after]
        meet = a != b
        ids = np.sort(np.column_stack([a[meet], b[meet]]).astype(np.int64), axis=1)
        found.append((ids, away[before][meet] + away[after][meet] + 1))
    ids = np.concatenate([one for one, _ in found])
    pairs, which = np.unique(ids, axis=0, return_inverse=True)
    steps = np.full(len(pairs), np.inf)
    np.minimum.at(steps, which.ravel(), np.concatenate([ways for _, ways in found]))
    return pairs[:, 0], pairs[:, 1], np.maximum(steps, 2)
