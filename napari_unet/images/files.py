"""Images and masks as files: what is read is checked, what is written is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_unet.disk import write_bytes
from napari_unet.images.codecs import (
    decode,
    encode_image,
    encode_labels,
    encode_probabilities,
)
from napari_unet.images.label_values import to_classes, to_labels, to_states

SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
"""Files that are looked at in a folder of images."""
MASKS, PROBABILITIES, KNOWN = "_masks", "_probabilities", "_known"
"""Ends of the names of what is written for an image: labels, probabilities, known pixels."""


def as_image(array: Any, name: str = "The image") -> np.ndarray:
    """Check that an array is an image, and make it one that every library can work on.

    Parameters
    ----------
    array
        Anything that numpy understands: bool, whole numbers or real numbers, 2 to 5 axes.
    name
        What it is called where it has to be refused.

    Returns
    -------
    np.ndarray
        The same values in the machine's byte order; the array itself where nothing had to change.

    Raises
    ------
    ValueError
        If it holds no real numbers, or no plane of pixels; the sentence says what to hand in.
    """
    try:
        image = np.asarray(array)
    except (OSError, ValueError, TypeError, LookupError, RuntimeError) as error:
        raise ValueError(f"{name} could not be loaded ({error}); open it again.") from error
    check_image(image.dtype, image.shape, name)
    if not image.dtype.isnative:
        image = image.astype(image.dtype.newbyteorder("="))
    # torch cannot take arrays that are read backwards.
    return image.copy() if min(image.strides) < 0 else image


def check_image(dtype: np.dtype[Any], shape: tuple[int, ...], name: str = "The image") -> None:
    """Refuse what is no image: other than real numbers, or no plane of pixels; see `as_image`."""
    if dtype.kind not in "buif":
        raise ValueError(f"{name} holds {dtype}, not grey values; convert it to numbers.")
    if not 2 <= len(shape) <= 5 or 0 in shape:
        raise ValueError(
            f"{name} has the shape {shape}: hand in one with 2 to 5 axes and at least one pixel."
        )


def read_image(path: str | Path) -> np.ndarray:
    """Read an image file as it is, colour last.

    Parameters
    ----------
    path
        PNG, JPEG or TIFF; of a TIFF the first image with all its planes.

    Raises
    ------
    ValueError
        If it is missing, broken or no image; the sentence names it.
    """
    return as_image(decode(Path(path)), f"'{path}'")


def read_labels(path: str | Path, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Read a mask of any kind as labels; see `napari_unet.images.label_values.to_labels`.

    Parameters
    ----------
    path
        The file.
    shape
        That of the labels that are wanted, (..., y, x); None is one plane of any size.

    Returns
    -------
    np.ndarray
        uint16 (uint32 where an id is above 65,535), (y, x) or of the shape that was wanted; 0 is
        background.

    Raises
    ------
    ValueError
        If it cannot be read or cannot be labels of this shape; the sentence names it.
    """
    return to_labels(_mask_values(path), f"'{path}'", shape)


def read_classes(
    path: str | Path, classes: int, shape: tuple[int, ...] | None = None
) -> np.ndarray:
    """Read a mask whose labels are classes; see `napari_unet.images.label_values.to_classes`.

    Parameters
    ----------
    path
        The file.
    classes
        How many classes there are, the first included.
    shape
        That of the mask that is wanted, (..., y, x); None is one plane of any size.

    Returns
    -------
    np.ndarray
        uint8, (y, x) or of the shape that was wanted: 0 to ``classes - 1``.

    Raises
    ------
    ValueError
        If it cannot be read or holds a value that is no class; the sentence names it.
    """
    return to_classes(_mask_values(path), classes, f"'{path}'", shape)


def read_states(path: str | Path) -> np.ndarray:
    """Read what is known of each pixel; see `napari_unet.images.label_values.to_states`.

    Returns
    -------
    np.ndarray
        uint8, values of `napari_unet.schema.correction.State`.

    Raises
    ------
    ValueError
        If it cannot be read; the sentence names it.
    """
    return to_states(read_image(path))


def write_image(path: str | Path, image: np.ndarray, pixel_size_um: float | None = None) -> None:
    """Save a plane of an image as a TIFF that ImageJ opens, with every value as it is.

    Parameters
    ----------
    path
        The file; its folder has to be there.
    image
        (y, x), (channel, y, x), or colour (y, x, 3 or 4).
    pixel_size_um
        Side of a pixel in micrometres; None is unknown.
    """
    write_bytes(path, encode_image(image, pixel_size_um))


def write_states(path: str | Path, states: np.ndarray, pixel_size_um: float | None = None) -> None:
    """Save what is known of each pixel: uint8 (y, x), values of `State`, as a compressed TIFF."""
    write_bytes(path, encode_labels(states.astype(np.uint8), pixel_size_um))


def write_classes(path: str | Path, labels: np.ndarray, pixel_size_um: float | None = None) -> None:
    """Save the class of each pixel: uint8, (y, x) or (z, y, x), as a compressed TIFF."""
    write_bytes(path, encode_labels(labels.astype(np.uint8), pixel_size_um))


def write_masks(path: str | Path, labels: np.ndarray, pixel_size_um: float | None = None) -> None:
    """Save labels as a TIFF that ImageJ opens: 16-bit (32-bit above 65,535 objects), compressed.

    Parameters
    ----------
    path
        The file; its folder has to be there.
    labels
        Whole numbers, (y, x) or (z, y, x); 0 is background.
    pixel_size_um
        Side of a pixel in micrometres; None is unknown.
    """
    write_bytes(path, encode_labels(as_ids(labels), pixel_size_um))


def as_ids(labels: np.ndarray) -> np.ndarray:
    """The same labels in the type in which they are saved: uint16, uint32 above 65,535 objects."""
    wide = labels.max(initial=0) > np.iinfo(np.uint16).max
    return labels.astype(np.uint32 if wide else np.uint16)


def as_slices(labels: np.ndarray) -> np.ndarray:
    """The planes of labels, (..., y, x), one after the other; of a single plane just that."""
    slices = labels.reshape(-1, *labels.shape[-2:])
    return slices if len(slices) > 1 else slices[0]


def write_probabilities(
    path: str | Path, probabilities: np.ndarray, pixel_size_um: float | None = None
) -> None:
    """Save probabilities as a TIFF that ImageJ opens: float32, a channel for each class.

    Parameters
    ----------
    path
        The file; its folder has to be there.
    probabilities
        (class, y, x) or (plane, class, y, x), between 0 and 1.
    pixel_size_um
        Side of a pixel in micrometres; None is unknown.
    """
    write_bytes(path, encode_probabilities(probabilities.astype(np.float32), pixel_size_um))


def _mask_values(path: str | Path) -> np.ndarray:
    """The pixels of a file that holds labels."""
    path = Path(path)
    if path.suffix.lower() in (".jpg", ".jpeg"):
        raise ValueError(f"'{path}' is a JPEG, which blurs labels; save them as TIFF or PNG.")
    return read_image(path)


def split_end(stem: str) -> tuple[str, str]:
    """A name without what was written behind it, and that."""
    for end in (MASKS, PROBABILITIES, KNOWN):
        if stem.endswith(end):
            return stem.removesuffix(end), end
    return stem, ""
