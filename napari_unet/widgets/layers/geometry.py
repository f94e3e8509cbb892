"""Where a result lies in the world: just where its image lies, without the channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.layers import Image


def result_axes(axes: str, rgb: bool) -> str:
    """The axes of a layer that shows a result of an image with these axes.

    Channels that come first, or are the colours of an RGB image, are left out. Channels between
    other axes stay as an axis of length one: napari aligns layers by their last axes, so that
    leaving them out would shift those before them.
    """
    return axes.replace("C", "") if rgb or axes.startswith("C") else axes


def result_shape(axes: str, rgb: bool, shape: Sequence[int]) -> tuple[int, ...]:
    """The shape of a result's layer, from the shape of the image without its channels."""
    lengths = iter(shape)
    return tuple(1 if axis == "C" else next(lengths) for axis in result_axes(axes, rgb))


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
