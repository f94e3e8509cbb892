"""Runs jobs in this process: for tests, scripts and places that forbid child processes."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from threading import Lock, Thread, current_thread

from napari_unet.jobs.engine import wire
from napari_unet.jobs.folder import JobFolder
from napari_unet.jobs.job import ALREADY_RUNNING, CLOSED, Listener, Perform
from napari_unet.jobs.messages import Ending
from napari_unet.jobs.perform import perform, warm_up
from napari_unet.jobs.run import Order, run
from napari_unet.schema.requests import Request, Word

_GRACE_S = 3.0


class InlineEngine:
    """Runs jobs in this process, with the interface of the engine.

    A job that is stuck cannot be killed here, and a crash ends the program.

    Parameters
    ----------
    threaded
        False: `submit` returns when the job has ended; messages come in the calling thread, and
        an error of the listener goes to the caller. True: `submit` returns at once; messages come
        in a thread of their own.
    perform
        What turns a request into a job.
    """

    def __init__(self, threaded: bool = False, perform: Perform = perform) -> None:
        self._threaded = threaded
        self._perform = perform
        self._folder = JobFolder.create()
        self._lock = Lock()
        self._order: Order | None = None
        self._thread: Thread | None = None
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether a job is running."""
        return self._order is not None

    def submit(self, request: Request, on_message: Listener) -> None:
        """Start a job; it gets copies of the arrays, so painting may go on.

        Raises
        ------
        ValueError
            If a job is already running, or the engine is closed.
        """
        order = self._claim()
        try:
            frame = wire.pack_request(request, self._folder.arrays)
            copied = wire.unpack_request(frame, self._folder.arrays)
        except BaseException:
            self._finish(order)
            raise
        if not self._threaded:
            self._work(copied, order, on_message)
            return
        self._thread = Thread(
            target=self._work, args=(copied, order, on_message), name="inline engine", daemon=True
        )
        self._thread.start()

    def tell(self, word: Word) -> None:
        """Say a copy of something to the job that runs, at its next step or tile."""
        if (order := self._order) is not None:
            frame = wire.pack_word(word, self._folder.arrays)
            order.words.put(partial(wire.unpack_word, frame, self._folder.arrays))

    def cancel(self) -> None:
        """Ask the job to end at its next event; a training keeps the best so far."""
        if (order := self._order) is not None:
            order.cancelled = True

    def warm_up(self) -> None:
        """Load ahead what the first job needs; it takes seconds, in the calling thread."""
        warm_up()

    def close(self) -> None:
        """Cancel the job and delete all files; a job in a thread has 3 s to end."""
        self._closed = True
        self.cancel()
        if self._thread is not None and self._thread is not current_thread():
            self._thread.join(_GRACE_S)
        self._folder.remove()

    def _claim(self) -> Order:
        with self._lock:
            if self._closed:
                raise ValueError(CLOSED)
            if self._order is not None:
                raise ValueError(ALREADY_RUNNING)
            self._order = Order()
            return self._order

    def _work(self, request: Request, order: Order, on_message: Listener) -> None:
        try:
            with closing(run(self._perform(request, self._folder.made), order)) as messages:
                for message in messages:
                    if isinstance(message, Ending):
                        self._finish(order)
                    on_message(message)
        finally:
            self._finish(order)

    def _finish(self, order: Order) -> None:
        """Be free for the next job; a listener may submit it when it hears of the end."""
        with self._lock:
            if self._order is order:
                self._folder.empty_arrays()
                self._order = None
