"""How what is seen of an image came about: kept, so that it can be done again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_unet.schema.prediction import Box
from napari_unet.schema.settings import PredictSettings
from napari_unet.session.edits import PlaneIndex


@dataclass(frozen=True)
class LastRun:
    """What was asked for when an image was segmented last.

    Parameters
    ----------
    model
        Its file.
    settings
        How it was run.
    planes
        Those that it was run over.
    channel
        The only one that it saw, as in `napari_unet.images.axes`; None is all.
    region
        The only pixels of each plane; None is all.
    """

    model: Path
    settings: PredictSettings
    planes: tuple[PlaneIndex, ...]
    channel: int | None = None
    region: Box | None = None
