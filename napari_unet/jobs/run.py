"""Drives a job from its first event to its end, and obeys the person who started it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from queue import SimpleQueue

from napari_unet.jobs.failure import failed
from napari_unet.jobs.job import Job
from napari_unet.jobs.messages import Cancelled, Done, Ending, Message
from napari_unet.schema.events import Event, StepDone, StopEarly, TileDone
from napari_unet.schema.requests import Word


@dataclass
class Order:
    """What a person wants of a job that runs: said in one thread, obeyed in another.

    Parameters
    ----------
    cancelled
        Set to True, and the job is asked to end at its next event.
    on_heard
        Called when the job is asked to end.
    words
        What else there is to say; each is read when the job takes it.
    """

    cancelled: bool = False
    on_heard: Callable[[], None] | None = None
    words: SimpleQueue[Callable[[], Word]] = field(default_factory=SimpleQueue)

    def said(self) -> list[Word]:
        """What has come since it was asked for the last time."""
        return [self.words.get()() for _ in range(self.words.qsize())]


def run(job: Job, order: Order) -> Generator[Message, None, None]:
    """Yield what a job says, and last how it ended.

    A cancelled job gets `StopEarly` at its next event: what it returns then is its result, as a
    training returns the best so far; a job that lets it through is cancelled. What else there is to
    say is sent to it when it has done a step or a tile. When the ending is yielded the job is
    closed, and no traceback holds on to its arrays.
    """
    ending: Ending
    try:
        ending = yield from _events(job, order)
    except StopEarly:
        ending = Cancelled()
    except Exception as error:  # noqa: BLE001 - whatever ends a job, its listener is told
        ending = failed(error)
    finally:
        job.close()
    yield ending


def _events(job: Job, order: Order) -> Generator[Event, None, Done]:
    asked, event = False, None
    while True:
        try:
            if order.cancelled and not asked:
                asked = True
                if order.on_heard is not None:
                    order.on_heard()
                event = job.throw(StopEarly())
            elif isinstance(event, StepDone | TileDone):
                event = job.send(order.said() or None)
            else:
                event = next(job)
        except StopIteration as end:
            return Done(result=end.value)
        yield event
