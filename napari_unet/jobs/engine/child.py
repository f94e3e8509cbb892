"""The engine's side: takes one request after another and tells what its job says."""

from __future__ import annotations

import logging
import os
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import BinaryIO, NoReturn

from napari_unet.jobs.engine import wire
from napari_unet.jobs.failure import failed
from napari_unet.jobs.folder import JobFolder
from napari_unet.jobs.job import Perform
from napari_unet.jobs.messages import Message
from napari_unet.jobs.perform import give_memory_back, warm_up
from napari_unet.jobs.run import Order, run

_logger = logging.getLogger(__name__)


class Child:
    """Serves the requests of one window until that window is gone.

    Parameters
    ----------
    folder
        The private folder of the two processes; deleted when the window is gone.
    perform
        What turns a request into a job.
    reader, writer
        Where frames come from and go to.
    """

    def __init__(self, folder: Path, perform: Perform, reader: BinaryIO, writer: BinaryIO) -> None:
        self._folder = JobFolder(folder)
        self._perform = perform
        self._reader = reader
        self._writer = writer
        self._order = Order()
        self._inbox: SimpleQueue[tuple[bytes, Order]] = SimpleQueue()

    def serve(self) -> NoReturn:
        """Work until the process is ended; orders come in a thread of their own."""
        Thread(target=self._listen, name="engine orders", daemon=True).start()
        while True:
            frame, order = self._inbox.get()
            if frame == wire.WARM_UP:
                _warm_up()
            else:
                self._answer(frame, order)
            give_memory_back()

    def _listen(self) -> None:
        for frame in wire.frames(self._reader):
            if frame == wire.CANCEL:
                self._order.cancelled = True
            elif frame.startswith(wire.WORD):
                read = partial(wire.unpack_word, frame, self._folder.arrays)
                self._order.words.put(read)
            elif frame == wire.WARM_UP:
                self._inbox.put((frame, Order()))
            else:
                # An order of its own: one that came too late cannot hit the next job.
                self._order = Order(on_heard=lambda: self._send(wire.HEARD))
                self._inbox.put((frame, self._order))
        leave(self._folder)

    def _answer(self, frame: bytes, order: Order) -> None:
        try:
            request = wire.unpack_request(frame, self._folder.arrays)
            with closing(run(self._perform(request, self._folder.made), order)) as messages:
                for message in messages:
                    self._tell(message)
        except Exception as error:  # noqa: BLE001 - as on a full disk, where a tile cannot be handed over
            self._tell(failed(error))

    def _tell(self, message: Message) -> None:
        self._send(wire.pack_message(message, self._folder.arrays))

    def _send(self, frame: bytes) -> None:
        try:
            wire.send(self._writer, frame)
        except OSError:  # the window is gone
            leave(self._folder)


def _warm_up() -> None:
    try:
        warm_up()
    except Exception:  # the first job meets the same error and tells it to its listener
        _logger.exception("The engine could not be warmed up.")


def leave(folder: JobFolder) -> NoReturn:
    """End the process at once, whatever its job does, and take the private folder away."""
    for _ in range(20):
        # Again and again, for the job may be writing a tile meanwhile.
        folder.remove()
        if not folder.path.exists():
            break
        time.sleep(0.05)
    os._exit(0)
