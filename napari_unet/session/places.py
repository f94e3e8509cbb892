"""All places of all planes in one table: which are open, worth most, or known by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

import numpy as np

from napari_unet.images.overlaps import indices
from napari_unet.images.uncertainty import Doubts
from napari_unet.schema.correction import State
from napari_unet.schema.prediction import Box
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.stops import Stop
from napari_unet.session.worth import reasons, worth

NEAR = 4.0
"""Middles that are nearer than so many diameters lie beside each other."""


class Seen(Enum):
    """What a person has said of a place."""

    NEVER = "never"
    RIGHT = "right"
    WRONG = "wrong"
    SKIPPED = "skipped"


class Places:
    """All places of all planes.

    Parameters
    ----------
    tables
        The places of each plane.
    """

    def __init__(self, tables: Mapping[PlaneIndex, Doubts]) -> None:
        self._planes: list[PlaneIndex] = list(tables)
        self._tables = list(tables.values())
        sizes = [len(table.ids) for table in self._tables]
        self._starts = np.cumsum([0, *sizes])
        self._plane_of = np.repeat(np.arange(len(sizes)), sizes)
        self.ids = _joined([table.ids for table in self._tables])
        self.worth = _joined([worth(table) for table in self._tables])
        """float64, (place,)."""
        self._areas = _joined([table.measures.area_px for table in self._tables])
        boxes = _joined([table.boxes for table in self._tables]).reshape(-1, 4)
        self._middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        self._diameters = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
        self._boxes = boxes
        self.open = np.ones(len(self.ids), bool)
        """Places that may still become stops."""

    def plane(self, place: int) -> PlaneIndex:
        """The plane on which it lies."""
        return self._planes[int(self._plane_of[place])]

    def box(self, place: int) -> Box:
        """The smallest box that holds it."""
        y0, x0, y1, x1 = self._boxes[place].tolist()
        return (y0, x0, y1, x1)

    def stop(self, place: int, *, audit: bool) -> Stop:
        """The place as a stop."""
        table = self._plane_of[place]
        why = reasons(self._tables[table], int(place - self._starts[table]))
        return Stop(
            plane=self.plane(place),
            box=self.box(place),
            id=int(self.ids[place]),
            worth=float(self.worth[place]),
            audit=audit,
            reasons=why,
        )

    def seen(self, place: int, labels: np.ndarray, states: np.ndarray) -> Seen:
        """What the pixels say: whether the place is still as the model left it.

        Parameters
        ----------
        place
            The place.
        labels, states
            Its whole plane as it is now, (y, x).
        """
        y0, x0, y1, x1 = self.box(place)
        found, said = labels[y0:y1, x0:x1], states[y0:y1, x0:x1]
        if self.ids[place] == 0:
            filled = (found > 0) | (said > 0)
            return Seen.WRONG if filled.mean() > 0.5 else Seen.NEVER
        said = said[found == self.ids[place]]
        if not len(said):
            return Seen.WRONG
        if (said > 0).mean() <= 0.5:
            return Seen.NEVER
        if ((said & State.UNKNOWN) > 0).mean() > 0.5:
            return Seen.SKIPPED
        return Seen.WRONG if ((said & State.CORRECTED) > 0).any() else Seen.RIGHT

    def beside(self, stops: Sequence[Stop]) -> np.ndarray:
        """Which places lie beside one of these stops: bool, (place,)."""
        near = np.zeros(len(self.ids), bool)
        for stop in stops:
            y0, x0, y1, x1 = stop.box
            apart = np.hypot(*(self._middles - ((y0 + y1) / 2, (x0 + x1) / 2)).T)
            reach = NEAR * (self._diameters + max(y1 - y0, x1 - x0)) / 2
            near |= (apart < reach) & self._on(stop.plane)
        return near

    def close(self, stop: Stop) -> None:
        """Take out the place of an old stop, which may lie a little differently now."""
        y0, x0, y1, x1 = stop.box
        (my, mx), boxes = self._middles.T, self._boxes
        if stop.id:
            same = (boxes[:, 0] < y1) & (boxes[:, 2] > y0) & (boxes[:, 1] < x1) & (boxes[:, 3] > x0)
        else:
            same = (my >= y0) & (my < y1) & (mx >= x0) & (mx < x1)
        self.open[same & (self.ids == stop.id) & self._on(stop.plane)] = False

    def close_known(self, plane: PlaneIndex, labels: np.ndarray, states: np.ndarray) -> None:
        """Take out the objects of a plane of which a person has vouched for most pixels."""
        here = np.flatnonzero(self._on(plane) & (self.ids > 0))
        numbers, ids = indices(labels[states > 0])
        counts = np.bincount(numbers, minlength=len(ids))
        at = np.minimum(np.searchsorted(ids, self.ids[here]), len(ids) - 1)
        vouched = np.where(ids[at] == self.ids[here], counts[at], 0)
        self.open[here[vouched > self._areas[here] / 2]] = False

    def _on(self, plane: PlaneIndex) -> np.ndarray:
        if plane not in self._planes:
            return np.zeros(len(self.ids), bool)
        on: np.ndarray = self._plane_of == self._planes.index(plane)
        return on


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0)
