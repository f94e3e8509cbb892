"""Objects drawn at random, and the share of right ones among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from napari_unet.session.places import Seen
from napari_unet.session.stops import Share, share


class Audits:
    """A random order of all objects, which is gone through one by one.

    Objects in it that were judged already are counted without being shown again. So what was gone
    through is always a random sample of *all* objects, though the queue looks at the worst first.

    Parameters
    ----------
    order
        All objects, shuffled.
    judge
        What is known of an object.
    """

    def __init__(self, order: Sequence[int], judge: Callable[[int], Seen]) -> None:
        self._order, self._judge = order, judge
        self._drawn = 0
        self._passed: list[Seen] = []
        self._shown: list[int] = []

    def draw(self) -> int | None:
        """The next object that nobody has looked at; None when there is none."""
        while self._drawn < len(self._order):
            place = self._order[self._drawn]
            self._drawn += 1
            seen = self._judge(place)
            if seen is Seen.NEVER:
                self._shown.append(place)
                return place
            self._passed.append(seen)
        return None

    def share(self) -> Share | None:
        """The share of right objects; None before the first was judged."""
        judged = self._passed + [self._judge(place) for place in self._shown]
        right, wrong = judged.count(Seen.RIGHT), judged.count(Seen.WRONG)
        return share(right, right + wrong) if right + wrong else None
