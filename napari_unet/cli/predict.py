"""``napari-unet predict``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from napari_unet.cli.options import FLAT, OF_THE_MODEL, ModelName, Switch, chosen
from napari_unet.cli.progress import run
from napari_unet.models.library import DEFAULT_MODEL
from napari_unet.schema.input import InputSettings
from napari_unet.schema.settings import MaskSettings, PredictSettings
from napari_unet.session.wording import many, nothing_found


def predict(
    image: list[Path],
    /,
    *,
    out: Path,
    model: ModelName = DEFAULT_MODEL,
    probabilities: Switch = False,
    axes: str | None = None,
    channel: int | None = None,
    settings: Annotated[PredictSettings, FLAT] = PredictSettings(),  # noqa: B008 (frozen)
    mask: Annotated[MaskSettings, OF_THE_MODEL] = MaskSettings(),  # noqa: B008 (frozen)
    shown: Annotated[InputSettings, OF_THE_MODEL] = InputSettings(),  # noqa: B008 (frozen)
) -> bool:
    """Segment images: find the objects of each and write them as a mask.

    Writes `<stem>_masks.tif` for each image: 0 is background, every other number one object; of a
    model of classes the class of each pixel, unless --objects-of asks for the objects of one.
    A stack is done plane by plane. An image that cannot be done is named, and the others are done.

    Parameters
    ----------
    image
        Image files (png, tif, jpg), or folders of them.
    out
        Folder for the results; made if it is not there.
    probabilities
        Also write `<stem>_probabilities.tif`: float32, a channel for each class.
    axes
        What the axes of the files mean, such as ZCYX; left out, it is read off their shape.
    channel
        The only channel to look at, counted from 1. Of colour images 1 to 3 are red, green and
        blue, and 4 is the blue stain of nuclei (haematoxylin).
    """
    from napari_unet.images.classes import classes_in_mask
    from napari_unet.inference.files import Reading, image_files, segmenting
    from napari_unet.models.library import load_model

    files = image_files(image, out)
    loaded = load_model(model)
    if out.exists() and not out.is_dir():
        raise ValueError(f"'{out}' is a file, and results need a folder; name another --out.")
    out.mkdir(parents=True, exist_ok=True)
    seen_as = loaded.card.input.model_copy(update=chosen(shown))
    loaded = replace(loaded, card=loaded.card.model_copy(update={"input": seen_as}))
    as_wanted = loaded.card.mask.model_copy(update=chosen(mask))
    reading = Reading(axes and axes.upper(), None if channel is None else channel - 1)
    classes = classes_in_mask(loaded.card.classes, as_wanted)
    failed = 0
    for path in files:
        job = segmenting(
            loaded,
            path,
            out,
            settings,
            as_wanted,
            reading=reading,
            with_probabilities=probabilities,
        )
        try:
            result = run(job, path.name)
        except ValueError as error:
            print(f"napari-unet: {error}", file=sys.stderr)
            failed += 1
            continue
        found = many(result.objects, "object")
        if classes > 1:
            found = f"{result.objects} of {classes} classes"
        print(f"{path.name}: {found} ({result.reading}) -> {result.masks}")
        if not result.objects:
            print(nothing_found(result.highest, as_wanted.threshold), file=sys.stderr)
    if failed and len(files) > 1:
        print(f"napari-unet: {failed} of {len(files)} images failed.", file=sys.stderr)
    return not failed
