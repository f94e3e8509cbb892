"""The same prediction by several processes, of this computer or of others (dask.distributed)."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from napari_unet.images.stores import is_large
from napari_unet.inference.files import Segmented
from napari_unet.inference.predict import Made
from napari_unet.inference.worker import Work, predict_file, predict_tile
from napari_unet.models.model import Model
from napari_unet.schema.events import Event, Notice, Progress
from napari_unet.schema.prediction import Box

T = TypeVar("T")
Client = Any
"""`distributed.Client`; not everybody has the package."""
WAIT_S = 30.0
"""For the scheduler, and for a first worker to join it."""
_LOOK_EVERY_S = 0.5
_TRIM = "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_"
"""By itself distributed has workers give back all memory at once, which slows a network down."""
_TILES_AHEAD = 3
"""So many tiles of an image wait for each thread of a cluster, or to be written."""


@contextmanager
def connected(workers: int | None = None, scheduler: str | None = None) -> Iterator[Client]:
    """Start processes on this computer, or use those that a scheduler has.

    Parameters
    ----------
    workers
        How many processes to start, each with one thread; they end with the context.
    scheduler
        Address of a scheduler that runs already, instead.

    Raises
    ------
    ValueError
        If dask.distributed is not installed, or there is no scheduler or nobody who works for it.
    """
    distributed = _distributed()
    if scheduler is None:
        with (
            import_module("dask.config").set({_TRIM: None}),
            distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                memory_limit=None,  # short memory is met by smaller tiles
                dashboard_address=None,
                silence_logs=logging.ERROR,
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    with _client(distributed, scheduler) as client:
        yield client


def _client(distributed: Any, scheduler: str) -> Client:
    try:
        client = distributed.Client(scheduler, timeout=WAIT_S)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"There is no scheduler at '{scheduler}'; start one with 'dask scheduler', and name "
            "the address that it shows."
        ) from error
    try:
        client.wait_for_workers(1, timeout=WAIT_S)
    except TimeoutError as error:
        client.close()
        raise ValueError(
            f"Nobody works for the scheduler at '{scheduler}'; start workers with 'dask worker "
            f"{scheduler} --nthreads 1' on each computer."
        ) from error
    return client


class OnCluster:
    """Segments image files on a cluster; every process has to see them under the same names.

    Parameters
    ----------
    client
        As from `connected`.
    work, model
        What is done with each, and its model.
    images
        All of them: the processes take one after the other, whichever is asked for first.
    """

    def __init__(self, client: Client, work: Work, model: Model, images: Iterable[Path]) -> None:
        self._client, self._model = client, model
        self._work = work._replace(model=work.model.resolve(), out=work.out.resolve())
        self._futures = {
            image: client.submit(predict_file, self._work, image.resolve(), pure=False)
            for image in images
            if not is_large(image)
        }
        self._files = len(self._futures)

    def segmenting(self, image: Path) -> Generator[Event, None, Segmented]:
        """Segment an image file: the job of `napari_unet.inference.files.segmenting`, elsewhere.

        An image is one task; one that is read tile by tile is a task for each tile, whose answers
        are written here. A task whose process dies is done anew by another one.

        Yields
        ------
        As there; of an image that is one task, Progress of all such images, and its Notices.

        Raises
        ------
        ValueError
            As from there, and if one process after the other died of this image.
        """
        future = self._futures.get(image)
        if future is None:
            tiles = partial(self._tiles, image)
            return (yield from self._work.segmenting(self._model, image, tiles))
        while not _ended(future):
            yield self._progress()
        answer: tuple[Segmented, list[Notice]] = _result(future, image)
        del self._futures[image]  # or it would be done anew where the process that holds it dies
        yield from answer[1]
        return answer[0]

    def _tiles(self, image: Path, plane: int, boxes: list[Box]) -> Made:
        """Boxes of a plane in their order, a few of them under way at a time."""
        most = _TILES_AHEAD * sum(self._client.nthreads().values())
        task = partial(self._client.submit, predict_tile, self._work, image.resolve(), plane)
        said: set[Notice] = set()
        for box, future in _few_at_a_time(((box, task(box, pure=False)) for box in boxes), most):
            probabilities, notices = _result(future, image)
            yield from (notice for notice in notices if notice not in said)
            said.update(notices)
            yield box, probabilities

    def _progress(self) -> Progress:
        left = sum(not future.done() for future in self._futures.values())
        return Progress(phase="image", done=self._files - left, total=self._files)


def _few_at_a_time(items: Iterator[T], most: int) -> Iterator[T]:
    """The same, each only after so many behind it have been begun."""
    coming: deque[T] = deque()
    for item in items:
        coming.append(item)
        if len(coming) > most:
            yield coming.popleft()
    yield from coming


def _ended(future: Any) -> bool:
    """Whether a task has ended, well or not; waits a moment for it."""
    try:
        _distributed().wait(future, timeout=_LOOK_EVERY_S)
    except TimeoutError:
        return False
    return True


def _result(future: Any, image: Path) -> Any:
    """What a task has made; why not, in a sentence."""
    distributed = _distributed()
    try:
        return future.result()
    except distributed.KilledWorker as error:
        raise ValueError(
            f"One process after the other ended while it did '{image}', most likely for want of "
            "memory: choose a smaller tile or fewer workers."
        ) from error
    except distributed.CancelledError as error:
        raise ValueError(
            f"The cluster was lost before '{image}' was done: start it again and repeat the call."
        ) from error


def _distributed() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        raise ValueError(
            "Several workers need dask.distributed: install napari-unet-finetune[cluster]."
        ) from error
