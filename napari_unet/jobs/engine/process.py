"""One process of the engine, as the window sees it: its start, its pipes and its end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import BinaryIO, cast

from napari_unet.jobs.engine import wire
from napari_unet.jobs.failure import died, failed
from napari_unet.jobs.folder import JobFolder
from napari_unet.jobs.messages import Failed

_LOG_CHARACTERS = 8000


class Process:
    """Starts a process under this Python, and listens to it in a thread until it is gone.

    Never by multiprocessing, which would run the user's own script a second time.

    Parameters
    ----------
    folder
        The private folder of the two processes; what the process prints goes to its log there.
    perform
        "module:function", what turns a request into a job.
    on_frame
        Called with each frame that it sends.
    on_end
        Called once when it is gone, with the process and what to tell if nobody wanted it to end.

    Raises
    ------
    OSError
        If the system does not let a process be started.
    """

    def __init__(
        self,
        folder: JobFolder,
        perform: str,
        on_frame: Callable[[bytes], None],
        on_end: Callable[[Process, Failed], None],
    ) -> None:
        self._log = folder.log
        self._on_frame = on_frame
        self._on_end = on_end
        with folder.log.open("wb") as log:
            self._popen = subprocess.Popen(
                [sys.executable, "-P", "-m", "napari_unet.jobs.engine", str(folder.path), perform],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(os.environ),
                creationflags=_flags(),
            )
        self._stdin = cast(BinaryIO, self._popen.stdin)
        self._stdout = cast(BinaryIO, self._popen.stdout)
        self.thread = Thread(target=self._listen, name="napari-unet engine", daemon=True)
        self.thread.start()

    @property
    def alive(self) -> bool:
        """Whether it is there."""
        return self._popen.poll() is None

    def send(self, frame: bytes) -> None:
        """Send a frame; if it has just died the frame is lost, and ``on_end`` tells why."""
        with suppress(OSError, ValueError):  # a broken pipe, or one that is closed already
            wire.send(self._stdin, frame)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self._popen.kill()

    def _listen(self) -> None:
        broken: Failed | None = None
        try:
            for frame in wire.frames(self._stdout):
                self._on_frame(frame)
        except Exception as error:  # noqa: BLE001 - a tile is gone or memory ended: it cannot go on
            broken = failed(error)
            self.kill()
        code = self._popen.wait()
        for pipe in (self._stdin, self._stdout):
            with suppress(OSError):
                pipe.close()
        self._on_end(self, broken or died(code, self._last_words()))

    def _last_words(self) -> str:
        with suppress(OSError):
            return self._log.read_text(encoding="utf-8", errors="replace")[-_LOG_CHARACTERS:]
        return ""


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """The engine's environment: threads that leave a core to the window, and our import path.

    OpenMP and torch read their settings when they are loaded, so they are set before the process
    starts; what the user has set stays. Waiting threads must not spin: on a busy core that makes
    training several times slower.
    """
    return {
        "OMP_WAIT_POLICY": "PASSIVE",
        "OMP_NUM_THREADS": str(max(1, _cores() - 1)),
        **own,
        "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path),
    }


def _cores() -> int:
    """Cores that this process may use; a cluster gives fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _flags() -> int:
    """On Windows: no console window, and a lower priority (elsewhere the engine nices itself)."""
    names = ("CREATE_NO_WINDOW", "BELOW_NORMAL_PRIORITY_CLASS")
    return sum(getattr(subprocess, name, 0) for name in names)
