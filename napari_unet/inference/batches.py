"""How many tiles of an image a network is shown at once."""

from __future__ import annotations

import math

ON_GPU_PX = 4 << 20
"""Pixels that a GPU is shown at once, at most: 32 features of each are half a GiB in float32."""

_TRIES = 2
"""The first batch of a size is slower than those after it."""
_WORTH = 0.95
"""Twice as many tiles stay where a pixel takes less of its time than this."""


class Batches:
    """Finds the number of tiles at once by trying: doubled as long as that is faster.

    Parameters
    ----------
    most_px
        How many pixels there may be at once; one tile there may always be.
    """

    def __init__(self, most_px: int) -> None:
        self._most_px = most_px
        self._tiles = 1
        self._found = False
        self._times: list[float] = []
        self._before = math.inf

    def tiles(self, each_px: int) -> int:
        """How many tiles are next, of so many pixels each."""
        return max(1, min(self._tiles, self._most_px // each_px))

    def took(self, seconds: float, tiles: int, each_px: int) -> None:
        """So long a batch has taken: what the next one is follows from it."""
        if self._found or tiles != self._tiles:
            return
        self._times.append(seconds / (tiles * each_px))
        if len(self._times) < _TRIES:
            return
        now, self._times = min(self._times), []
        if now < _WORTH * self._before:
            self._before = now
            self._tiles *= 2
        else:
            self._tiles //= 2
            self._found = True

    def was_too_large(self, tiles: int) -> None:
        """So many did not fit into memory."""
        self._tiles = tiles // 2
        self._found = True
