"""An engine that also works ahead while its user asks for nothing, and gives way at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from psygnal import Signal

from napari_unet.jobs.job import Listener
from napari_unet.jobs.messages import Cancelled, Ending, Failed, Message
from napari_unet.schema.arrays import detached
from napari_unet.schema.requests import Request, Word
from napari_unet.session.line import Deliver
from napari_unet.session.run import Runner


@dataclass(frozen=True, eq=False)
class _Job:
    """A job that runs, or waits until what runs ahead has ended."""

    request: Request
    listener: Listener
    ahead: bool


class SpareTime:
    """An engine whose spare time is used; for whoever hands in the user's jobs it is a `Runner`.

    A job of the user's ends a job that runs ahead, and begins as soon as that has heard of it: at
    the next tile, and after three seconds at the latest, when the engine is killed.

    Parameters
    ----------
    start
        Makes an engine, when a job needs one.
    deliver
        Messages of the engine come from another thread; they are handed on through this, so that
        all else happens in the thread of the owner.
    """

    freed = Signal()
    """There is time to spare."""

    def __init__(self, start: Callable[[], Runner], deliver: Deliver = lambda call: call()) -> None:
        self._start = start
        self._deliver = deliver
        self._engine: Runner | None = None
        self._job: _Job | None = None
        self._waiting: _Job | None = None
        self._gives_way = False

    @property
    def idle(self) -> bool:
        """Whether nothing runs."""
        return self._job is None

    # the user's jobs

    def submit(self, request: Request, on_message: Listener) -> None:
        """Start a job of the user's; what runs ahead makes room for it.

        Raises
        ------
        ValueError, OSError
            If the engine cannot start it.
        """
        if self._job is not None and self._job.ahead:
            self._waiting = _Job(detached(request), on_message, ahead=False)
            self.give_way()
        else:
            self._begin(_Job(request, on_message, ahead=False))

    def tell(self, word: Word) -> None:
        """Say something to the user's job, if it runs."""
        if self._engine is not None and self._job is not None and not self._job.ahead:
            self._engine.tell(word)

    def cancel(self) -> None:
        """Ask the user's job to end; a training keeps the best so far."""
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.listener(Cancelled())
        elif self._job is not None and self._engine is not None and not self._job.ahead:
            self._engine.cancel()

    def close(self) -> None:
        """End everything; the next job starts another engine."""
        self._job = self._waiting = None
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    # ahead

    def work_ahead(self, request: Request, on_message: Listener) -> bool:
        """Start a job that nobody waits for.

        Returns
        -------
        Whether it has begun: if anything else runs, it does not.

        Raises
        ------
        ValueError, OSError
            If the engine cannot start it.
        """
        if self._job is not None:
            return False
        self._begin(_Job(request, on_message, ahead=True))
        return True

    def give_way(self) -> None:
        """End what runs ahead."""
        ahead = self._job is not None and self._job.ahead
        if ahead and self._engine is not None and not self._gives_way:
            self._gives_way = True
            self._engine.cancel()

    # the engine

    def _begin(self, job: _Job) -> None:
        self._engine = self._engine or self._start()
        self._job, self._gives_way = job, False  # before its first message can come
        try:
            self._engine.submit(job.request, partial(self._post, job))
        except (ValueError, OSError):
            self._job = None
            raise

    def _post(self, job: _Job, message: Message) -> None:
        self._deliver(lambda: self._receive(job, message))

    def _receive(self, job: _Job, message: Message) -> None:
        if job is not self._job:  # closed meanwhile
            return
        if isinstance(message, Ending):
            self._job = None
            self._let_in()
        job.listener(message)
        if self._job is None:
            self.freed.emit()

    def _let_in(self) -> None:
        """Begin the user's job that has waited; its user hears if that fails."""
        if self._waiting is not None:
            job, self._waiting = self._waiting, None
            try:
                self._begin(job)
            except (ValueError, OSError) as error:
                job.listener(Failed(sentence=str(error), details=""))
