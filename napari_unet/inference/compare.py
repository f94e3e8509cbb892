"""The masks that two models make of the same pixels, side by side."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from napari_unet.images.classes import classes_in_mask, mask_of
from napari_unet.images.difference import difference
from napari_unet.images.instances import carry_ids
from napari_unet.inference.predict import predict_planes
from napari_unet.inference.prepare import plane_size
from napari_unet.models.model import Model
from napari_unet.schema.arrays import ArrayLike
from napari_unet.schema.events import Compared, Event, Progress, TileDone
from napari_unet.schema.prediction import Box
from napari_unet.schema.settings import PredictSettings


def comparing(
    old: Model,
    new: Model,
    plane: ArrayLike,
    settings: PredictSettings = PredictSettings(),  # noqa: B008 (frozen)
    region: Box | None = None,
) -> Generator[Event, None, None]:
    """Show what two models make of the same plane, each with the settings of masks on its card.

    Parameters
    ----------
    old, new
        The models.
    plane
        As `napari_unet.inference.prepare.prepare` takes it.
    settings
        Tile and device; the best head of both is used.
    region
        Only these pixels are compared; None is all.

    Yields
    ------
    Progress, and last one `Compared`.
    """
    height, width = plane_size(plane, old.card)
    box = region or (0, 0, height, width)
    plain = PredictSettings(device=settings.device, tile_px=settings.tile_px)
    masks = []
    for model in (old, new):
        probabilities = yield from _seen(model, plane, plain, box)
        masks.append(mask_of(probabilities, model.card.mask))
    kinds = {classes_in_mask(one.card.classes, one.card.mask) for one in (old, new)}
    first, second = masks
    if kinds == {1}:  # objects that are the same have the same number, and so the same colour
        second = carry_ids(second, first)
    yield Compared(box=box, old=first, new=second, difference=difference(first, second))


def _seen(
    model: Model, plane: ArrayLike, settings: PredictSettings, box: Box
) -> Generator[Event, None, np.ndarray]:
    """Probabilities of a box, float32 (class, y, x); of the events only those for people."""
    y0, x0, y1, x1 = box
    whole = np.zeros((model.card.classes, y1 - y0, x1 - x0), np.float32)
    for event in predict_planes(model, [plane], settings, region=box):
        if isinstance(event, TileDone):
            top, left, bottom, right = event.box
            whole[:, top - y0 : bottom - y0, left - x0 : right - x0] = event.probabilities
            yield Progress(phase="comparing", done=0, total=1)  # it can be stopped here
        elif not isinstance(event, Progress):
            yield event
    return whole
