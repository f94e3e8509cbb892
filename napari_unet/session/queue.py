"""What to look at next: the places where one correction is worth most, and a few at random."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from napari_unet.images.uncertainty import Doubts
from napari_unet.session.audits import Audits
from napari_unet.session.edits import Edit, Entry, Move, PlaneIndex
from napari_unet.session.history import History
from napari_unet.session.places import Places, Seen
from napari_unet.session.stops import Answer, Looked, Share, Stop

AUDIT_EVERY = 5
LAST_FEW = 4
"""What lies beside one of the last few stops waits: one correction there may have been enough."""
BESIDE = 0.5
"""A place beside one of them is worth this share of what it is worth elsewhere."""


class _Said(NamedTuple):
    """An answer, and the edit that it became."""

    at: int
    answer: Answer
    seconds: float
    edit: Edit | None


class Queue:
    """The order in which to look at objects, and what was said of them.

    Most stops are chosen by worth, spread over the image. Every fifth is an *audit*, drawn from all
    objects that nobody has looked at: they alone say how many objects of the mask are right.

    Parameters
    ----------
    history
        Of the mask: what is known already is no stop.
    labels
        Gives a plane of the mask as it is now, (y, x).
    tables
        The places of each plane of the mask.
    seed
        Same seed and same answers, same stops.
    """

    def __init__(
        self,
        history: History,
        labels: Callable[[PlaneIndex], np.ndarray],
        tables: Mapping[PlaneIndex, Doubts],
        seed: int = 0,
    ) -> None:
        self._history, self._labels = history, labels
        self._random = np.random.default_rng(seed)
        self._trail: list[Stop] = []
        self._said: list[_Said] = []
        self._taken_back: set[Edit] = set()
        self._answers: dict[int, _Said] = {}
        """What was said last at each stop and not taken back."""
        self._at = -1
        history.entered.connect(self._on_entered)
        self.refresh(tables)

    def refresh(self, tables: Mapping[PlaneIndex, Doubts]) -> None:
        """Go on with a new mask: what was looked at stays so, and audits begin anew."""
        self._places = Places(tables)
        self._shown: dict[int, int] = {}
        for stop in self._trail:
            self._places.close(stop)
        for plane in tables:
            self._places.close_known(plane, self._labels(plane), self._history.states[plane])
        objects = np.flatnonzero(self._places.open & (self._places.ids > 0))
        self._audits = Audits(self._random.permutation(objects).tolist(), self._judge)

    @property
    def current(self) -> Stop | None:
        """Where the person is now."""
        return self._trail[self._at] if self._trail else None

    def next(self) -> Stop | None:
        """Go on: to where one went back from, else to a new stop; None when all was looked at."""
        if self._at + 1 == len(self._trail):
            is_audit = (len(self._trail) + 1) % AUDIT_EVERY == 0
            place = self._audits.draw() if is_audit else None
            audit = place is not None
            place = self._worthiest() if place is None else place
            if place is None:
                return None
            self._shown[place] = len(self._trail)
            self._places.open[place] = False
            self._trail.append(self._places.stop(place, audit=audit))
        self._at += 1
        return self.current

    def back(self) -> Stop | None:
        """Go back to the stop before this one; the first one stays."""
        self._at = max(self._at - 1, min(0, self._at))
        return self.current

    def answer(self, answer: Answer, seconds: float = 0.0, edit: Edit | None = None) -> None:
        """Take down what the person said at this stop; saying it again replaces it.

        Parameters
        ----------
        answer, seconds
            What they said, and how long they looked.
        edit
            What it became in the history: if that is undone, it was not said.

        Raises
        ------
        ValueError
            If there is no stop yet.
        """
        if not self._trail:
            raise ValueError("There is no stop to answer yet: press N for the first one.")
        self._said.append(_Said(self._at, answer, seconds, edit))
        self._count()

    @property
    def looked(self) -> Looked:
        """What the person has done at the stops so far."""
        said = self._answers.values()
        fixed = sum(one.answer == "fixed" for one in said)
        return Looked(len(said), fixed, sum(one.seconds for one in said))

    @property
    def share(self) -> Share | None:
        """How many of this mask's objects were right, by the audits; None before the first."""
        return self._audits.share()

    def _worthiest(self) -> int | None:
        """The open place that is worth most now; closes those that are known or gone."""
        places = self._places
        worth = places.worth * np.where(places.beside(self._trail[-LAST_FEW:]), BESIDE, 1.0)
        worth[~places.open] = -1
        for place in np.argsort(-worth, kind="stable").tolist():
            if worth[place] < 0:
                return None
            if self._seen(place) is Seen.NEVER:
                return int(place)
            places.open[place] = False
        return None

    def _seen(self, place: int) -> Seen:
        plane = self._places.plane(place)
        return self._places.seen(place, self._labels(plane), self._history.states[plane])

    def _judge(self, place: int) -> Seen:
        """What is known of an object: what was said at its stop, else what its pixels say."""
        if place not in self._shown:
            return self._seen(place)
        answer = self._answers.get(self._shown[place])
        if answer is None:
            seen = self._seen(place)
            return Seen.SKIPPED if seen is Seen.NEVER else seen
        return Seen.RIGHT if answer.answer == "right" else Seen.WRONG

    def _count(self) -> None:
        """See what was said and stands."""
        self._answers = {one.at: one for one in self._said if one.edit not in self._taken_back}

    def _on_entered(self, entry: Entry) -> None:
        """Whoever takes back an edit has not said what it says."""
        if entry is Move.UNDO:
            self._taken_back.add(self._history.undone[-1])
            self._count()
        elif entry is Move.REDO:
            self._taken_back.discard(self._history.done[-1])
            self._count()
