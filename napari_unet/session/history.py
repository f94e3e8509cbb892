"""What a person has done to one mask, in order: undo, redo, and what is known of each pixel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np
from psygnal import Signal

from napari_unet.schema.correction import State, learnable
from napari_unet.session.edits import Edit, Entry, Move, PlaneIndex, Region


class Tally(NamedTuple):
    """What a person has done: objects corrected inside and outside of what is confirmed."""

    inside: int = 0
    outside: int = 0
    regions: int = 0
    """Confirmed regions."""
    checked: int = 0
    """Objects that were checked one by one, without those of audits."""


class Moment(NamedTuple):
    """How far a history had come."""

    version: int
    edits: int


class History:
    """Everything that changed one mask, and what is known of each pixel.

    It does not hold the labels: whoever does writes the changes that `undo` and `redo` give.

    Parameters
    ----------
    shape
        Of the mask: (..., y, x).
    """

    entered = Signal(object)
    """An `Entry` has been made: an edit, or a step back or forth."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.states = np.zeros(shape, np.uint8)
        """What is known of each pixel: values of `State`."""
        self.highest = 0
        """The highest id ever used, so that a new object needs no search."""
        self.done: list[Edit] = []
        self.undone: list[Edit] = []
        self.known_px = 0
        """Pixels that training may learn from, see `known`."""
        self.version = 0
        """Grows with each entry."""
        self._tally, self._counted_at = Tally(), 0

    def new_id(self) -> int:
        """An id that no object has or had; it is not given twice."""
        self.highest += 1
        return self.highest

    def do(self, edit: Edit) -> None:
        """Add what has just changed the labels; what was undone can no longer be redone."""
        self._advance(edit)
        self.undone.clear()
        self.entered.emit(edit)

    def undo(self) -> Edit | None:
        """Take back the last edit; its `labels` have to be written backwards."""
        if not self.done or self.done[-1].kind == "start":
            return None
        edit = self.done[-1]
        self._retreat()
        self.entered.emit(Move.UNDO)
        return edit

    def redo(self) -> Edit | None:
        """Do again what was taken back last; its `labels` have to be written."""
        if not self.undone:
            return None
        edit = self.undone.pop()
        self._advance(edit)
        self.entered.emit(Move.REDO)
        return edit

    @property
    def moment(self) -> Moment:
        """How far it has come, to ask later what came since."""
        return Moment(self.version, len(self.done))

    def since(self, moment: Moment) -> list[Edit] | None:
        """The edits that were added since; None if anything was undone meanwhile."""
        added = self.done[moment.edits :]
        return added if self.version - moment.version == len(added) else None

    def replay(self, entries: Iterable[Entry]) -> np.ndarray:
        """Go through a journal from an empty mask; nobody is told.

        Returns
        -------
        The labels, uint16 (uint32 where an id is above 65,535), (..., y, x).
        """
        labels = np.zeros(self.shape, np.uint16)
        for entry in entries:
            match entry:
                case Edit():
                    self._advance(entry)
                    self.undone.clear()
                    labels = _written(labels, entry, back=False)
                case Move.UNDO if self.done:
                    labels = _written(labels, self._retreat(), back=True)
                case Move.REDO if self.undone:
                    edit = self.undone.pop()
                    self._advance(edit)
                    labels = _written(labels, edit, back=False)
        return labels

    def _advance(self, edit: Edit) -> None:
        edit.states.write(self.states)
        self.known_px += _learnable_px(edit)
        self.highest = max(self.highest, int(edit.labels.after.max(initial=0)))
        self.done.append(edit)
        self.version += 1

    def _retreat(self) -> Edit:
        edit = self.done.pop()
        edit.states.backwards().write(self.states)
        self.known_px -= _learnable_px(edit)
        self.undone.append(edit)
        self.version += 1
        return edit

    # what is known

    @property
    def classes(self) -> int:
        """What the labels hold: 1 is objects, more are so many classes."""
        return next((edit.classes for edit in reversed(self.done) if edit.classes), 1)

    @property
    def regions(self) -> list[Region]:
        """The rectangles that a person has confirmed."""
        return list(dict.fromkeys(edit.region for edit in self.done if edit.region))

    @property
    def tally(self) -> Tally:
        """What has been corrected and confirmed, by the objects that edits touched."""
        if self._counted_at != self.version:  # many ask after each change
            self._tally, self._counted_at = self._counted(), self.version
        return self._tally

    def _counted(self) -> Tally:
        touched = [edit.touched for edit in self.done if edit.by_hand]
        ids = np.fromiter(chain.from_iterable(touched), np.int64)
        pixels = np.fromiter(chain.from_iterable(one.values() for one in touched), np.int64)
        states = self.states.reshape(-1)[pixels]
        corrected = (states & State.CORRECTED) != 0
        confirmed = (states & State.CONFIRMED) != 0
        inside = np.unique(ids[corrected & confirmed])
        outside = np.setdiff1d(ids[corrected], inside)
        checked = sum(edit.kind in ("right", "wrong") and not edit.audit for edit in self.done)
        return Tally(len(inside), len(outside), _outer(self.regions), checked)

    def known(self) -> Iterator[tuple[PlaneIndex, np.ndarray]]:
        """What training may learn from: planes with confirmed pixels, and which those are.

        Yields
        ------
        The plane, and uint8 (y, x); see `napari_unet.schema.correction.learnable`.
        """
        for plane in self._planes():
            known = learnable(self.states[plane])
            if known.any():
                yield plane, known

    def _planes(self) -> list[PlaneIndex]:
        """The planes of which something was said; what is confirmed lies in runs within rows."""
        size = self.shape[-2] * self.shape[-1]
        places = [edit.states.start // size for edit in self.done]
        fronts = np.unique(np.concatenate(places)).tolist() if places else []
        front = self.shape[:-2]
        return [tuple(int(i) for i in np.unravel_index(n, front)) if front else () for n in fronts]


def _learnable_px(edit: Edit) -> int:
    """So many more pixels can be learnt from after it than before."""
    before, after = (learnable(of) > 0 for of in (edit.states.before, edit.states.after))
    return int(edit.states.length[after].sum() - edit.states.length[before].sum())


def _written(labels: np.ndarray, edit: Edit, *, back: bool) -> np.ndarray:
    runs = edit.labels.backwards() if back else edit.labels
    if runs.after.max(initial=0) > np.iinfo(labels.dtype).max:
        labels = labels.astype(np.uint32)
    runs.write(labels)
    return labels


def _outer(regions: list[Region]) -> int:
    """How many of some regions, all different, lie in no other of them."""
    if not regions:
        return 0
    places = np.array([(*plane, *box) for plane, box in regions])
    *planes, top, left, bottom, right = places.T[:, :, np.newaxis]
    held = [place == place.T for place in planes]
    held += [top >= top.T, left >= left.T, bottom <= bottom.T, right <= right.T]
    holders = np.logical_and.reduce(held).sum(axis=1)  # each holds itself
    return int((holders == 1).sum())
