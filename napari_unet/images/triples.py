"""What a person corrected of one plane, as three plain files: image, labels, known pixels.

They lie beside each other as ``<stem>.tif``, ``<stem>_masks.tif`` and ``<stem>_known.tif``. ImageJ
opens them, and `napari_unet.images.pairs.pair` finds them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np

from napari_unet.images.axes import plane, plane_count, read_axes
from napari_unet.images.codecs import header
from napari_unet.images.files import (
    KNOWN,
    MASKS,
    SUFFIXES,
    split_end,
    write_image,
    write_masks,
    write_states,
)

_FORBIDDEN = frozenset('<>:"/\\|?*')
_RESERVED = frozenset(
    ["con", "prn", "aux", "nul"] + [f"{port}{n}" for port in ("com", "lpt") for n in range(10)]
)
"""Names that Windows keeps for itself, whatever comes behind a dot."""
_LONGEST_BYTES = 150


class Triple(NamedTuple):
    """The files of one plane."""

    image: Path
    masks: Path
    known: Path


def files_of(folder: Path, stem: str) -> Triple:
    """Where the three files of a name are, or would be."""
    return Triple(*(folder / f"{stem}{end}.tif" for end in ("", MASKS, KNOWN)))


def write_triple(
    folder: Path,
    stem: str,
    image: np.ndarray,
    labels: np.ndarray,
    states: np.ndarray,
    pixel_size_um: float | None = None,
) -> Triple:
    """Save a plane, all three files or none.

    Parameters
    ----------
    folder
        It has to be there.
    stem
        See `free_stem`; files of this name are replaced.
    image
        (y, x), (channel, y, x), or colour (y, x, 3 or 4).
    labels
        (y, x) whole numbers, 0 is background.
    states
        uint8 (y, x), values of `napari_unet.schema.correction.State`.
    pixel_size_um
        Side of a pixel in micrometres; None is unknown.

    Raises
    ------
    ValueError
        If the image would not be read as the plane that it is.
    OSError
        If it cannot be written, or what was written cannot be read; the message says why.
    """
    image = _storable(image)
    triple = files_of(folder, stem)
    try:
        # The image comes last: a folder is read by its images, and labels alone are no harm.
        write_states(triple.known, states, pixel_size_um)
        write_masks(triple.masks, labels, pixel_size_um)
        write_image(triple.image, image, pixel_size_um)
        for path, array in zip(triple, (image, labels, states), strict=True):
            check_written(path, array.shape)
    except BaseException:
        for path in triple:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise
    return triple


def free_stem(folder: Path, name: str, ends: Sequence[str] = ("",)) -> str:
    """A name for new files that no image, mask or other of a folder has; else with a number.

    Parameters
    ----------
    folder
        The folder, if it is there yet.
    name
        What people call the image; what no file can be called is replaced.
    ends
        What will be put behind the name, for each plane.
    """
    there = folder.iterdir() if folder.is_dir() else ()
    taken = {split_end(_folded(p.stem))[0] for p in there if p.suffix.lower() in SUFFIXES}
    return next(
        stem for stem in stems(name) if not any(_folded(f"{stem}{end}") in taken for end in ends)
    )


def stems(name: str) -> Iterator[str]:
    """What files of an image can be called: as people call it, else with a number, without end."""
    wanted = _file_name(name)
    yield wanted
    yield from (f"{wanted}_{number}" for number in count(2))


def _folded(stem: str) -> str:
    """Names that some file system takes for the same are the same."""
    return unicodedata.normalize("NFC", stem).casefold()


def _file_name(name: str) -> str:
    """The nearest name that every file system takes, and that is read as that of an image."""
    letters = unicodedata.normalize("NFC", name)
    safe = "".join(
        "_" if letter in _FORBIDDEN or unicodedata.category(letter).startswith("C") else letter
        for letter in letters
    )
    short = safe.encode()[:_LONGEST_BYTES].decode(errors="ignore").strip(" .")
    if short.partition(".")[0].strip().lower() in _RESERVED:
        short = f"_{short}"
    return f"{short}_image" if split_end(short)[1] else short or "image"


def _storable(image: np.ndarray) -> np.ndarray:
    """The same values in a type that a TIFF for ImageJ has, without axes of length 1 in front."""
    image = image[0] if image.ndim == 3 and len(image) == 1 else image
    axes = read_axes(image.shape)
    if plane_count(image.shape, axes) > 1 or plane(image, axes, 0).shape != image.shape:
        raise ValueError(
            f"An image of shape {image.shape} cannot be told from a stack once it is a file: "
            "export one of its channels."
        )
    types = {"bool": np.uint8, "float16": np.float32}
    return image.astype(types.get(image.dtype.name, image.dtype), copy=False)


def check_written(path: Path, shape: tuple[int, ...]) -> None:
    """Success is said only once a file has been read back (R2.7)."""
    try:
        found, _ = header(path)
    except ValueError as error:
        raise OSError(f"'{path}' was written and cannot be read: save elsewhere") from error
    if found != shape:
        raise OSError(f"'{path}' was written and is not as it should be: save elsewhere")
