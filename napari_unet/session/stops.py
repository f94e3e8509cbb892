"""Where to look, what a person says there, and what these answers add up to."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal, NamedTuple

from napari_unet.schema.prediction import Box
from napari_unet.session.edits import PlaneIndex

Answer = Literal["right", "wrong", "fixed"]
"""``wrong``: a person saw that it is wrong and left it so."""
NINETY_FIVE = 1.96
"""Standard deviations of a normal distribution that hold 95 % of it on both sides."""


@dataclass(frozen=True)
class Stop:
    """A place to look at.

    Parameters
    ----------
    plane, box
        Where it is: y start, x start, y stop, x stop.
    id
        The object; 0 is a place where one may be missing.
    worth
        What looking at it is worth, as the queue orders stops.
    audit
        Whether it was drawn at random, so that it counts in scores.
    reasons
        Why to look, in a word or two each; none where nothing is conspicuous.
    """

    plane: PlaneIndex
    box: Box
    id: int
    worth: float
    audit: bool
    reasons: tuple[str, ...]


class Looked(NamedTuple):
    """What a person has done at the stops so far."""

    stops: int = 0
    """Stops that were answered."""
    fixed: int = 0
    seconds: float = 0.0


class Share(NamedTuple):
    """How many objects of the mask are right, judged by objects that were drawn at random."""

    right: int
    drawn: int
    low: float
    """Between this and ``high`` the true share lies, in 19 cases of 20."""
    high: float

    @property
    def share(self) -> float:
        """The best guess of the share of right objects."""
        return self.right / self.drawn


def share(right: int, drawn: int) -> Share:
    """The share of right objects with its 95 % interval.

    Notes
    -----
    E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927).
    """
    z2 = NINETY_FIVE**2
    middle = (right + z2 / 2) / (drawn + z2)
    half = NINETY_FIVE * sqrt(right * (drawn - right) / drawn + z2 / 4) / (drawn + z2)
    return Share(right, drawn, max(0.0, middle - half), min(1.0, middle + half))
