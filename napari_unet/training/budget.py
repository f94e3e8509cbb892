"""The seconds that a person gives to a fine-tuning, and what of them the verdict needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHARE_OF_A_JUDGEMENT = 1 / 12
"""Looking at what is held out takes at most so much of the time, once; it is done some times."""
SHARE_OF_TESTS = 0.15
"""So much of the time of a training goes to seeing how good it is meanwhile."""
MOST_TESTS = 8
RESERVE = 1.05
"""What was measured may take longer the next time."""
SPARE = 0.01
"""Share of the time that is left over in any case."""


class Budget:
    """What is left of the time, while one thing after another is measured.

    Parameters
    ----------
    seconds
        The time in all.
    clock
        Gives the time in seconds; None is `time.monotonic`.
    spent
        Seconds that have gone by before.
    """

    def __init__(
        self, seconds: float, clock: Callable[[], float] | None = None, spent: float = 0.0
    ) -> None:
        self.seconds = seconds
        self._clock = clock or time.monotonic
        self._start = self._clock() - spent
        self._lasted: dict[str, float] = {}
        self.judgements = 1.0
        """So many the verdict takes, each as long as the last one."""

    @property
    def elapsed(self) -> float:
        """Seconds that have gone by."""
        return self._clock() - self._start

    @contextmanager
    def timing(self, what: str) -> Iterator[None]:
        """Take the time of something that has to be done again at the end."""
        begun = self._clock()
        yield
        self._lasted[what] = self._clock() - begun

    def lasted(self, what: str) -> float:
        """Seconds that it took the last time."""
        return self._lasted.get(what, 0.0)

    def training_ends(self) -> float:
        """When training has to end, in seconds from the start, so that the verdict is in time."""
        verdict = self.judgements * self.lasted("judgement") + self.lasted("memory")
        return (1 - SPARE) * self.seconds - RESERVE * verdict

    def in_share(self, what: str, count: int) -> int:
        """How many can be looked at in the time of one judgement, if it took that for so many."""
        seconds = SHARE_OF_A_JUDGEMENT * self.seconds
        return int(count * seconds / max(self.lasted(what), 1e-6))

    def tests(self) -> int:
        """How often the network may be tested while it is trained, the last time included."""
        often = SHARE_OF_TESTS * self.seconds / max(self.lasted("judgement"), 1e-6)
        return max(1, min(MOST_TESTS, int(often)))
