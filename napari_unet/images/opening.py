"""Image files as `napari-unet predict` opens them, and what they say of themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from napari_unet.images.axes import read_axes
from napari_unet.images.files import read_image
from napari_unet.images.ome_tiff import OmeTiff, read_ome_tiff
from napari_unet.images.ome_zarr import OmeZarr, read_ome_zarr
from napari_unet.images.stores import axis_labels, is_large, open_large


class OpenedFile(NamedTuple):
    """What is in an image file."""

    array: Any
    """Its pixels, colour last; of a large file they are read when they are asked for."""
    axes: str
    """As they were told, else as the file says, or as its shape lets one think."""
    ome: OmeTiff | OmeZarr | None
    """What the file says of itself, if it is an OME-TIFF or OME-Zarr."""
    stored_at: Path | None
    """Where the array is that `open_large` opens; None of a file that is read whole."""


def open_file(path: Path, axes: str | None = None) -> OpenedFile:
    """Open an image file, a large one without reading its pixels.

    Parameters
    ----------
    path
        PNG, JPEG, TIFF, zarr or OME-Zarr.
    axes
        What its axes are; None lets the file say it.

    Raises
    ------
    ValueError
        If it is missing, broken or no image; the sentence names it.
    """
    if not is_large(path):
        pixels = read_image(path)
        said = read_ome_tiff(path, pixels.shape)
        axes = axes or (said.axes if said else read_axes(pixels.shape))
        return OpenedFile(pixels, axes, said, None)
    levels = read_ome_zarr(path)
    stored_at = levels.levels[0] if levels else path
    array = open_large(stored_at)
    ome = levels or read_ome_tiff(path, array.shape)
    axes = axes or (ome.axes if ome else None)
    axes = axes or read_axes(array.shape, axis_labels=axis_labels(array))
    return OpenedFile(array, axes, ome, stored_at)
