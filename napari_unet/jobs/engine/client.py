"""The window's side of the engine: starts it, asks it, listens to it, and outlives it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock, Thread, Timer, current_thread

from napari_unet.jobs.engine import wire
from napari_unet.jobs.engine.process import Process
from napari_unet.jobs.failure import failed
from napari_unet.jobs.folder import JobFolder
from napari_unet.jobs.job import ALREADY_RUNNING, CLOSED, Listener
from napari_unet.jobs.messages import Cancelled, Ending, Failed, Message
from napari_unet.schema.requests import Request, Word

_JOIN_S = 1.0

_logger = logging.getLogger(__name__)


@dataclass
class _Running:
    """The job that is running now."""

    listener: Listener
    sent: bool = False
    """Whether the process has been asked; large arrays are copied before, in a thread."""
    cancelled: bool = False
    heard: bool = False
    """Whether the job knows that it was cancelled."""
    killer: Timer | None = None

    def send(self, frame: bytes, process: Process) -> None:
        """Ask the process."""
        self.sent = True
        process.send(frame)

    def check(self) -> None:
        """End the copying of arrays that nobody needs any more."""
        if self.cancelled:
            raise InterruptedError("The job was cancelled.")


class Engine:
    """Runs jobs in a process of its own, so that the window never waits and outlives a crash.

    The process starts at the first job, keeps its model loaded between jobs, and is started anew
    if it dies. It ends with `close`, and by itself when this program is gone.

    Parameters
    ----------
    perform
        "module:function", what turns a request into a job in the process; replace it to teach the
        engine other jobs. The module has to be importable there: the import path is this one's.
    grace_s
        Seconds that a cancelled job has until it hears of it; then the process is killed.
    wind_up_s
        Seconds that a job which has heard of it may be silent while it returns the best so far.
    """

    def __init__(
        self,
        perform: str = "napari_unet.jobs.perform:perform",
        grace_s: float = 3.0,
        wind_up_s: float = 60.0,
    ) -> None:
        self._perform = perform
        self._grace_s = grace_s
        self._wind_up_s = wind_up_s
        # Guards all that follows; never held while a listener is called.
        self._lock = RLock()
        self._folder: JobFolder | None = None
        self._process: Process | None = None
        self._running: _Running | None = None
        self._closed = False
        self._later = ThreadPoolExecutor(1, "copy of planes")
        """Copies what is said to a job, where that takes long, in the order in which it is said."""

    @property
    def busy(self) -> bool:
        """Whether a job is running."""
        return self._running is not None

    def submit(self, request: Request, on_message: Listener) -> None:
        """Start a job; its arrays are copied now, so painting may go on.

        Planes that are large, or that are not in memory, are copied in a thread meanwhile.

        Parameters
        ----------
        request
            What to do.
        on_message
            Called from a thread of the engine with each message in order; the last is one `Done`,
            `Failed` or `Cancelled`, and when it comes the engine is free for the next job.

        Raises
        ------
        ValueError
            If a job is already running, or the engine is closed.
        OSError
            If the arrays cannot be written or the process cannot be started.
        """
        with self._lock:
            if self._closed:
                raise ValueError(CLOSED)
            if self._running is not None:
                raise ValueError(ALREADY_RUNNING)
            process, folder = self._started()
            running = _Running(on_message)
            if wire.takes_long(request):
                self._running = running
                work = (running, request, process, folder)
                Thread(target=self._copy, args=work, name="copy of planes", daemon=True).start()
                return
            with _emptied_on_error(folder):
                frame = wire.pack_request(request, folder.arrays)
            self._running = running
            running.send(frame, process)

    def _copy(
        self, running: _Running, request: Request, process: Process, folder: JobFolder
    ) -> None:
        """Write a request in a thread, and send it if nobody has cancelled it meanwhile."""
        failure = None
        try:
            frame = wire.pack_request(request, folder.arrays, running.check)
        except Exception as error:  # noqa: BLE001 - whatever an array that is read raises
            failure = failed(error)
        with self._lock:
            if self._running is not running or running.cancelled:  # whoever did that tells it
                return
            if failure is None:
                running.send(frame, process)
                return
            self._finish(running)
        self._say(running, failure)

    def tell(self, word: Word) -> None:
        """Let a correction join the fine-tuning that runs, or say where to predict next.

        Arrays are copied now, or in a thread as those of a request. The answer to a correction is
        the event `Joined`; where nothing runs any more there is none.

        Raises
        ------
        OSError
            If the arrays cannot be written.
        """
        if wire.takes_long(word) and not self._closed:
            self._later.submit(self._pass_on_later, word)
        else:
            self._pass_on(word)

    def _pass_on_later(self, word: Word) -> None:
        try:
            self._pass_on(word)
        except Exception:  # whatever an array that is read raises; the job goes on without it
            _logger.exception("What was said to a job could not be read.")

    def _pass_on(self, word: Word) -> None:
        with self._lock:
            running, process, folder = self._running, self._process, self._folder
            if running is None or not running.sent or running.cancelled:
                return
            if process is None or folder is None:
                return
        frame = wire.pack_word(word, folder.arrays)
        with self._lock:
            if self._running is running:
                process.send(frame)

    def cancel(self) -> None:
        """Ask the job to end at its next event; a training keeps the best so far.

        A job that is stuck is killed with its process after the grace time; one whose arrays are
        still being read ends at once.
        """
        with self._lock:
            running, process = self._running, self._process
            if running is None or process is None or running.cancelled:
                return
            running.cancelled = True
            if running.sent:
                self._kill_in(self._grace_s, running)
                process.send(wire.CANCEL)
                return
            self._finish(running)
        self._say(running, Cancelled())

    def warm_up(self) -> None:
        """Start the process and let it load what the first job needs, without waiting for it."""
        with self._lock:
            if not self._closed and self._running is None:
                self._started()[0].send(wire.WARM_UP)

    def close(self) -> None:
        """End the process and delete its files; a running job is reported as cancelled."""
        with self._lock:
            self._closed = True
            process, folder = self._process, self._folder
            if self._running is not None:
                self._running.cancelled = True
        if process is not None:
            process.kill()
            if process.thread is not current_thread():
                process.thread.join(_JOIN_S)
        self._later.shutdown(wait=False, cancel_futures=True)
        if folder is not None:
            folder.remove()

    def _started(self) -> tuple[Process, JobFolder]:
        if self._folder is None:
            self._folder = JobFolder.create()
        if self._process is None or not self._process.alive:
            self._process = Process(self._folder, self._perform, self._on_frame, self._on_end)
        return self._process, self._folder

    def _kill_in(self, seconds: float, running: _Running) -> None:
        if running.killer is not None:
            running.killer.cancel()
        running.killer = Timer(seconds, self._kill, [running])
        running.killer.daemon = True
        running.killer.start()

    def _kill(self, running: _Running) -> None:
        with self._lock:
            if self._running is running and self._process is not None:
                self._process.kill()

    def _on_frame(self, frame: bytes) -> None:
        with self._lock:
            running, folder = self._running, self._folder
            if running is None or folder is None:
                return
            running.heard |= frame == wire.HEARD
            if running.heard:
                self._kill_in(self._wind_up_s, running)
        if frame != wire.HEARD:
            self._tell(running, wire.unpack_message(frame, folder.arrays))

    def _on_end(self, process: Process, failure: Failed) -> None:
        with self._lock:
            # A newer process may have been started since this one died in its sleep.
            if self._process is not process:
                return
            self._process = None
            running = self._running
        if running is not None:
            self._tell(running, Cancelled() if running.cancelled else failure)

    def _tell(self, running: _Running, message: Message) -> None:
        if isinstance(message, Ending):
            self._finish(running)
        self._say(running, message)

    def _say(self, running: _Running, message: Message) -> None:
        try:
            running.listener(message)
        except Exception:  # the listener's own fault must not silence the engine
            _logger.exception("A listener of the engine failed.")

    def _finish(self, running: _Running) -> None:
        """Be free for the next job; a listener may submit it when it hears of the end."""
        with self._lock:
            if running.killer is not None:
                running.killer.cancel()
            if self._folder is not None:
                self._folder.empty_arrays()
            self._running = None


@contextmanager
def _emptied_on_error(folder: JobFolder) -> Iterator[None]:
    try:
        yield
    except BaseException:
        folder.empty_arrays()
        raise
