"""From an image that does not fit into memory to its mask on the disk, tile by tile."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from napari_unet.images.axes import plane_count
from napari_unet.images.blocks import instances_in_blocks
from napari_unet.images.classes import classes_in_mask
from napari_unet.images.stores import remove_store
from napari_unet.inference.predict import Elsewhere, predict_planes
from napari_unet.inference.threads import Behind
from napari_unet.inference.written import At, Masks, Source, Targets, Tiles, place
from napari_unet.models.model import Model
from napari_unet.schema.events import Event, Notice, TileDone
from napari_unet.schema.settings import MaskSettings, PredictSettings


class Found(NamedTuple):
    """What was found in all planes together."""

    objects: int
    """In a mask of classes, how many of them there are."""
    highest: float
    """The highest probability of all pixels."""


def segmenting_large(
    model: Model,
    source: Source,
    targets: Targets,
    settings: PredictSettings,
    mask: MaskSettings,
    *,
    keep: bool,
    elsewhere: Elsewhere | None = None,
) -> Generator[Event, None, Found]:
    """Segment an image of any size; the memory that it takes does not depend on the size.

    Probabilities are written tile by tile, and the objects are found in them block by block. A run
    that was interrupted goes on where it was, if model, image and settings are the same.

    Parameters
    ----------
    model
        The model.
    source
        The image; it is never changed.
    targets
        zarr arrays that are made: masks, (..., y, x), and probabilities, float32, (..., class, y,
        x), with the axes of the stack before them.
    settings, mask
        As of `napari_unet.inference.files.segmenting`.
    keep
        Whether the probabilities stay when all is done.
    elsewhere
        As of `predict_planes`.

    Yields
    ------
    What `predict_planes` yields, and Progress while objects are found.

    Raises
    ------
    ValueError
        If the image does not fit the model.
    """
    of_classes = classes_in_mask(model.card.classes, mask) > 1
    planes = source.planes()
    tiles = Tiles(model, source, targets, settings, masks=of_classes, keep=keep or not of_classes)
    ledger = tiles.ledger
    if ledger.finished:
        yield Notice(text=f"going on with what was interrupted: {len(ledger.finished)} tiles done.")
    done = frozenset(ledger.finished)
    try:
        with Behind() as behind:
            for event in predict_planes(
                model, planes, settings, finished=done, elsewhere=elsewhere
            ):
                if isinstance(event, TileDone):
                    behind.do(partial(tiles.write, event))
                yield event
    finally:
        if ledger.finished:
            ledger.write()
    objects = len(ledger.classes)
    if not of_classes:
        objects = yield from _numbering(tiles.probabilities(), source, targets.masks, mask)
    ledger.remove()
    if not keep:
        remove_store(targets.probabilities)
    return Found(objects, ledger.highest)


def _numbering(
    probabilities: Any, source: Source, path: Path, mask: MaskSettings
) -> Generator[Event, None, int]:
    """Find the objects of each plane, which are numbered by themselves; how many there are."""
    masks = Masks(path, source, probabilities.chunks[-2:])
    total = 0
    for index in range(plane_count(source.image.shape, source.axes)):
        at = place(index, source.stack)
        plane = At(probabilities, at)
        total += yield from instances_in_blocks(plane, mask, partial(masks.create, at))
    return total
