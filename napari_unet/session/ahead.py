"""The next image, predicted while its user still works on this one."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from napari_unet.jobs.messages import Done, Failed, Message
from napari_unet.schema.events import TileDone
from napari_unet.schema.requests import PredictRequest
from napari_unet.session.last_run import LastRun
from napari_unet.session.line import Deliver
from napari_unet.session.session import Session
from napari_unet.session.spare_time import SpareTime
from napari_unet.session.specimen import Specimen
from napari_unet.session.target import Planes, Ready, Target, joined, planes_of_file

KEPT = 2
"""Images whose probabilities are kept at most."""

logger = logging.getLogger(__name__)


class Ahead:
    """Predicts one image ahead in the spare time of an engine, and keeps what it has made.

    Nothing is ever said to the user: an image that can not be predicted ahead is predicted when it
    is opened, and what is wrong with it is said then.

    Parameters
    ----------
    spare
        The engine.
    deliver
        Calls a function in the thread of the owner; files are read in another one.
    read
        Reads the planes of a file.
    """

    def __init__(
        self,
        spare: SpareTime,
        deliver: Deliver = lambda call: call(),
        read: Callable[[Target], Planes] = planes_of_file,
    ) -> None:
        self._spare = spare
        self._deliver = deliver
        self._read = read
        self._thread: ThreadPoolExecutor | None = None
        self._target: Target | None = None
        self._reading: Target | None = None
        self._pixels: tuple[Target, Planes] | None = None
        self._made: OrderedDict[Target, Ready] = OrderedDict()
        self._failed: set[Target] = set()
        spare.freed.connect(self._go_on)

    def want(self, target: Target | None) -> None:
        """Have this image ready soon, and no other; None is no image at all."""
        if target != self._target:
            self._target = target
            self._spare.give_way()
        self._go_on()

    def take(self, target: Target) -> Ready | None:
        """What has been made of an image, to be had once; None if it is not ready."""
        return self._made.pop(target, None)

    def close(self) -> None:
        """Forget everything."""
        self._target = self._pixels = self._reading = None
        self._made.clear()
        self._failed.clear()
        self._spare.give_way()
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None

    def _go_on(self) -> None:
        """Do what is to be done next, if there is time for it."""
        target = self._target
        if target is None or target in self._made or target in self._failed:
            return
        if self._pixels is not None and self._pixels[0] == target:
            self._predict(*self._pixels)
        elif self._reading is None:
            self._reading = target
            self._thread = self._thread or ThreadPoolExecutor(1, "napari-unet ahead")
            self._thread.submit(self._read_file, target)

    # reading, in a thread

    def _read_file(self, target: Target) -> None:
        try:
            pixels: Planes = self._read(target)
        except (ValueError, OSError, MemoryError) as error:
            logger.info("'%s' is not predicted ahead: %s", target.path, error)
            pixels = {}
        self._deliver(partial(self._take_pixels, target, pixels))

    def _take_pixels(self, target: Target, pixels: Planes) -> None:
        if target is not self._reading:  # closed meanwhile
            return
        self._reading = None
        if pixels:
            self._pixels = target, pixels
        else:
            self._failed.add(target)
        self._go_on()

    # predicting, in the engine

    def _predict(self, target: Target, pixels: Planes) -> None:
        request = PredictRequest(
            model=target.model, planes=list(pixels.values()), settings=target.settings
        )
        tiles: list[TileDone] = []
        try:
            self._spare.work_ahead(request, partial(self._hear, target, pixels, tiles))
        except (ValueError, OSError) as error:
            logger.info("'%s' is not predicted ahead: %s", target.path, error)
            self._failed.add(target)

    def _hear(self, target: Target, pixels: Planes, tiles: list[TileDone], said: Message) -> None:
        match said:
            case TileDone():
                # the engine takes its files away when the job ends
                copied = np.array(said.probabilities, np.float32)
                tiles.append(said.model_copy(update={"probabilities": copied}))
            case Done():
                made = {plane: joined(tiles, i) for i, plane in enumerate(pixels)}
                self._keep(Ready(target, pixels, made))
            case Failed():
                logger.info("'%s' is not predicted ahead: %s", target.path, said.sentence)
                self._failed.add(target)

    def _keep(self, ready: Ready) -> None:
        self._pixels = None
        self._made[ready.target] = ready
        while len(self._made) > KEPT:
            self._made.popitem(last=False)


def hand_over(session: Session, specimen: Specimen, ready: Ready) -> None:
    """Give an image what was predicted of it ahead; to all who listen it has just come."""
    for plane, tile in ready.tiles():
        session.tile_written.emit(specimen, plane, specimen.write(plane, tile))
    target, planes = ready.target, tuple(ready.probabilities)
    specimen.last_run = LastRun(Path(target.model), target.settings, planes, target.channel)
    session.predicted.emit(specimen, planes)
