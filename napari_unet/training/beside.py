"""Do something beside a training, at its events."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from functools import partial
from typing import Any, TypeVar

from napari_unet.schema.events import Event, StopEarly
from napari_unet.schema.requests import Answer

T = TypeVar("T")


def beside(
    training: Generator[Event, Any, T], more: Callable[[Event, Answer], Iterable[Event]]
) -> Generator[Event, Answer, T]:
    """Yield what a training does, and after each event what else comes of it.

    Whoever stops what is done beside stops the training, which then ends as it always does.

    Parameters
    ----------
    training
        The job.
    more
        Called with each event, once it has been told, and with the answer to it.
    """
    go_on = partial(next, training)
    with closing(training):
        while True:
            try:
                event = go_on()
            except StopIteration as end:
                result: T = end.value
                return result
            try:
                answer = yield event
                yield from more(event, answer)
                go_on = partial(next, training)
            except (StopEarly, KeyboardInterrupt) as stop:
                go_on = partial(training.throw, stop)
