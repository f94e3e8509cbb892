"""An image that is predicted before it is opened: what is asked for, and what was made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from napari_unet.images import axes as reader
from napari_unet.images.files import read_image
from napari_unet.schema.events import TileDone
from napari_unet.schema.settings import PredictSettings
from napari_unet.session.edits import PlaneIndex

MOST_PX = 1 << 26
"""Pixels of an image that are predicted ahead at most: 256 MiB of probabilities a class."""

Planes = Mapping[PlaneIndex, np.ndarray]


@dataclass(frozen=True)
class Target:
    """Which image is predicted, how it is read, and by what.

    Parameters
    ----------
    path
        The file.
    model, model_id
        The model's file, and what it is.
    settings
        How the model is run.
    axes, channel
        How the image is read, as in `napari_unet.images.axes`.
    planes
        Which planes; those that the image does not have are left out. Two targets that differ in
        nothing else are the same.
    """

    path: Path
    model: str
    model_id: str
    settings: PredictSettings
    axes: str
    channel: int | None = None
    planes: tuple[PlaneIndex, ...] = field(default=((),), compare=False)


@dataclass(frozen=True, eq=False)
class Ready:
    """An image that has been predicted ahead."""

    target: Target
    pixels: Planes
    """What the model saw of each plane."""
    probabilities: Planes
    """What it made of that: float32, (class, y, x)."""

    def is_of(self, pixels: Sequence[np.ndarray]) -> bool:
        """Whether an image that was opened shows just these pixels, in the order of the planes."""
        pairs = zip(pixels, self.pixels.values(), strict=True)
        return all(np.array_equal(seen, shown) for seen, shown in pairs)

    def tiles(self) -> list[tuple[PlaneIndex, TileDone]]:
        """What the engine would have said, one tile for each plane."""
        return [
            (plane, TileDone(plane=i, box=(0, 0, *made.shape[1:]), probabilities=made))
            for i, (plane, made) in enumerate(self.probabilities.items())
        ]


def planes_of_file(target: Target) -> Planes:
    """Read the planes of a file that are predicted.

    Returns
    -------
    Each (y, x), (channel, y, x) or (y, x, 3).

    Raises
    ------
    ValueError
        If it can not be read, is read in another way, or is too large; the sentence says so.
    """
    array = read_image(target.path)
    front = reader.spatial_shape(array.shape, target.axes)[:-2]
    wanted = [plane for plane in target.planes if _lies_in(plane, front)]
    flat = [int(np.ravel_multi_index(plane, front)) if front else 0 for plane in wanted]
    rows, columns = reader.spatial_shape(array.shape, target.axes)[-2:]
    if not wanted or len(wanted) * rows * columns > MOST_PX:
        raise ValueError(f"'{target.path.name}' is predicted when it is opened.")
    copies = [np.array(reader.plane(array, target.axes, i, target.channel)) for i in flat]
    return dict(zip(wanted, copies, strict=True))


def _lies_in(plane: PlaneIndex, front: tuple[int, ...]) -> bool:
    return len(plane) == len(front) and all(i < n for i, n in zip(plane, front, strict=True))


def joined(tiles: list[TileDone], plane: int) -> np.ndarray:
    """Put the tiles of a plane together; they cover it.

    Returns
    -------
    float32, (class, y, x).
    """
    parts = [tile for tile in tiles if tile.plane == plane]
    rows, columns = (max(tile.box[i] for tile in parts) for i in (2, 3))
    whole = np.zeros((len(parts[0].probabilities), rows, columns), np.float32)
    for tile in parts:
        y0, x0, y1, x1 = tile.box
        whole[:, y0:y1, x0:x1] = tile.probabilities
    return whole
