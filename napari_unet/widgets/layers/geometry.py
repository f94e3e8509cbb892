"""Where a result lies in the world: just where its image lies, without the channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from napari.layers import Image

from napari_unet.session.edits import PlaneIndex

PLACED = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
"""What of a layer says where its pixels lie in the world."""


class Frame:
    """Where planes lie in the layers that show the results of an image.

    Channels that come first, or are the colours of an RGB image, are left out. Channels between
    other axes stay as an axis of length one: napari aligns layers by their last axes, so that
    leaving them out would shift those before them.

    Parameters
    ----------
    axes
        How the axes of the image are read.
    rgb
        Its last axis is colour.
    shape
        Its shape without channels: (..., y, x).
    """

    def __init__(self, axes: str, rgb: bool, shape: Sequence[int]) -> None:
        self.axes = axes.replace("C", "") if rgb or axes.startswith("C") else axes
        lengths = iter(shape)
        self.shape = tuple(1 if axis == "C" else next(lengths) for axis in self.axes)

    def plane(self, plane: PlaneIndex) -> tuple[Any, ...]:
        """Index of a plane in the array of a layer."""
        return self._index(plane, int, {"Y": slice(None), "X": slice(None)})

    def pixels(self, plane: PlaneIndex, rows: np.ndarray, columns: np.ndarray) -> tuple[Any, ...]:
        """Index of single pixels of a plane in the array of a layer."""
        return self._index(plane, lambda at: np.full(len(rows), at), {"Y": rows, "X": columns})

    def _index(
        self, plane: PlaneIndex, fill: Callable[[int], Any], within: dict[str, Any]
    ) -> tuple[Any, ...]:
        places = iter(plane)
        return tuple(
            within[axis] if axis in within else fill(0 if axis == "C" else next(places))
            for axis in self.axes
        )


def placement(image: Image, axes: str) -> dict[str, Any]:
    """What to hand to a new layer, so that its pixels lie on those of the image.

    Parameters
    ----------
    image
        The layer that was segmented.
    axes
        How its axes are read.

    Returns
    -------
    Scale, translation, rotation, shear, affine, units and axis labels, as keyword arguments.
    """
    letters = axes.replace("C", "") if image.rgb else axes
    kept = [i for i, axis in enumerate(letters) if axis != "C" or i > 0]
    scale, translate = image.scale.copy(), image.translate.copy()
    for i in (i for i in kept if letters[i] == "C"):
        # one pixel that reaches over all channels
        channels = image.data.shape[i] if not image.multiscale else image.data[0].shape[i]
        translate[i] += scale[i] * (channels - 1) / 2
        scale[i] *= channels
    square = np.ix_(kept, kept)
    with_corner = np.ix_([*kept, image.ndim], [*kept, image.ndim])
    return {
        "scale": scale[kept],
        "translate": translate[kept],
        "rotate": image.rotate[square],
        "shear": _matrix(image.shear, image.ndim)[square],
        "affine": image.affine.affine_matrix[with_corner],
        "units": tuple(image.units[i] for i in kept),
        "axis_labels": tuple(image.axis_labels[i] for i in kept),
    }


def _matrix(shear: np.ndarray, ndim: int) -> np.ndarray:
    """A shear as a matrix; napari gives only what is above the diagonal where that is all."""
    if shear.ndim == 2:
        return shear
    matrix = np.eye(ndim)
    matrix[np.triu_indices(ndim, 1)] = shear
    return matrix
