"""All that a script needs to segment an image again as it was segmented last."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_unet.images.axes import spatial_shape
from napari_unet.images.fingerprint import fingerprint
from napari_unet.images.opening import OpenedFile, open_file
from napari_unet.models.archive import read_card
from napari_unet.models.library import find
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.prediction import Box
from napari_unet.schema.settings import MaskSettings, PredictSettings
from napari_unet.session.journal import Identity
from napari_unet.session.last_run import LastRun

NOT_SEGMENTED = "Segment the image first: what is copied does again what was done last."
NO_FILE = "Save the image first, and open that file: a script has to read it from somewhere."


@dataclass(frozen=True, eq=False)
class Segmentation:
    """How the image of a file was segmented last.

    Parameters
    ----------
    path
        The file, or the folder of a zarr.
    stored_at
        The array in it, if it is read tile by tile; None if it is read whole.
    axes, own_axes
        How its axes were read, and how they are read where nobody says anything.
    shape
        Of its mask, (..., y, x).
    planes
        Those that were segmented, counted from 0 over time and depth.
    channel, region, settings, mask
        As in `LastRun`, and how its probabilities became the mask.
    model, card
        A name or path by which the model is found, and its card.
    """

    path: Path
    stored_at: Path | None
    axes: str
    own_axes: str
    shape: tuple[int, ...]
    planes: tuple[int, ...]
    channel: int | None
    region: Box | None
    settings: PredictSettings
    mask: MaskSettings
    model: str
    card: ModelCard

    @property
    def all_planes(self) -> int:
        """How many planes the image has."""
        return int(np.prod(self.shape[:-2], dtype=int))


def why_not(run: LastRun | None, path: str) -> str:
    """Why no script can segment an image again, in one sentence; empty if one can.

    Parameters
    ----------
    run
        How it was segmented last, if it was.
    path
        Its file; empty if nobody knows.
    """
    if run is None:
        return NOT_SEGMENTED
    return "" if path else NO_FILE


def segmentation_of(image: Identity, run: LastRun, mask: MaskSettings) -> Segmentation:
    """Find out how an image can be segmented again from its file.

    Parameters
    ----------
    image
        What is in it, and where it came from: the file is read to see whether it is there still.
    run
        How it was segmented last.
    mask
        How the probabilities became the mask.

    Raises
    ------
    ValueError
        If that is not possible; the sentence says what to do.
    """
    opened = opened_file(image)
    front = image.shape[:-2]
    return Segmentation(
        path=Path(image.path).absolute(),
        stored_at=opened.stored_at,
        axes=image.axes,
        own_axes=opened.axes,
        shape=image.shape,
        planes=tuple(int(np.ravel_multi_index(at, front)) if front else 0 for at in run.planes),
        channel=run.channel,
        region=run.region,
        settings=run.settings,
        mask=mask,
        model=name_of(run.model),
        card=read_card(run.model),
    )


def opened_file(image: Identity) -> OpenedFile:
    """Open the file of an image, if it is that image which it holds.

    Raises
    ------
    ValueError
        If not, or if it cannot be read; the sentence says what to do.
    """
    path = Path(image.path)
    opened = open_file(path)
    if not _holds(opened, image):
        raise ValueError(
            f"'{path.name}' does not hold the image as it is shown here: save the image as a TIFF "
            "of its own, open that and segment it."
        )
    return opened


def _holds(opened: OpenedFile, image: Identity) -> bool:
    """Whether a file holds an image, with its axes in the same order."""
    shape = tuple(opened.array.shape)
    if len(shape) != len(image.axes) or spatial_shape(shape, image.axes) != image.shape:
        return False
    return fingerprint(opened.array, image.axes) == image.content


def name_of(model: Path) -> str:
    """The short name of a model where that leads to its file, else the file."""
    try:
        leads_there = find(model.stem) == model
    except ValueError:
        leads_there = False
    return model.stem if leads_there else str(model)
