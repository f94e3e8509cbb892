"""What was confirmed on images that are not open now, read from their files and journals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from napari_unet.images.axes import plane
from napari_unet.images.files import read_image
from napari_unet.schema.correction import Correction
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.journal import find, read
from napari_unet.session.origin import Origin
from napari_unet.session.specimen import Specimen


class Gathered(NamedTuple):
    """What can be learned from images that are not open."""

    corrections: list[Correction]
    left_out: list[str]
    """One sentence for each image that could not be read."""


def gather(paths: Sequence[Path], axes: str, channel: int | None) -> Gathered:
    """Collect what was confirmed on some images.

    Parameters
    ----------
    paths
        Their files; one of which nothing was confirmed gives nothing.
    axes, channel
        How all of them are read.
    """
    found: list[Correction] = []
    left_out: list[str] = []
    for path in paths:
        try:
            found += corrections_of(path, axes, channel)
        except (OSError, ValueError) as error:
            left_out.append(f"'{path.name}' is left out: {error}")
    return Gathered(found, left_out)


def corrections_of(path: Path, axes: str, channel: int | None) -> list[Correction]:
    """What was confirmed on one image, plane by plane.

    Raises
    ------
    ValueError, OSError
        If the file is no such image, or its journal is damaged.
    """
    array = read_image(path)
    identity = Origin(array, str(path)).identity(axes)
    journal = next((one for one in find(identity) if one.confirmations), None)
    if journal is None:
        return []
    specimen = Specimen.of(identity)
    specimen.labels = specimen.history.replay(read(journal.path)[1])

    def image_of(place: PlaneIndex) -> np.ndarray:
        index = int(np.ravel_multi_index(place, identity.shape[:-2])) if place else 0
        return np.array(plane(array, axes, index, channel))

    return list(specimen.corrections(image_of))
