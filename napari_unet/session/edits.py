"""What a person has vouched for on one mask: the pixels they edited, the regions they confirmed.

Nothing is recorded stroke by stroke. What the model showed is kept (the *base*), and a pixel counts
as corrected where the mask differs from it now; so undo, redo and edits by other plugins are
counted rightly, whatever way they took.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from napari_unet.schema.correction import Known
from napari_unet.schema.prediction import Box

PlaneIndex = tuple[int, ...]
"""Where a plane is in a stack: one number for each axis but y and x; () for a single plane."""


class Region(NamedTuple):
    """A rectangle of a plane that a person has confirmed as right."""

    plane: PlaneIndex
    box: Box


class Tally(NamedTuple):
    """Corrected objects: inside of confirmed regions, and those that lie outside of all."""

    inside: int = 0
    outside: int = 0


@dataclass(frozen=True)
class PlaneEdits:
    """What the model showed on a plane, and what was vouched for earlier.

    Parameters
    ----------
    base
        (y, x) integers: the mask before it was edited.
    vouched
        uint8 (y, x), values of `Known`: confirmed pixels, and those corrected under an earlier
        prediction.
    """

    base: np.ndarray
    vouched: np.ndarray

    def state(self, labels: np.ndarray) -> np.ndarray:
        """What is known of each pixel of the mask as it is now: uint8 (y, x), values of `Known`."""
        return np.where(labels != self.base, np.uint8(Known.CORRECTED), self.vouched)

    def confirmed(self, box: Box) -> PlaneEdits:
        """The same, with every pixel of a box confirmed that was unknown."""
        vouched = self.vouched.copy()
        inside = vouched[_slices(box)]
        inside[inside == Known.UNKNOWN] = Known.CONFIRMED
        return replace(self, vouched=vouched)

    def forgotten(self, where: np.ndarray) -> PlaneEdits:
        """The same, with nothing vouched for where the bool mask is true."""
        return replace(self, vouched=np.where(where, np.uint8(Known.UNKNOWN), self.vouched))


class Edits:
    """Everything a person has vouched for on one mask, plane by plane.

    Parameters
    ----------
    shape
        Of the mask: (..., y, x).
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.regions: list[Region] = []
        self.highest = 0
        """The highest id ever seen, so that a new object needs no search."""
        size = shape[-2:]
        self._untouched = PlaneEdits(np.zeros(size, np.uint16), np.zeros(size, np.uint8))
        self._planes: dict[PlaneIndex, PlaneEdits] = {}
        self._tallies: dict[PlaneIndex, Tally] = {}

    def __getitem__(self, plane: PlaneIndex) -> PlaneEdits:
        return self._planes.get(plane, self._untouched)

    def confirm(self, region: Region) -> None:
        """Vouch for every pixel of a region as the mask shows it."""
        self._planes[region.plane] = self[region.plane].confirmed(region.box)
        self.regions.append(region)

    def take_back(self) -> None:
        """Withdraw the region that was confirmed last; edits inside of it stay."""
        last = self.regions.pop()
        where = np.zeros(self.shape[-2:], bool)
        where[_slices(last.box)] = self[last.plane].vouched[_slices(last.box)] == Known.CONFIRMED
        for box in self._boxes(last.plane):
            where[_slices(box)] = False
        self.forget(last.plane, where)

    def forget(self, plane: PlaneIndex, where: np.ndarray) -> None:
        """Vouch no longer for the pixels of a plane where the bool mask is true."""
        self._planes[plane] = self[plane].forgotten(where)

    def accept(self, plane: PlaneIndex, edits: PlaneEdits, highest: int) -> None:
        """Take a new prediction as the base; what was vouched for has been carried over to it.

        Parameters
        ----------
        plane, edits
            Which plane, and what replaces what is known of it.
        highest
            The highest id of the new base.
        """
        self._planes[plane] = edits
        self.highest = max(self.highest, highest)

    def count(self, plane: PlaneIndex, labels: np.ndarray) -> np.ndarray:
        """Count the corrected objects of a plane anew.

        Returns
        -------
        uint8 (y, x), the state of its pixels.
        """
        state = self[plane].state(labels)
        rows, columns = np.nonzero(state == Known.CORRECTED)
        ids = np.stack([labels[rows, columns], self[plane].base[rows, columns]])
        inside = np.zeros(len(rows), bool)
        for y0, x0, y1, x1 in self._boxes(plane):
            inside |= (rows >= y0) & (rows < y1) & (columns >= x0) & (columns < x1)
        within = set(np.unique(ids[:, inside]).tolist()) - {0}
        beyond = set(np.unique(ids[:, ~inside]).tolist()) - {0} - within
        self._tallies[plane] = Tally(len(within), len(beyond))
        self.highest = max(self.highest, int(ids.max(initial=0)))
        return state

    @property
    def tally(self) -> Tally:
        """Corrected objects of all planes that were counted."""
        counts = self._tallies.values()
        return Tally(sum(c.inside for c in counts), sum(c.outside for c in counts))

    @property
    def region_count(self) -> int:
        """Confirmed regions; one that lies within another is not counted."""
        found = set(self.regions)
        return sum(not any(_within(a, b) for b in found if b != a) for a in found)

    def known(self, labels: np.ndarray) -> Iterator[tuple[PlaneIndex, np.ndarray]]:
        """What training may learn from: for each plane with confirmed regions, its known pixels.

        Edits outside of all regions are left out: they are one-sided (only what the model missed,
        or only what it found too much), and training on them alone ruins a model.

        Yields
        ------
        The plane, and uint8 (y, x) values of `Known`.
        """
        for plane in dict.fromkeys(region.plane for region in self.regions):
            state = self[plane].state(labels[plane])
            known = np.zeros_like(state)
            for box in self._boxes(plane):
                known[_slices(box)] = state[_slices(box)]
            yield plane, known

    def _boxes(self, plane: PlaneIndex) -> list[Box]:
        return [region.box for region in self.regions if region.plane == plane]


def _slices(box: Box) -> tuple[slice, slice]:
    return slice(box[0], box[2]), slice(box[1], box[3])


def _within(inner: Region, outer: Region) -> bool:
    a, b = inner.box, outer.box
    holds = b[0] <= a[0] and b[1] <= a[1] and a[2] <= b[2] and a[3] <= b[3]
    return holds and inner.plane == outer.plane
