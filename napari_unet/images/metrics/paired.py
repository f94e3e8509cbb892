"""How sure it is that one mask is better than another: a paired bootstrap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

RESAMPLES = 1000
_MOST_PLACES = 1000


def f1_of(table: np.ndarray) -> np.ndarray:
    """The object F1 of sums of `local_counts`, (..., 7)."""
    found, invented, missed = (table[..., i].astype(float) for i in range(3))
    return _ratio(2 * found, 2 * found + invented + missed)


def correlation_of(table: np.ndarray) -> np.ndarray:
    """How far the pixels of two masks go together, from sums of `block_counts`, (..., 4).

    Matthews' correlation coefficient: 1 is perfect; a mask that has nothing to do with the truth
    gets 0, however much of it is object, and so does one that is all object or all background.
    """
    neither, missed, invented, both = (table[..., i].astype(float) for i in range(4))
    sides = (both + invented) * (both + missed) * (neither + invented) * (neither + missed)
    return _ratio(both * neither - invented * missed, np.sqrt(sides))


def interval_of_difference(
    before: np.ndarray,
    after: np.ndarray,
    score: Callable[[np.ndarray], np.ndarray] = f1_of,
    seed: int = 0,
) -> tuple[float, float]:
    """Between what bounds the difference of a score lies, with 95 % certainty.

    Places are drawn again with replacement, the same for both masks, a thousand times (Efron 1979,
    Annals of Statistics 7, 1); the bounds are the 2.5th and 97.5th percentile.

    Parameters
    ----------
    before, after
        (place, count), `local_counts` or `block_counts` of two masks against one truth. Of more
        than a thousand, so many neighbours are drawn together that there are a thousand.
    score
        Of sums of counts, (resample, count).
    seed
        The same seed gives the same bounds.
    """
    both = np.concatenate([before, after], axis=1)
    if len(both) > _MOST_PLACES:
        starts = np.linspace(0, len(both), _MOST_PLACES, endpoint=False).astype(int)
        both = np.add.reduceat(both, starts)
    n = len(both)
    drawn = np.random.default_rng(seed).integers(0, n, (RESAMPLES, n))
    drawn += np.arange(RESAMPLES)[:, None] * n
    often = np.bincount(drawn.ravel(), minlength=RESAMPLES * n).reshape(RESAMPLES, n)
    sums = often.astype(float) @ both.astype(float)
    width = before.shape[1]
    difference = score(sums[:, width:]) - score(sums[:, :width])
    low, high = np.percentile(difference, (2.5, 97.5))
    return float(low), float(high)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """A part of the whole; 0 where there is nothing."""
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part, float), where=whole > 0))
