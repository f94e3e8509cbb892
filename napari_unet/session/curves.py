"""How a fine-tuning goes, step by step: what the plot draws."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar, overload

import numpy as np

from napari_unet.schema.events import StepDone, Validated
from napari_unet.schema.training_record import Joined

T = TypeVar("T")


class Growing(Sequence[T]):
    """Values of which there is one more every time; it never changes itself.

    `after` shares what is there instead of copying it: with a copy for each of 100,000 steps the
    window would spend a minute of a training on nothing else.
    """

    def __init__(self, values: Iterable[T] = ()) -> None:
        self._shared = list(values)
        self._count = len(self._shared)

    def after(self, value: T) -> Growing[T]:
        """The same with one value more."""
        made: Growing[T] = Growing()
        is_last = len(self._shared) == self._count
        made._shared = self._shared if is_last else self._shared[: self._count]
        made._shared.append(value)
        made._count = self._count + 1
        return made

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[T]:
        return islice(self._shared, self._count)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return self._shared[slice(*index.indices(self._count))]
        return self._shared[range(self._count)[index]]


@dataclass(frozen=True)
class Curves:
    """How a fine-tuning goes: one value for each step, one for each test on held-out pixels."""

    steps: Sequence[StepDone] = ()
    tests: Sequence[Validated] = ()
    joined: Sequence[Joined] = ()
    """What came of regions that were to join it."""

    def after(self, event: StepDone | Validated | Joined) -> Curves:
        """The curves with one value more."""
        match event:
            case StepDone():
                return replace(self, steps=_growing(self.steps).after(event))
            case Validated():
                return replace(self, tests=_growing(self.tests).after(event))
            case Joined():
                return replace(self, joined=(*self.joined, event))


def thinned(places: np.ndarray, values: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """No more points than can be told apart: the mean of those that are drawn on one spot.

    Parameters
    ----------
    places
        (n,), growing.
    values
        (n,); those that are no finite number are left out.
    most
        So many points are left at most.

    Returns
    -------
    Places and values.
    """
    places, values = places[np.isfinite(values)], values[np.isfinite(values)]
    if len(places) <= most:
        return places, values
    first = np.arange(most) * len(places) // most
    counts = np.diff(first, append=len(places))
    return np.add.reduceat(places, first) / counts, np.add.reduceat(values, first) / counts


def _growing(values: Sequence[T]) -> Growing[T]:
    return values if isinstance(values, Growing) else Growing(values)
