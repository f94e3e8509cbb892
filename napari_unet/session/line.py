"""One job at a time: what carries jobs out, the one that runs, and the one that is next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from napari_unet.jobs.failure import failed
from napari_unet.jobs.messages import Cancelled, Ending, Message
from napari_unet.schema.arrays import detached
from napari_unet.schema.requests import Word
from napari_unet.session.run import Run, Runner

Deliver = Callable[[Callable[[], None]], None]
"""Calls a function in the thread that owns the session."""


class Line:
    """Lets jobs run one after another, and hands on what they say.

    Parameters
    ----------
    start
        Makes an engine, when a job needs one.
    deliver
        Messages of the engine come from another thread; they are handed on through this.
    on_message
        Gets each message of the job that runs, and the job. After the last one, the next job in
        line has already begun. Of one that never began it gets how that ended.
    """

    def __init__(
        self,
        start: Callable[[], Runner],
        deliver: Deliver,
        on_message: Callable[[Run, Message], None],
    ) -> None:
        self._start = start
        self._deliver = deliver
        self._on_message = on_message
        self._engine: Runner | None = None
        self._next: Run | None = None
        self.running: Run | None = None
        self.ending = False
        """The running job has been asked to end."""

    @property
    def wanted(self) -> Run | None:
        """The job that the user waits for: it runs, or is next in line."""
        return self._next or self.running

    def begin(self, run: Run) -> None:
        """Start a job, or put it in line behind the one that runs.

        Raises
        ------
        ValueError, OSError
            If the engine cannot start it.
        """
        if self.running is not None:
            self._next = replace(run, request=detached(run.request))
            return
        self._engine = self._engine or self._start()
        self.running = run  # before its first message can come
        try:
            self._engine.submit(run.request, partial(self._post, run))
        except (ValueError, OSError):
            self.running = None
            raise

    def tell(self, word: Word) -> None:
        """Say something to the job that runs."""
        if self.running is not None and self._engine is not None:
            self._engine.tell(word)

    def cancel(self) -> None:
        """End the job that the user waits for: at once if it is only next in line."""
        waiting, self._next = self._next, None
        if waiting is not None:
            self._on_message(waiting, Cancelled())
        elif self.running is not None and self._engine is not None:
            self.ending = True
            self._engine.cancel()

    def close(self) -> None:
        """End the running job and the engine; the next job starts another one."""
        self._next = self.running = None
        self.ending = False
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _post(self, run: Run, message: Message) -> None:
        self._deliver(lambda: self._receive(run, message))

    def _receive(self, run: Run, message: Message) -> None:
        if run is not self.running:  # closed meanwhile
            return
        if isinstance(message, Ending):
            self.running, self.ending = None, False
            self._let_in()
        self._on_message(run, message)

    def _let_in(self) -> None:
        """Begin the job that is next in line; its user hears if that fails."""
        if self._next is not None:
            following, self._next = self._next, None
            try:
                self.begin(following)
            except (ValueError, OSError) as error:
                self._on_message(following, failed(error))
