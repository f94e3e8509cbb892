"""Images and masks as files: what is read is checked, what is written is whole."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_unet.disk import write_bytes
from napari_unet.images.codecs import decode, encode_labels, encode_probabilities, plane_size
from napari_unet.images.label_values import to_labels

SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
"""Files that are looked at in a folder of images."""
MASKS, PROBABILITIES = "_masks", "_probabilities"
"""Ends of the names of what `napari-unet predict` writes."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pair:
    """An image and its labels, as files that have the same name."""

    stem: str
    image: Path
    labels: Path
    known: Path | None = None


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
    if image.dtype.kind not in "buif":
        raise ValueError(f"{name} holds {image.dtype}, not grey values; convert it to numbers.")
    if not 2 <= image.ndim <= 5 or not image.size:
        raise ValueError(
            f"{name} has the shape {image.shape}: hand in one with 2 to 5 axes and at least one "
            "pixel."
        )
    if not image.dtype.isnative:
        image = image.astype(image.dtype.newbyteorder("="))
    # torch cannot take arrays that are read backwards.
    return image.copy() if min(image.strides) < 0 else image


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


def read_labels(path: str | Path) -> np.ndarray:
    """Read a mask of any kind as labels; see `napari_unet.images.label_values.to_labels`.

    Returns
    -------
    np.ndarray
        uint16 (uint32 where an id is above 65,535), (y, x); 0 is background.

    Raises
    ------
    ValueError
        If it cannot be read or cannot be labels; the sentence names it.
    """
    path = Path(path)
    if path.suffix.lower() in (".jpg", ".jpeg"):
        raise ValueError(f"'{path}' is a JPEG, which blurs labels; save them as TIFF or PNG.")
    return to_labels(read_image(path), f"'{path}'")


def pair(images: str | Path, labels: str | Path, known: str | Path | None = None) -> list[Pair]:
    """Find the labels of each image of a folder: the file of the same name in another folder.

    Parameters
    ----------
    images, labels
        Folders with PNG, TIFF or JPEG files. ``<name>_masks`` also counts as labels of ``<name>``.
    known
        A folder that says which pixels are known (0 is unknown), also by name; None is all.

    Returns
    -------
    list of Pair
        Sorted by name. Labels without an image are left out, and logged.

    Raises
    ------
    ValueError
        If a folder is missing or empty, an image has no labels, or they differ in size.
    """
    pictures, masks = _files(Path(images)), _files(Path(labels))
    vouched = None if known is None else _files(Path(known))
    _check_all_there(pictures, masks, f"labels in '{labels}'")
    if vouched is not None:
        _check_all_there(pictures, vouched, f"known pixels in '{known}'")
    left_out = sorted(masks.keys() - pictures.keys())
    if left_out:
        logger.warning("Without image, left out: %s of '%s'.", ", ".join(left_out), labels)
    pairs = [
        Pair(stem, image, masks[stem], vouched[stem] if vouched else None)
        for stem, image in sorted(pictures.items())
    ]
    for one in pairs:
        _check_same_size(one)
    return pairs


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
    wide = labels.max(initial=0) > np.iinfo(np.uint16).max
    whole = labels.astype(np.uint32 if wide else np.uint16)
    write_bytes(path, encode_labels(whole, pixel_size_um))


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


def _files(folder: Path) -> dict[str, Path]:
    """The image files of a folder by their names without ending."""
    if not folder.is_dir():
        raise ValueError(f"There is no folder '{folder}'; check its name.")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        # The same letter can be written as one or as two characters; file systems differ.
        stem = unicodedata.normalize("NFC", path.stem).removesuffix(MASKS)
        if stem.endswith(PROBABILITIES):
            continue
        if stem in found:
            raise ValueError(
                f"'{found[stem].name}' and '{path.name}' in '{folder}' have the same name; take "
                "one away."
            )
        found[stem] = path
    if not found:
        raise ValueError(f"'{folder}' holds no images; put PNG, TIFF or JPEG files into it.")
    return found


def _check_all_there(pictures: Mapping[str, Path], partners: Mapping[str, Path], what: str) -> None:
    missing = sorted(pictures.keys() - partners.keys())
    if missing:
        more = f" and {len(missing) - 1} more have" if len(missing) > 1 else " has"
        raise ValueError(
            f"'{pictures[missing[0]]}'{more} no {what}; add files of the same name, or take the "
            f"image{'s' * (len(missing) > 1)} away."
        )


def _check_same_size(one: Pair) -> None:
    size = plane_size(one.image)
    for partner in (one.labels, one.known):
        if partner is not None and plane_size(partner) != size:
            raise ValueError(
                f"'{partner}' is {_text(plane_size(partner))} pixels, its image '{one.image.name}' "
                f"{_text(size)}; save it in the size of the image."
            )


def _text(size: tuple[int, int]) -> str:
    return f"{size[1]} x {size[0]}"
