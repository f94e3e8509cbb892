"""From an image and a model to probabilities."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from napari_unet import memory
from napari_unet.device import choose_device
from napari_unet.images.lazy import as_lazy
from napari_unet.images.rescale import Size, scaled
from napari_unet.images.tiling import Gaze, Readable
from napari_unet.inference.prepare import PreparedPlane, plane_size
from napari_unet.inference.tiled import SMALLEST_TILE_PX, cut, predict_tiles
from napari_unet.models.library import DEFAULT_MODEL, load_model
from napari_unet.models.model import Model
from napari_unet.networks.build import fuse, on_device
from napari_unet.networks.network import Network
from napari_unet.schema.events import Event, Notice, Progress, TileDone, finish
from napari_unet.schema.prediction import Box, Prediction
from napari_unet.schema.requests import Answer, Looking, Word
from napari_unet.schema.settings import PredictSettings

Made = Iterator[tuple[Box, np.ndarray] | Notice]
"""Boxes of a plane with their probabilities, and what is to be said of them."""
Elsewhere = Callable[[int, list[Box]], Made]
"""Runs a network on boxes of a plane in other processes."""


def predict_planes(
    model: Model,
    planes: Sequence[Any],
    settings: PredictSettings = PredictSettings(),  # noqa: B008 (frozen)
    region: Box | None = None,
    look_first: Looking | None = None,
    finished: Collection[tuple[int, Box]] = (),
    elsewhere: Elsewhere | None = None,
) -> Generator[Event, Answer, None]:
    """Give the probabilities of one or more planes, tile by tile.

    Parameters
    ----------
    model
        The model.
    planes
        Whole planes, each as `prepare` takes them, or array-likes that are too large for memory:
        only a tile and its halo is read at a time.
    settings
        Tile, device, heads.
    region
        Only these pixels of each plane; None is all.
    look_first
        This plane comes first, and of it the tiles near this box. Whoever drives the job may answer
        a `TileDone` with another: then what is near that comes next.
    finished
        Planes and boxes of `TileDone` of an earlier run with the same settings: they are left out.
    elsewhere
        What runs the network instead of this process.

    Yields
    ------
    TileDone and Progress for each tile; a Notice where memory forced smaller tiles or the CPU, and
    for the first plane with pixels that are no numbers.
    """
    network = ready_network(model, settings)
    look = look_first or Looking()
    scale, gaze, said = model.card.input.scale, Gaze(look.box, look.plane), False
    sizes = [plane_size(plane, model.card) for plane in planes]
    skip = [{box for at, box in finished if at == index} for index in range(len(planes))]
    cores = [
        [
            tile.core
            for tile in cut(network, scaled(size, scale), size, settings.tile_px, region, gaze)
        ]
        for size in sizes
    ]
    left = [[core for core in cores[at] if core not in skip[at]] for at in range(len(planes))]
    clock = _Clock(total=sum(map(len, cores)), left=sum(map(len, left)))
    waiting, parts = [index for index in range(len(planes)) if left[index]], dict[int, Made]()
    while waiting:
        index = min(waiting, key=lambda one: abs(one - gaze.plane))
        if index not in parts:
            image = PreparedPlane(planes[index], model.card)
            if not said and image.broken:
                said = True
                text = f"{image.broken} pixels are no numbers: they count as the darkest."
                yield Notice(text=text)
            wanted = Wanted(sizes[index], region, gaze, skip[index])
            parts[index] = (
                elsewhere(index, left[index])
                if elsewhere
                else within_memory(network, image, settings, wanted)
            )
        part = next(parts[index], None)
        if part is None:
            waiting.remove(index)
            del parts[index]
        elif isinstance(part, Notice):
            yield part
        else:
            box, probabilities = part
            answer = yield TileDone(plane=index, box=box, probabilities=probabilities)
            _turn(gaze, answer or [])
            yield clock.tick()


def _turn(gaze: Gaze, words: Sequence[Word]) -> None:
    """Turn to where a person looks by now, if they say so."""
    for word in words:
        if isinstance(word, Looking):
            gaze.plane, gaze.box = word.plane, word.box or gaze.box


def ready_network(model: Model, settings: PredictSettings) -> Network:
    """The network of a model on its device, as it predicts fastest."""
    return on_device(fuse(model.network()), choose_device(settings.device).device)


class _Clock:
    """How far a prediction is, and how long it will take."""

    def __init__(self, total: int, left: int) -> None:
        self._total, self._done, self._before = total, total - left, total - left
        self._start = time.monotonic()

    def tick(self) -> Progress:
        """One more tile is done."""
        self._done += 1
        total = max(self._done, self._total)  # smaller tiles are more tiles
        each = (time.monotonic() - self._start) / (self._done - self._before)
        left = each * (total - self._done)
        return Progress(phase="tile", done=self._done, total=total, seconds_left=left)


class Wanted(NamedTuple):
    """What of a plane is asked for."""

    size: Size
    """Of the plane."""
    region: Box | None
    gaze: Gaze | None
    skip: set[Box]


def within_memory(
    network: Network,
    image: Readable,
    settings: PredictSettings,
    wanted: Wanted,
) -> Made:
    """Tiles of a plane, halved each time that memory ends, and on the CPU at last.

    The result is the same; a Notice says what was done. Parameters are those of `predict_tiles`.
    """
    tile_px = settings.tile_px
    while True:
        try:
            found = predict_tiles(
                network,
                image,
                tile_px=tile_px,
                level=None if settings.head == "accurate" else int(settings.head[1:]),
                rotations=settings.rotations,
                region=wanted.region,
                gaze=wanted.gaze,
                skip=wanted.skip,
                size=wanted.size,
            )
            for tile, probabilities in found:
                yield tile.core, probabilities
            return
        except (RuntimeError, MemoryError) as error:
            if not memory.has_ended(error):
                raise
            on_gpu = next(network.parameters()).device.type != "cpu"
            if tile_px > SMALLEST_TILE_PX:
                tile_px //= 2
                yield Notice(text=f"Memory was short: going on with tiles of {tile_px} pixels.")
            elif on_gpu:
                network.cpu()
                yield Notice(text="The GPU's memory was too small: going on with the CPU.")
            else:
                raise


def predict(
    image: Any,
    model: Model | str = DEFAULT_MODEL,
    settings: PredictSettings = PredictSettings(),  # noqa: B008 (frozen)
    region: Box | None = None,
) -> Prediction:
    """Give every pixel of an image the probability of being part of an object.

    Parameters
    ----------
    image
        (y, x), (channel, y, x) or colour, (y, x, 3); any real dtype. An array-like, such as a zarr
        array, is read tile by tile; `predict_into` also writes that way.
    model
        A model, or the name or path of one.
    settings
        Tile, device, heads.
    region
        Only these pixels: y start, x start, y stop, x stop. They get what they get in the whole
        image, whose grey values count; None is all.

    Returns
    -------
    Its ``probabilities`` are float32, (class, y, x), of the region.
    `napari_unet.images.instances.instances` turns them into labels.

    Raises
    ------
    ValueError
        If image and model do not fit; the sentence says what to do.
    """
    model = load_model(model) if isinstance(model, str) else model
    image = as_lazy(image)
    size = plane_size(image, model.card)
    top, left, bottom, right = region or (0, 0, *size)
    _check_inside((top, left, bottom, right), size)
    shape = (model.card.network_settings.classes, bottom - top, right - left)
    probabilities = np.empty(shape, dtype=np.float32)

    def place(event: Event) -> None:
        if isinstance(event, TileDone):
            y0, x0, y1, x1 = event.box
            probabilities[:, y0 - top : y1 - top, x0 - left : x1 - left] = event.probabilities

    finish(predict_planes(model, [image], settings, region), place)
    return Prediction(probabilities=probabilities, model_id=model.card.id, settings=settings)


def _check_inside(region: Box, size: Size) -> None:
    y0, x0, y1, x1 = region
    if not (0 <= y0 < y1 <= size[0] and 0 <= x0 < x1 <= size[1]):
        raise ValueError(
            f"The region {region} is not in an image of {size[0]} x {size[1]} pixels: give y start,"
            " x start, y stop, x stop."
        )
