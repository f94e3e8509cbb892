"""The scales that are worth trying for objects of a size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

SCALES = (0.5, 0.71, 1.0, 1.41)
BEYOND = {0.5: (0.35, 0.25), 1.41: (2.0,)}
"""What is tried too where the first or the last scale was the best."""
LARGER = 1.5
"""An image is not enlarged until known objects are so much larger than its own."""
LARGE, FROM_AFAR = 0.3, 0.35
"""Of objects more than three times as wide as known ones a network sees parts alone. What it finds
says which polarity suits it, and nothing of the scale: they are shown at this one."""
ENOUGH, FEW = 12, 3
"""What the usual size is, fewer objects do not say; that it is another one altogether, a few do."""


class Scales(NamedTuple):
    """Scales that suit objects of a size."""

    tried: Sequence[float]
    fitting: float | None
    """Taken where nothing is better: known sizes, or large ones seen whole; None is open."""
    largest: float
    from_afar: bool = False
    """Whether a scale is taken that makes objects smaller, whatever was found at the others."""


def scales_for(ratio: float | None, objects: int) -> Scales:
    """The scales to try for objects of a size.

    Whoever sees a large cell under a magnifying glass may find it better before anything is learnt,
    but learns it worse: the network sees less of it at a time.

    Parameters
    ----------
    ratio
        The scale at which the usual one is as large as those that a model knows, if known.
    objects
        How many there are of them.
    """
    if ratio is None:
        return Scales(SCALES, None, math.inf)
    if ratio < LARGE and objects >= FEW:
        return Scales([scale for scale in SCALES if scale <= 1], FROM_AFAR, 1.0, from_afar=True)
    largest = max(1.0, LARGER * ratio)
    fits = objects >= ENOUGH and SCALES[0] <= ratio <= SCALES[-1]
    fitting = min(SCALES, key=lambda one: abs(math.log(one / ratio))) if fits else None
    return Scales([scale for scale in SCALES if scale <= largest], fitting, largest)
