"""What a person says about pixels, as edits: painted, confirmed, unsure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from napari_unet.schema.correction import State
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
    edit = said(history, stop.plane, *_core(labels, stop), audit=stop.audit)
    return replace(edit, seconds=seconds)


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
    """The pixels of a stop, bool (y, x) with room around them, and where the first one lies."""
    y0, x0, y1, x1 = stop.box
    top, left = max(0, y0 - RING_PX), max(0, x0 - RING_PX)
    part = labels[top : y1 + RING_PX, left : x1 + RING_PX]
    return (part == stop.id) if stop.id else np.ones(part.shape, bool), (top, left)


def _vouched(
    history: History,
    plane: PlaneIndex,
    core: np.ndarray,
    at: tuple[int, int],
    more: np.ndarray | int = 0,
    *,
    audit: bool,
) -> Runs:
    """Some pixels and those close around them become confirmed; the core gets more flags."""
    seen = ndimage.binary_dilation(core, iterations=RING_PX)
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
