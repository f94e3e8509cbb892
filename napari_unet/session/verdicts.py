"""What a person says about pixels, as edits: painted, confirmed, unsure."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_unet.images.boxes import bounding_box, grown
from napari_unet.schema.correction import State
from napari_unet.schema.prediction import Box
from napari_unet.session.edits import Edit, Kind, PlaneIndex, Region
from napari_unet.session.history import History
from napari_unet.session.runs import Runs
from napari_unet.session.stops import Stop

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


def right(history: History, labels: np.ndarray, stop: Stop, seconds: float = 0.0) -> Edit:
    """An edit that vouches for what the mask shows at a stop, and close around it.

    Parameters
    ----------
    history
        Of the mask.
    labels
        The mask of the stop's plane, (y, x).
    stop
        The object, or the place where one could have been missing.
    seconds
        How long the person looked.
    """
    core, (top, left) = _core(labels, stop)
    y0, x0, y1, x1 = stop.box
    within = core[y0 - top : y1 - top, x0 - left : x1 - left]
    within |= (history.states[stop.plane][y0:y1, x0:x1] & State.CORRECTED) > 0  # put right here
    # of a place without an object nobody has looked at what lies around it
    ring = RING_PX if stop.id else 0
    states = _vouched(history, stop.plane, core, (top, left), ring=ring, audit=stop.audit)
    return Edit("right", states=states, seconds=seconds, audit=stop.audit)


def wrong(history: History, labels: np.ndarray, stop: Stop, seconds: float = 0.0) -> Edit:
    """An edit that deletes the object of a stop, and vouches for what is left there.

    Parameters are those of `right`.
    """
    core, at = _core(labels, stop)
    box = (*at, at[0] + core.shape[0], at[1] + core.shape[1])
    before = labels[box[0] : box[2], box[1] : box[3]]
    gone = Runs.of_box(history.shape, stop.plane, box, before, np.where(core, 0, before))
    states = _vouched(history, stop.plane, core, at, core * State.CORRECTED, audit=stop.audit)
    return Edit("wrong", gone, states, seconds=seconds, audit=stop.audit)


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
    return Edit("right", states=_vouched(history, plane, core, at, audit=audit), audit=audit)


def _core(labels: np.ndarray, stop: Stop) -> tuple[np.ndarray, tuple[int, int]]:
    """The pixels of a stop, bool (y, x) with room around them, and where the first one lies.

    An object may have grown since it became a stop: it is followed as far as it reaches.
    """
    margin = RING_PX
    while True:
        y0, x0, y1, x1 = box = grown(stop.box, margin, labels.shape)
        part = labels[y0:y1, x0:x1]
        if not stop.id:
            top, left, bottom, right_ = stop.box
            background = labels[top:bottom, left:right_] == 0
            return background, (top, left)
        core = part == stop.id
        if _has_room(core, box, labels.shape):
            return core, (y0, x0)
        margin *= 2


def _has_room(core: np.ndarray, box: Box, shape: tuple[int, ...]) -> bool:
    """Whether pixels that lie in a box have a ring around them in it, if the plane has one."""
    if not core.any():
        return True
    y0, x0 = box[:2]
    top, left, bottom, right_ = bounding_box(core)
    held = (y0 + top, x0 + left, y0 + bottom, x0 + right_)
    top, left, bottom, right_ = grown(held, RING_PX, shape)
    return top >= y0 and left >= x0 and bottom <= box[2] and right_ <= box[3]


def _vouched(
    history: History,
    plane: PlaneIndex,
    core: np.ndarray,
    at: tuple[int, int],
    more: np.ndarray | int = 0,
    *,
    ring: int = RING_PX,
    audit: bool,
) -> Runs:
    """Some pixels and those close around them become confirmed; the core gets more flags."""
    seen = ndimage.binary_dilation(core, iterations=ring) if ring else core
    box = (*at, at[0] + core.shape[0], at[1] + core.shape[1])
    before = history.states[plane][box[0] : box[2], box[1] : box[3]]
    after = np.where(seen, _confirmed(before), before) | np.asarray(more, np.uint8)
    if audit:
        after = np.where(seen, after | np.uint8(State.AUDITED), after)
    return Runs.of_box(history.shape, plane, box, before, after)


def imported(
    history: History, before: np.ndarray, after: np.ndarray, states: np.ndarray | None
) -> Edit:
    """An edit that takes over masks from elsewhere.

    Parameters
    ----------
    history
        Of the mask.
    before, after
        The labels that are there, and those that come: (..., y, x).
    states
        What is known of their pixels; None is nothing, so that pixels that change count as not
        looked at.
    """
    known = history.states
    if states is None:
        states = np.where(before != after, np.uint8(State.MODEL), known)
    return Edit("import", Runs.of_arrays(before, after), Runs.of_arrays(known, states))


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
