"""Read ahead and write behind in a thread, so that the network never waits for a disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

S = TypeVar("S")
T = TypeVar("T")

_WAITING = 2
"""How much may wait to be written; a slow disk then slows the network, and memory stays flat."""


def ahead(make: Callable[[S], T], items: Iterable[S]) -> Iterator[tuple[S, T]]:
    """Make something of each item, of the next one in a thread while the caller uses this one.

    Parameters
    ----------
    make
        What is done with an item in the thread; what it raises is raised here, at its item.
    items
        The items, in order.

    Yields
    ------
    Each item with what was made of it.
    """
    with ThreadPoolExecutor(1, "read-ahead") as thread:
        coming: deque[tuple[S, Future[T]]] = deque()
        for item in items:
            coming.append((item, thread.submit(make, item)))
            if len(coming) > 1:
                this, made = coming.popleft()
                yield this, made.result()
        for this, made in coming:
            yield this, made.result()


class Behind:
    """Does one thing after the other in a thread while the caller goes on.

    Leaving it waits until all is done. What fails there is raised at the next `do`, or at the end.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "write-behind")
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def do(self, action: Callable[[], None]) -> None:
        """Do this after what is waiting; the caller waits while too much does."""
        self._waiting.append(self._thread.submit(action))
        while len(self._waiting) > _WAITING:
            self._waiting.popleft().result()

    def wait(self) -> None:
        """Wait until all is done."""
        while self._waiting:
            self._waiting.popleft().result()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.wait()
        finally:
            self._thread.shutdown()
