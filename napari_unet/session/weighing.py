"""What counts most in training: the border weights of a plane, as its user sees and sets them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from napari_unet.images.border_weights import reach_px
from napari_unet.images.classes import mask_of
from napari_unet.images.metrics.contacts import Touching, touching_pairs
from napari_unet.images.spacing import spacing
from napari_unet.images.targets import make_target
from napari_unet.images.weight_maps import border_of
from napari_unet.schema.catalog import LOSSES, Border
from napari_unet.schema.correction import learnable
from napari_unet.schema.prediction import Box
from napari_unet.schema.settings import LossSettings, MaskSettings
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.specimen import Specimen

WHOLE_PX = 1_000_000
"""Of larger planes only what is on the screen is looked at, and coarsely if that is as large."""
QUICK_PX = 8_000_000
"""So many pixels of distances are measured in a tenth of a second on a core of its own."""


NO_OBJECTS = "There are no objects yet: segment the image, or paint some."


class Dials(NamedTuple):
    """The two settings of a loss that say how much borders count, and how far around."""

    weight: str
    reach: str


DIALS: Mapping[Border, Dials] = MappingProxyType(
    {"2015": Dials("w0", "sigma_px"), "2019": Dials("falk_w0", "falk_gap_px")}
)


class Weights(NamedTuple):
    """The border weights of a part of a plane."""

    values: np.ndarray
    """float32, (y, x); at most as fine as the pixels of the plane."""
    corner: tuple[int, int]
    """Its first pixel in the plane, y and x."""
    step: int
    """Side of its pixels, in pixels of the plane."""


class Outlook(NamedTuple):
    """What border weights have to do with the objects of a plane."""

    touching: Touching
    judged: bool
    """Whether pairs are counted where a person confirmed the mask and the model was run, so that
    merged ones are known."""
    sigma_px: float | None
    """The reach that suits the objects; None where no two are close to each other."""


def dials_of(loss: LossSettings) -> Dials | None:
    """The two dials of a loss; None if it has no border weights."""
    return DIALS.get(border_of(loss))


def why_no_dials(loss: LossSettings, classes: int) -> str:
    """Why there is nothing to set, in one sentence; empty if there is."""
    if classes > 1:
        return "Classes have no border weights: choose a model of objects to use them."
    if dials_of(loss) is None:
        title = LOSSES[loss.loss].title
        return f"{title} has no border weights: choose a border-weighted loss under Advanced."
    return ""


def part_to_look_at(shape: tuple[int, ...], view: Callable[[], Box | None]) -> Box:
    """Which pixels of a plane are looked at: all, or of a large one those on the screen.

    Parameters
    ----------
    shape
        Of the mask: (..., y, x).
    view
        Says what is on the screen; None is all. Of a small plane it is not asked.
    """
    height, width = shape[-2:]
    seen = view() if height * width > WHOLE_PX else None
    return seen or (0, 0, height, width)


def weigh(
    specimen: Specimen, plane: PlaneIndex, box: Box, loss: LossSettings, scale: float = 1.0
) -> Weights:
    """The border weights that training would give to a part of a plane, were all of it confirmed.

    They are made by what makes them in training. Large parts, and long reaches among many objects,
    are looked at coarsely, so that it takes about a tenth of a second at most.

    Parameters
    ----------
    specimen
        Whose mask it is.
    plane, box
        The part.
    loss
        The two dials are read from it.
    scale
        How much larger than the image the model sees it: the reach is in pixels that it sees.
    """
    step = math.ceil(math.sqrt((box[2] - box[0]) * (box[3] - box[1]) / WHOLE_PX))
    labels = _part(specimen, plane, box, step)
    coarser = math.ceil(math.sqrt(_work_px(labels, loss, scale * step) / QUICK_PX))
    labels, step = labels[::coarser, ::coarser], step * coarser
    values = make_target(labels, None, _seen_at(loss, scale * step)).weight_map
    return Weights(values, (box[0], box[1]), step)


def look(
    specimen: Specimen, plane: PlaneIndex, box: Box, mask: MaskSettings, scale: float = 1.0
) -> Outlook:
    """Count the objects of a part of a plane that touch, and those that the model takes for one.

    Where nothing is confirmed yet, or the model was not run, only those that touch are counted.

    Parameters
    ----------
    specimen
        Whose mask it is.
    plane, box
        The part.
    mask
        How the model's probabilities become objects.
    scale
        How much larger than the image the model sees it.
    """
    labels = _part(specimen, plane, box)
    y0, x0, y1, x1 = box
    confirmed = learnable(specimen.history.states[plane][y0:y1, x0:x1]) > 0
    truth = np.where(confirmed, labels, 0) if confirmed.any() else labels
    suits = spacing(truth)
    sigma = suits.sigma_px * scale if suits else None
    found = _found(specimen, plane, mask)
    if found is None or not confirmed.any():
        return Outlook(touching_pairs(truth, truth), judged=False, sigma_px=sigma)
    return Outlook(touching_pairs(found[y0:y1, x0:x1], truth, confirmed), True, sigma)


def touching_text(outlook: Outlook | None) -> str:
    """One line: "Touching pairs: 23, merged now: 9"."""
    if outlook is None:
        return ""
    counted = f"Touching pairs: {outlook.touching.pairs}"
    return f"{counted}, merged now: {outlook.touching.merged}" if outlook.judged else counted


def _part(specimen: Specimen, plane: PlaneIndex, box: Box, step: int = 1) -> np.ndarray:
    y0, x0, y1, x1 = box
    where: tuple[int | slice, ...] = (*plane, slice(y0, y1, step), slice(x0, x1, step))
    return np.array(specimen.labels[where])


def _found(specimen: Specimen, plane: PlaneIndex, mask: MaskSettings) -> np.ndarray | None:
    """The objects that the model finds by itself in a plane; None if it was not run there."""
    seen = specimen.seen.get(plane)
    if seen is None or specimen.probabilities is None:
        return None
    found = np.zeros(specimen.shape[-2:], np.uint32)
    found[seen[0] : seen[2], seen[1] : seen[3]] = mask_of(specimen.crop(plane), mask)
    return found


def _seen_at(loss: LossSettings, px: float) -> LossSettings:
    """The same loss for pixels that are so many times as large."""
    lengths = ("sigma_px", "falk_gap_px", "falk_rim_px")
    return loss.model_copy(update={name: getattr(loss, name) / px for name in lengths})


def _work_px(labels: np.ndarray, loss: LossSettings, px: float) -> float:
    """The pixels of all windows in which distances are measured: nearly all of the work."""
    dials = dials_of(loss)
    if dials is None:
        return 1.0
    around = 2 * reach_px(getattr(loss, dials.weight), getattr(loss, dials.reach) / px)
    boxes = [box for box in ndimage.find_objects(labels) if box is not None]
    sides = [(y.stop - y.start + around, x.stop - x.start + around) for y, x in boxes]
    return max(1.0, float(sum(height * width for height, width in sides)))
