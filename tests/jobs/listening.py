"""A listener for tests, and what else several tests of the jobs need."""

import os
import threading
import time
from pathlib import Path

from napari_unet.jobs.messages import Cancelled, Done, Failed
from napari_unet.schema.events import Notice
from napari_unet.schema.requests import PredictRequest


class Heard:
    """Collects the messages of a job; others can wait for the first and for the end."""

    def __init__(self):
        self.messages = []
        self._first, self._end = threading.Event(), threading.Event()

    def __call__(self, message):
        self.messages.append(message)
        self._first.set()
        if isinstance(message, Done | Failed | Cancelled):
            self._end.set()

    def first(self, timeout=10):
        assert self._first.wait(timeout), "no message came"
        return self.messages[0]

    def end(self, timeout=15):
        assert self._end.wait(timeout), f"no end came, only {self.messages[-3:]}"
        return self.messages[-1]

    @property
    def texts(self):
        return [message.text for message in self.messages if isinstance(message, Notice)]


def ask(body, planes=()):
    return PredictRequest(model=body, planes=list(planes))


def is_alive(pid):
    """Whether a process is there and not a zombie that nobody has collected."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def comes_true(condition, within_s=5.0):
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def engine_threads():
    """The threads of this process that listen to an engine."""
    return [thread for thread in threading.enumerate() if thread.name == "napari-unet engine"]
