"""Shows in the terminal what a long job says, and stops it when Ctrl-C is pressed."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, Self, TypeVar, cast

from tqdm import tqdm

from napari_unet.cli.report import scores_text
from napari_unet.schema.events import (
    Event,
    Notice,
    Progress,
    StepDone,
    StopEarly,
    Validated,
    finish,
)

T = TypeVar("T")

_EVERY_S = 0.1
_EVERY_S_IN_A_LOG = 10.0


def run(job: Generator[Event, None, T], what: str, listen: Callable[[Event], object] = id) -> T:
    """Run a job to its end behind a progress bar and return its result.

    The first Ctrl-C asks the job to end: a training then returns its best so far. The second ends
    the program.

    Parameters
    ----------
    job
        The job.
    what
        Stands before the bar, for example the name of a file.
    listen
        Gets every event too.

    Raises
    ------
    StopEarly
        If it was stopped before there was anything to return.
    """
    with Bar(what) as bar, _interrupts() as interrupts:
        told = False
        try:
            while True:
                if interrupts and not told:
                    told = True
                    event = job.throw(StopEarly())
                else:
                    event = next(job)
                bar.show(event)
                listen(event)
        except StopIteration as end:
            return cast(T, end.value)


def run_in_silence(job: Generator[Event, None, T]) -> T:
    """Run a job to its end that another process shows and, when Ctrl-C is pressed, stops."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return finish(job)
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Count presses of Ctrl-C; the second one is an interruption as usual."""
    presses: list[int] = []

    def press(number: int, frame: FrameType | None) -> None:
        presses.append(number)
        if len(presses) > 1:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, press)
    try:
        yield presses
    finally:
        signal.signal(signal.SIGINT, before)


class Bar:
    """A progress bar on stderr, a new one for each phase of a job.

    Parameters
    ----------
    what
        Stands before the bar.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._phase = ""
        self._bar: tqdm[NoReturn] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def show(self, event: Event) -> None:
        """Show one event."""
        match event:
            case Progress():
                self._move(event)
            case StepDone() if self._bar is not None:
                self._bar.set_postfix_str(f"loss {event.loss:.3f}", refresh=False)
            case Validated(step=step, scores=scores):
                tqdm.write(
                    f"step {step}: {scores_text(scores)} on held-out pixels", file=sys.stderr
                )
            case Notice(text=text):
                tqdm.write(text, file=sys.stderr)

    def _move(self, event: Progress) -> None:
        if self._bar is None or event.phase != self._phase:
            self._close()
            self._phase = event.phase
            self._bar = _new_bar(f"{self._what}: {event.phase}", event.total)
        self._bar.total = event.total
        self._bar.update(event.done - self._bar.n)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _new_bar(title: str, total: int) -> tqdm[NoReturn]:
    every_s = _EVERY_S if sys.stderr.isatty() else _EVERY_S_IN_A_LOG
    return tqdm(
        desc=title, total=total, unit="", leave=False, dynamic_ncols=True, mininterval=every_s
    )
