"""What each tool makes of the mouse: clicks and drags on a mask become repairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_unet.session.edits import Kind, PlaneIndex
from napari_unet.session.holes import fill_holes
from napari_unet.session.objects import Repair, cut_out, id_at
from napari_unet.session.repairs import (
    delete_in,
    delete_object,
    encircle,
    merge_clicked,
    merge_objects,
)
from napari_unet.session.splitting import split_between, split_objects
from napari_unet.session.stops import Stop
from napari_unet.session.strokes import Point

TWO_CLICKS = frozenset({"merge", "split"})
"""Tools that wait for a second click."""
KINDS: dict[str, Kind] = {
    "delete": "delete",
    "merge": "merge",
    "split": "split",
    "encircle": "encircle",
    "holes": "fill holes",
}
"""The tools that repair, and what each of their edits is called."""


def clicked(tool: str, labels: np.ndarray, points: Sequence[Point], new_id: int) -> Repair:
    """What a tool does where a person clicked.

    Parameters
    ----------
    tool
        A name in `KINDS`.
    labels
        (y, x) integers, 0 is background.
    points
        The places; two for the tools in `TWO_CLICKS`.
    new_id
        It and all ids above it are not used yet.

    Raises
    ------
    ValueError
        If there is nothing to do at these places; the sentence says what to do instead.
    """
    match tool:
        case "delete":
            return delete_object(labels, points[0])
        case "merge":
            return merge_clicked(labels, points)
        case "split":
            return split_between(labels, (points[0], points[1]), new_id)
        case "holes":
            return fill_holes(labels, points[0])
    return encircle(labels, points, new_id)


def stop_at(labels: np.ndarray, plane: PlaneIndex, at: Point) -> Stop:
    """The object that was clicked, as a place to say something of.

    Raises
    ------
    ValueError
        If there is no object.
    """
    id_ = id_at(labels, at)
    if not id_:
        raise ValueError("There is no object here: click on one that is right.")
    (cutout,) = cut_out(labels, [id_])
    rows, columns = cutout.box
    box = (rows.start, columns.start, rows.stop, columns.stop)
    return Stop(plane, box, id_, worth=0.0, audit=False, reasons=())


def dragged(tool: str, labels: np.ndarray, stroke: Sequence[Point], new_id: int) -> Repair:
    """What a tool does along a line that was drawn; parameters and errors as for `clicked`."""
    match tool:
        case "delete":
            return delete_in(labels, stroke)
        case "merge":
            return merge_objects(labels, stroke)
        case "split":
            return split_objects(labels, stroke, new_id)
        case "holes":
            return fill_holes(labels, stroke[-1])
    return encircle(labels, stroke, new_id)
