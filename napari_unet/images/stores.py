"""Image files that need not fit into memory: zarr arrays and large TIFF files, in and out."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from napari_unet.images import codecs
from napari_unet.images.extra import array_options, zarr
from napari_unet.images.lazy import LARGE_PX, as_lazy
from napari_unet.schema.arrays import ArrayLike

ZARR = ".zarr"
_ABOUT = ("zarr.json", ".zarray", ".zgroup")
"""What a folder holds that is a zarr array or group."""
_BROKEN = (OSError, ValueError, LookupError, TypeError, NotImplementedError, RuntimeError)


def is_store(path: Path) -> bool:
    """Whether a folder is zarr, or is named like it."""
    return path.is_dir() and (
        path.suffix.lower() == ZARR or any((path / name).is_file() for name in _ABOUT)
    )


def is_group(path: Path) -> bool:
    """Whether a folder is a zarr group: several arrays, such as an OME-Zarr image."""
    about = path / "zarr.json"
    if about.is_file():
        return '"group"' in about.read_text(encoding="utf-8")
    return (path / ".zgroup").is_file()


def is_large(path: Path) -> bool:
    """Whether an image is read part by part: a zarr array, or a TIFF of more than `LARGE_PX`."""
    if path.suffix.lower() not in (".tif", ".tiff"):
        return is_store(path)
    try:
        return path.is_file() and int(np.prod(codecs.header(path)[0], dtype=np.int64)) > LARGE_PX
    except ValueError:
        return False  # who reads it says why it cannot be read


def open_large(path: Path) -> ArrayLike:
    """Open a zarr array or a TIFF without reading its pixels, colour last.

    Parameters
    ----------
    path
        What `is_large` says yes to. A TIFF that is stored in one piece is mapped into memory, any
        other is read chunk by chunk.

    Raises
    ------
    ValueError
        If it is broken or no image; the sentence names it.
    """
    try:
        opened = _open_tiff(path) if path.is_file() else zarr().open_array(path, mode="r")
    except _BROKEN as error:
        if is_group(path):
            raise ValueError(
                f"'{path}' holds several arrays: name one of the folders in it, such as "
                f"'{path / '0'}'."
            ) from error
        raise ValueError(
            f"'{path}' cannot be read as an image ({error}); save it again as TIFF or zarr."
        ) from error
    image: ArrayLike = as_lazy(opened, f"'{path}'")
    return image


def axis_labels(image: Any) -> tuple[str, ...] | None:
    """What a zarr array itself says its axes are, if it does."""
    named = getattr(getattr(image, "metadata", None), "dimension_names", None)
    return tuple(str(name) for name in named) if named else None


def create_store(
    path: Path,
    shape: Sequence[int],
    dtype: Any,
    chunks: Sequence[int],
    axes: str,
    attributes: dict[str, Any],
    zarr_format: int = 3,
) -> Any:
    """Make an empty zarr array, of zeros, in place of what was there.

    Parameters
    ----------
    path
        Its folder.
    shape, dtype, chunks
        Of the array.
    axes
        A letter for each.
    attributes
        What else is to be known of it.
    zarr_format
        3, or 2, which cannot say what its axes are.
    """
    return zarr().create_array(
        path,
        shape=tuple(shape),
        dtype=dtype,
        chunks=tuple(min(one, side) for one, side in zip(chunks, shape, strict=True)),
        attributes=attributes,
        overwrite=True,
        **array_options(zarr_format, axes),
    )


def reopen_store(path: Path) -> Any:
    """An array that `create_store` has made, to go on writing to."""
    return zarr().open_array(path, mode="r+")


def remove_store(path: Path) -> None:
    """Delete an array that `create_store` has made, if it is there."""
    if is_store(path):
        shutil.rmtree(path)


def _open_tiff(path: Path) -> Any:
    with tifffile.TiffFile(path) as tif:
        samples = str(tif.series[0].axes).find("S")
    try:
        mapped = tifffile.memmap(path, mode="r")
    except ValueError:  # it is compressed, or lies in pieces
        if samples >= 0 and samples != len(codecs.header(path)[0]) - 1:
            raise
        return zarr().open_array(tifffile.imread(path, aszarr=True, level=0), mode="r")
    return mapped if samples < 0 else np.moveaxis(mapped, samples, -1)
