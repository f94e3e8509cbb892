"""Image files as `napari-unet predict` opens them, and how it reads their axes by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from napari_unet.images.axes import read_axes
from napari_unet.images.files import read_image
from napari_unet.images.ome_tiff import read_ome_tiff
from napari_unet.images.ome_zarr import read_ome_zarr
from napari_unet.images.stores import axis_labels, is_large, open_large


class OpenedFile(NamedTuple):
    """What is in an image file."""

    array: Any
    """Its pixels, colour last; of a large file they are read when they are asked for."""
    axes: str
    """What the file says that its axes are, or what its shape lets one think."""
    stored_at: Path | None
    """Where the array is that `open_large` opens; None of a file that is read whole."""


def open_file(path: Path) -> OpenedFile:
    """Open an image file, a large one without reading its pixels.

    Parameters
    ----------
    path
        PNG, JPEG, TIFF, zarr or OME-Zarr.

    Raises
    ------
    ValueError
        If it is missing, broken or no image; the sentence names it.
    """
    if not is_large(path):
        pixels = read_image(path)
        ome = read_ome_tiff(path, pixels.shape)
        return OpenedFile(pixels, ome.axes if ome else read_axes(pixels.shape), None)
    levels = read_ome_zarr(path)
    stored_at = levels.levels[0] if levels else path
    array = open_large(stored_at)
    says = levels or read_ome_tiff(path, array.shape)
    axes = says.axes if says else read_axes(array.shape, axis_labels=axis_labels(array))
    return OpenedFile(array, axes, stored_at)
