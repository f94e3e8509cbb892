"""What a job is, what turns a request into one, and who listens to it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

from napari_unet.jobs.messages import Message
from napari_unet.schema.events import Event
from napari_unet.schema.requests import Answer, Request, Result

Job = Generator[Event, Answer, Result]
"""A long job: it yields what it does and returns what it made."""

Perform = Callable[[Request, Path], Job]
"""Turns a request into a job; files that the job makes go into the folder."""

Listener = Callable[[Message], None]
"""Receives the messages of one job in order; the last is `Done`, `Failed` or `Cancelled`."""

ALREADY_RUNNING = "A job is already running: wait until it ends, or cancel it first."
CLOSED = "This engine is closed: make a new one."
