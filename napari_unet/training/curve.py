"""How the loss of a training went, in few points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

MOST_POINTS = 32

T = TypeVar("T")


@dataclass
class Curve:
    """The mean loss of equally many steps each; as steps go on, neighbours are merged.

    So it stays small however long a training takes, and does not depend on interruptions.

    Parameters
    ----------
    sums
        Of the losses of each point.
    each
        How many steps a point stands for; of the last one some may be still to come.
    steps
        How many steps there were.
    """

    sums: list[float] = field(default_factory=list)
    each: int = 1
    steps: int = 0

    def add(self, loss: float) -> None:
        """Take note of the loss of the next step."""
        if self.steps % self.each == 0:
            if len(self.sums) == MOST_POINTS:
                self.sums = [a + b for a, b in zip(self.sums[::2], self.sums[1::2], strict=True)]
                self.each *= 2
            self.sums.append(0.0)
        self.sums[-1] += loss
        self.steps += 1

    def points(self) -> tuple[tuple[int, float], ...]:
        """Each point's last step, and the mean loss of its steps."""
        ends = [min((i + 1) * self.each, self.steps) for i in range(len(self.sums))]
        starts = [i * self.each for i in range(len(self.sums))]
        counts = [end - start for start, end in zip(starts, ends, strict=True)]
        return tuple((e, s / n) for e, s, n in zip(ends, self.sums, counts, strict=True))


def thinned(values: Sequence[T], most: int = MOST_POINTS) -> tuple[T, ...]:
    """So many of them at most, evenly taken, the first and the last among them."""
    if len(values) <= most:
        return tuple(values)
    return tuple(values[round(i * (len(values) - 1) / (most - 1))] for i in range(most))
