"""Predict an image that is larger than memory into an array that is, too."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from napari_unet.images.lazy import as_lazy
from napari_unet.inference.predict import predict_planes
from napari_unet.inference.prepare import plane_size
from napari_unet.inference.threads import Behind
from napari_unet.models.library import DEFAULT_MODEL, load_model
from napari_unet.models.model import Model
from napari_unet.schema.events import Event, TileDone, finish
from napari_unet.schema.prediction import Box
from napari_unet.schema.settings import PredictSettings


def predict_into(
    image: Any,
    out: Any,
    model: Model | str = DEFAULT_MODEL,
    settings: PredictSettings = PredictSettings(),  # noqa: B008 (frozen)
) -> None:
    """Write the probabilities of an image of any size into an array, tile by tile.

    A tile with its halo is all of the image that is in memory; the next one is read and the last
    one is written while the network works.

    Parameters
    ----------
    image
        As `napari_unet.predict` takes it: a zarr or dask array, a memory-mapped file ...
    out
        Float, (class, y, x), that can be written to by slices: a zarr array, a memory-mapped file.
        It is quickest where its chunks are tiles.
    model
        A model, or the name or path of one.
    settings
        Tile, device, heads.

    Raises
    ------
    ValueError
        If image, model and array do not fit; the sentence says what to do.
    """
    model = load_model(model) if isinstance(model, str) else model
    image = as_lazy(image)
    shape = (model.card.network_settings.classes, *plane_size(image, model.card))
    if tuple(out.shape) != shape or np.dtype(out.dtype).kind != "f":
        raise ValueError(
            f"Probabilities of this image need an array of floats of the shape {shape}, not "
            f"{np.dtype(out.dtype)} of {tuple(out.shape)}; make one."
        )
    with Behind() as behind:

        def write(event: Event) -> None:
            if isinstance(event, TileDone):
                behind.do(partial(_write, out, event.box, event.probabilities))

        finish(predict_planes(model, [image], settings), write)


def _write(out: Any, box: Box, probabilities: np.ndarray) -> None:
    out[:, box[0] : box[2], box[1] : box[3]] = probabilities
