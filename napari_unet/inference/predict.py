"""From an image and a model to probabilities."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence

import numpy as np
import torch

from napari_unet.device import choose_device
from napari_unet.images.colour import luminance
from napari_unet.images.files import as_image
from napari_unet.images.normalize import normalize
from napari_unet.images.rescale import Size, resize, scaled
from napari_unet.images.tiling import Tile
from napari_unet.inference.tiled import cut, predict_tiles
from napari_unet.models.library import DEFAULT_MODEL, load_model
from napari_unet.models.model import Model
from napari_unet.networks.build import fuse, on_device
from napari_unet.networks.network import Network
from napari_unet.schema.events import Event, Notice, Progress, TileDone, finish
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.prediction import Box, Prediction
from napari_unet.schema.settings import PredictSettings

SMALLEST_TILE_PX = 64


def prepare(image: np.ndarray, card: ModelCard) -> np.ndarray:
    """Bring one plane into the form that a model has been taught on.

    Parameters
    ----------
    image
        (y, x), (channel, y, x) or colour, (y, x, 3 or 4); any real dtype.
    card
        Says how many channels the model takes, what it does with colour, how it normalises, and at
        what scale and polarity it sees images.

    Returns
    -------
    float32, (channel, y, x), by the scale of the card larger or smaller than the plane.

    Raises
    ------
    ValueError
        If the model cannot take such an image; the sentence says what to do.
    """
    image = as_image(image)
    channels = card.network_settings.in_channels
    if image.ndim > 3:
        raise ValueError(f"An image of shape {image.shape} is a stack: hand in its planes.")
    if _is_colour(image, card):
        image = _colour(image, card)
    found = 1 if image.ndim == 2 else image.shape[0]
    if found != channels:
        raise ValueError(
            f"'{card.name}' takes {channels} channel{'s' * (channels > 1)}, the image has {found}: "
            "choose a channel of the image or another model."
        )
    normal = normalize(image, card.percentiles, inverted=card.input.inverted)
    return at_scale(normal, card.input.scale)


def at_scale(image: np.ndarray, scale: float) -> np.ndarray:
    """A normalised image, (channel, y, x), resized by a factor; itself where nothing changes."""
    size = scaled((image.shape[1], image.shape[2]), scale)
    return image if size == image.shape[1:] else resize(image, size)


def _is_colour(image: np.ndarray, card: ModelCard) -> bool:
    first_is_channel = image.shape[0] in (1, card.network_settings.in_channels)
    return image.ndim == 3 and image.shape[-1] in (3, 4) and not first_is_channel


def plane_size(image: np.ndarray, card: ModelCard) -> Size:
    """Height and width of a plane, as `prepare` takes it."""
    height, width = image.shape[:2] if _is_colour(image, card) else image.shape[-2:]
    return height, width


def _colour(image: np.ndarray, card: ModelCard) -> np.ndarray:
    if card.rgb == "luminance":
        return luminance(image)
    if card.rgb == "channels":
        return np.moveaxis(image[..., :3], -1, 0)
    raise ValueError(f"'{card.name}' takes grey images: convert this colour image to grey first.")


def predict_planes(
    model: Model,
    planes: Sequence[np.ndarray],
    settings: PredictSettings = PredictSettings(),  # noqa: B008 (frozen)
    region: Box | None = None,
    look_first: Box | None = None,
) -> Generator[Event, None, None]:
    """Give the probabilities of one or more planes, tile by tile.

    Parameters
    ----------
    model
        The model.
    planes
        Whole planes, each as `prepare` takes them.
    settings
        Tile, device, heads.
    region
        Only these pixels of each plane; None is all.
    look_first
        Tiles near this box come first.

    Yields
    ------
    TileDone and Progress for each tile; a Notice where memory forced smaller tiles or the CPU, and
    for the first plane with pixels that are no numbers.
    """
    device = choose_device(settings.device).device
    network = on_device(fuse(model.network()), device)
    level = None if settings.head == "accurate" else int(settings.head[1:])
    start, done, said = time.monotonic(), 0, False
    sizes = [plane_size(plane, model.card) for plane in planes]
    shown = [scaled(size, model.card.input.scale) for size in sizes]
    cuts = (
        cut(network, *both, settings.tile_px, region) for both in zip(shown, sizes, strict=True)
    )
    total = sum(1 for tiles in cuts for _ in tiles)
    for index, plane in enumerate(planes):
        image = prepare(plane, model.card)
        if not said and (broken := _not_finite(plane)):
            said = True
            yield Notice(text=f"{broken} pixels are no numbers: they count as the darkest.")
        parts = _within_memory(network, image, sizes[index], settings, level, region, look_first)
        for part in parts:
            if isinstance(part, Notice):
                yield part
                continue
            tile, probabilities = part
            done += 1
            yield TileDone(plane=index, box=tile.core, probabilities=probabilities)
            left = (time.monotonic() - start) / done * max(0, total - done)
            yield Progress(phase="tile", done=done, total=max(done, total), seconds_left=left)


def _not_finite(plane: np.ndarray) -> int:
    return int(np.count_nonzero(~np.isfinite(plane))) if plane.dtype.kind == "f" else 0


def _within_memory(
    network: Network,
    image: np.ndarray,
    size: Size,
    settings: PredictSettings,
    level: int | None,
    region: Box | None,
    look_first: Box | None,
) -> Iterator[tuple[Tile, np.ndarray] | Notice]:
    """Tiles, halved each time that memory ends, and on the CPU at last: the result is the same."""
    tile_px = settings.tile_px
    while True:
        try:
            yield from predict_tiles(
                network,
                image,
                tile_px=tile_px,
                level=level,
                rotations=settings.rotations,
                region=region,
                look_first=look_first,
                size=size,
            )
            return
        except (torch.OutOfMemoryError, MemoryError):
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
    image: np.ndarray,
    model: Model | str = DEFAULT_MODEL,
    settings: PredictSettings = PredictSettings(),  # noqa: B008 (frozen)
) -> Prediction:
    """Give every pixel of an image the probability of being part of an object.

    Parameters
    ----------
    image
        (y, x), (channel, y, x) or colour, (y, x, 3); any real dtype.
    model
        A model, or the name or path of one.
    settings
        Tile, device, heads.

    Returns
    -------
    Its ``probabilities`` are float32, (class, y, x). `napari_unet.images.instances.instances`
    turns them into labels.

    Raises
    ------
    ValueError
        If image and model do not fit; the sentence says what to do.
    """
    model = load_model(model) if isinstance(model, str) else model
    image = as_image(image)
    shape = (model.card.network_settings.classes, *plane_size(image, model.card))
    probabilities = np.empty(shape, dtype=np.float32)

    def place(event: Event) -> None:
        if isinstance(event, TileDone):
            y0, x0, y1, x1 = event.box
            probabilities[:, y0:y1, x0:x1] = event.probabilities

    finish(predict_planes(model, [image], settings), place)
    return Prediction(probabilities=probabilities, model_id=model.card.id, settings=settings)
