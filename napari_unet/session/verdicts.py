"""What a person says about pixels, as edits: painted, confirmed, unsure."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_unet.schema.correction import State
from napari_unet.schema.prediction import Box
from napari_unet.session.edits import Edit, Kind, PlaneIndex, Region
from napari_unet.session.history import History
from napari_unet.session.runs import Runs

RING_PX = 4
"""Who says that an object is right has seen so many pixels around it."""


def painted(history: History, kind: Kind, labels: Runs, seconds: float = 0.0) -> Edit:
    """An edit that changes objects: its pixels count as corrected."""
    pixels = labels.pixels
    before = history.states.reshape(-1)[pixels]
    after = (before & ~np.uint8(State.UNKNOWN)) | np.uint8(State.CORRECTED)
    return Edit(kind, labels, Runs.of_pixels(pixels, before, after), seconds=seconds)


def confirmed(history: History, region: Region) -> Edit:
    """An edit that vouches for every pixel of a region as the mask shows it.

    Pixels that are known to be unknown stay so.
    """
    plane, box = region
    before = history.states[plane][box[0] : box[2], box[1] : box[3]]
    states = Runs.of_box(history.shape, plane, box, before, _confirmed(before))
    return Edit("confirm", states=states, region=region)


def right(
    history: History, plane: PlaneIndex, labels: np.ndarray, id_: int, box: Box, *, audit: bool
) -> Edit:
    """An edit that vouches for one object, its outline, and the pixels close around it.

    Parameters
    ----------
    history
        Of the mask.
    plane, labels
        Which plane, and its mask, (y, x).
    id_
        The object.
    box
        The smallest that holds it.
    audit
        Whether it was chosen at random.
    """
    y0, x0, y1, x1 = _wider(box, labels.shape)
    return said(history, plane, labels[y0:y1, x0:x1] == id_, (y0, x0), audit=audit)


def said(
    history: History, plane: PlaneIndex, core: np.ndarray, at: tuple[int, int], *, audit: bool
) -> Edit:
    """An edit that vouches for some pixels and those close around them, as the mask shows them.

    Parameters
    ----------
    history, plane
        Which mask, and which of its planes.
    core
        bool (y, x).
    at
        Where on the plane its first pixel lies.
    audit
        Whether the place was chosen at random.
    """
    seen = ndimage.binary_dilation(core, iterations=RING_PX)
    box = (*at, at[0] + core.shape[0], at[1] + core.shape[1])
    before = history.states[plane][box[0] : box[2], box[1] : box[3]]
    after = np.where(seen, _confirmed(before), before)
    if audit:
        after = np.where(seen, after | np.uint8(State.AUDITED), after)
    return Edit("right", states=Runs.of_box(history.shape, plane, box, before, after), audit=audit)


def unsure(history: History, pixels: np.ndarray) -> Edit:
    """An edit that says that nobody can know what some pixels are.

    Parameters
    ----------
    history
        Of the mask.
    pixels
        Their places in the flattened mask, rising.
    """
    before = history.states.reshape(-1)[pixels]
    after = np.full_like(before, State.UNKNOWN)
    return Edit("unsure", states=Runs.of_pixels(pixels, before, after))


def _confirmed(states: np.ndarray) -> np.ndarray:
    unknown = (states & np.uint8(State.UNKNOWN)) != 0
    return np.where(unknown, states, states | np.uint8(State.CONFIRMED))


def _wider(box: Box, shape: tuple[int, ...]) -> Box:
    y0, x0, y1, x1 = box
    return (
        max(0, y0 - RING_PX),
        max(0, x0 - RING_PX),
        min(shape[0], y1 + RING_PX),
        min(shape[1], x1 + RING_PX),
    )
