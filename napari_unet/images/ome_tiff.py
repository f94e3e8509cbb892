"""OME-TIFF: what its axes mean, how large its pixels are, and masks that say the same."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tifffile

from napari_unet.disk import write_bytes

_SIZES = ("PhysicalSizeX", "PhysicalSizeY", "PhysicalSizeZ", "TimeIncrement")


class OmeTiff(NamedTuple):
    """What an OME-TIFF says of its pixels."""

    axes: str
    """Letters of `napari_unet.images.axes`."""
    sizes: dict[str, Any]
    """Sizes and units of a pixel, by the names that OME gives them."""


def read_ome_tiff(path: Path, shape: tuple[int, ...]) -> OmeTiff | None:
    """Read what an OME-TIFF says of its pixels; None of any other file.

    Parameters
    ----------
    path
        The file.
    shape
        Of its pixels as they were read, colour last. What is said of others counts for nothing, and
        neither do axes other than time, depth, channel, y and x.
    """
    if path.suffix.lower() not in (".tif", ".tiff"):
        return None
    try:
        with tifffile.TiffFile(path) as tif:
            if not tif.is_ome:
                return None
            series, said = tif.series[0], tifffile.xml2dict(str(tif.ome_metadata))
    except (OSError, ValueError, LookupError, TypeError, SyntaxError, struct.error):
        return None  # who reads its pixels says what is wrong
    sides = dict(zip(str(series.axes), series.shape, strict=True))
    if "S" in sides:  # the samples of colour are read last
        sides["S"] = sides.pop("S")
    axes = "".join(sides).replace("S", "C")
    understood = len(set(axes)) == len(axes) and {*axes} <= {*"TCZYX"}
    if not (understood and axes.replace("C", "").endswith("YX") and tuple(sides.values()) == shape):
        return None
    return OmeTiff(axes, _sizes(said))


def write_ome_masks(path: Path, labels: np.ndarray, image: OmeTiff) -> None:
    """Save labels as an OME-TIFF with the axes of an image but the channel, its scale and units.

    Parameters
    ----------
    path
        The file; its folder has to be there.
    labels
        Unsigned integers, as many axes as the image has without channels.
    image
        What the image says of itself.
    """
    axes = image.axes.replace("C", "")
    buffer = BytesIO()
    about = {"axes": axes, **image.sizes}
    tifffile.imwrite(
        buffer, labels, ome=True, photometric="minisblack", compression="zlib", metadata=about
    )
    write_bytes(path, buffer.getvalue())


def _sizes(said: dict[str, Any]) -> dict[str, Any]:
    """The sizes of a pixel of the first image."""
    image = said.get("OME", {}).get("Image", {})
    pixels = (image if isinstance(image, dict) else image[0]).get("Pixels", {})
    names = [name for size in _SIZES for name in (size, f"{size}Unit")]
    return {name: pixels[name] for name in names if name in pixels}
