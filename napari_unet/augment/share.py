"""A batch that several processes prepare together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self, TypeVar


class _OfAll(Protocol):
    """A tensor or a list that has something of each patch."""

    def __len__(self) -> int: ...

    def __getitem__(self, patches: slice, /) -> Self: ...


T = TypeVar("T", bound=_OfAll)


@dataclass(frozen=True)
class Share:
    """Which patches of a batch a process prepares; all by default.

    Chance is drawn for the whole batch everywhere and then divided, so that the patches are the
    same whether one process prepares them or several.
    """

    rank: int = 0
    """Which of the processes this is, from 0 on."""
    size: int = 1
    """How many processes there are; the number of patches is a multiple of it."""

    def of(self, batch: T) -> T:
        """What belongs to the patches of this process, of something of all patches."""
        part = len(batch) // self.size
        return batch[self.rank * part : (self.rank + 1) * part]


WHOLE = Share()
