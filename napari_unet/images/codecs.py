"""The bytes of image files: TIFF, PNG and JPEG in, TIFF that ImageJ opens out."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image, ImageSequence

_BROKEN = (OSError, ValueError, SyntaxError, LookupError, TypeError, EOFError, struct.error)
"""What libraries raise over files that are cut, damaged or something else."""


def decode(path: Path) -> np.ndarray:
    """Read the pixels of a file as they are, colour last; of a TIFF the first image.

    Raises
    ------
    ValueError
        If it is missing, broken or no image; the sentence names it.
    """
    with _named(path):
        if _is_tiff(path):
            return _decode_tiff(path)
        with Image.open(path) as picture:
            return _pixels(picture)


def plane_size(path: Path) -> tuple[int, int]:
    """Read height and width in pixels from the head of a file; errors are those of `decode`."""
    with _named(path):
        if _is_tiff(path):
            with tifffile.TiffFile(path) as tif:
                page = tif.pages.first
                return int(page.imagelength), int(page.imagewidth)
        with Image.open(path) as picture:
            return picture.height, picture.width


def header(path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Read shape and type of the pixels of a TIFF from its head; errors are those of `decode`."""
    with _named(path), tifffile.TiffFile(path) as tif:
        return tuple(tif.series[0].shape), np.dtype(tif.series[0].dtype)


def encode_image(image: np.ndarray, pixel_size_um: float | None) -> bytes:
    """Make a TIFF of a plane: (y, x), (channel, y, x), or colour (y, x, 3 or 4)."""
    if image.ndim == 3 and image.shape[-1] in (3, 4):
        alpha = ["unassalpha"] if image.shape[-1] == 4 else []
        return _imagej(image, {}, pixel_size_um, photometric="rgb", extrasamples=alpha)
    channels = {"channels": len(image)} if image.ndim == 3 else {}
    return _imagej(image, channels, pixel_size_um)


def encode_labels(labels: np.ndarray, pixel_size_um: float | None) -> bytes:
    """Make a compressed TIFF of labels, unsigned integers, (y, x) or (z, y, x)."""
    slices = {"slices": len(labels) if labels.ndim == 3 else 1}
    return _imagej(labels, slices, pixel_size_um, compression="zlib")


def encode_probabilities(probabilities: np.ndarray, pixel_size_um: float | None) -> bytes:
    """Make a TIFF of probabilities, float32, (class, y, x) or (plane, class, y, x)."""
    per_cm = None if pixel_size_um is None else (1e4 / pixel_size_um, "CENTIMETER")
    axes = {"axes": "ZCYX"[-probabilities.ndim :]}
    return _tiff(probabilities, per_cm, metadata=axes, compression="zlib")


def _imagej(
    array: np.ndarray, stacked: dict[str, int], pixel_size_um: float | None, **options: Any
) -> bytes:
    """Make a TIFF as ImageJ makes them, whose planes are stacked as channels or slices."""
    unit = "pixel" if pixel_size_um is None else "um"
    per_unit = 1 / (pixel_size_um or 1)
    said = {"ImageJ": "1.54f", "images": max(stacked.values(), default=1), **stacked, "unit": unit}
    # Written by hand, since tifffile's own ImageJ format has no 32-bit integers.
    description = "".join(f"{name}={value}\n" for name, value in said.items())
    return _tiff(array, (per_unit, "NONE"), description=description, metadata=None, **options)


def _tiff(array: np.ndarray, resolution: tuple[float, str] | None, **options: Any) -> bytes:
    if resolution is not None:
        options |= {"resolution": (resolution[0],) * 2, "resolutionunit": resolution[1]}
    buffer = BytesIO()
    tifffile.imwrite(buffer, array, **({"photometric": "minisblack"} | options))
    return buffer.getvalue()


def _is_tiff(path: Path) -> bool:
    return path.suffix.lower() in (".tif", ".tiff")


def _decode_tiff(path: Path) -> np.ndarray:
    with tifffile.TiffFile(path) as tif:
        series = tif.series[0]
        try:
            array = np.asarray(series.asarray())
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            # LZW and JPEG inside of TIFF: Pillow knows them without a further package.
            with Image.open(path) as picture:
                frames = [_pixels(frame) for frame in ImageSequence.Iterator(picture)]
            return np.stack(frames) if len(frames) > 1 else frames[0]
        samples = str(series.axes).find("S")
        return array if samples < 0 else np.moveaxis(array, samples, -1)


def _pixels(picture: Image.Image) -> np.ndarray:
    """A picture's pixels: grey (y, x), colour (y, x, 3) or with transparency (y, x, 4)."""
    if picture.mode in ("LA", "La"):
        picture = picture.getchannel(0)
    elif picture.mode not in ("1", "L", "RGB", "RGBA", "F") and not picture.mode.startswith("I"):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    return np.asarray(picture)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Let every failure to read a file end in one sentence that names it."""
    if not path.is_file():
        raise ValueError(f"There is no file '{path}'; check its name and folder.")
    try:
        yield
    except (*_BROKEN, zlib.error, Image.DecompressionBombError) as error:
        raise ValueError(
            f"'{path}' cannot be read as an image ({error}); save it again as TIFF or PNG."
        ) from error
