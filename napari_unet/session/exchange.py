"""Corrections as plain files, out and in: what was corrected here, and masks from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from napari_unet import disk
from napari_unet.images.axes import plane
from napari_unet.images.files import (
    KNOWN,
    MASKS,
    as_slices,
    read_classes,
    read_image,
    read_labels,
    read_states,
    write_classes,
    write_masks,
)
from napari_unet.images.label_values import to_classes
from napari_unet.images.measurements import MEASUREMENTS, write_measurements
from napari_unet.images.pixel_size import pixel_size_um
from napari_unet.images.rois import ROIS, write_rois
from napari_unet.images.triples import Triple, check_written, free_stem, stems, write_triple
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.origin import Origin

_SPECKLES = 1000
"""So many neighbours of different ids, and more than of equal ones, are no objects."""


class Exported(NamedTuple):
    """What was written."""

    triples: list[Triple]
    """The files of each plane."""
    note: str
    """What a person should know about it, in one sentence; often empty."""


class Imported(NamedTuple):
    """What a file of masks says."""

    labels: np.ndarray
    """uint16 (uint32 where an id is above 65,535); 0 is background."""
    states: np.ndarray | None
    """uint8, values of `State`; None if the file says nothing of them."""


def export(
    folder: Path,
    name: str,
    axes: str,
    labels: np.ndarray,
    states: np.ndarray,
    image_of: Callable[[PlaneIndex], np.ndarray],
    pixel_size_um: float | None = None,
) -> Exported:
    """Save all planes of which a person said something, as triples of plain files.

    Nothing is overwritten: where a file of the name is, a number is put behind it. All files are
    written, or none.

    Parameters
    ----------
    folder
        Made if it is not there.
    name
        Of the image; a plane of a stack gets its place behind it: ``cells_t001_z012``, counted from
        0 as in napari.
    axes
        Of the image, for example "TZCYX".
    labels, states
        (..., y, x): the mask, and for each pixel values of `State`.
    image_of
        Gives a plane of the image as a network sees it: (y, x), (channel, y, x) or colour.
    pixel_size_um
        Side of a pixel in micrometres; None is unknown.

    Raises
    ------
    ValueError
        If nothing was said of any plane, or the image cannot be saved as planes.
    OSError
        If it cannot be written; the message says why.
    """
    planes = corrected_planes(states)
    if not planes:
        raise ValueError("Nothing has been corrected or confirmed yet: there is nothing to export.")
    disk.make_folder(folder)
    ends = [place_name(axes, plane) for plane in planes]
    stem = free_stem(folder, name, ends)
    written: list[Triple] = []
    try:
        for plane, end in zip(planes, ends, strict=True):
            parts = (image_of(plane), labels[plane], states[plane])
            written.append(write_triple(folder, f"{stem}{end}", *parts, pixel_size_um))
    except BaseException:
        _remove([path for triple in written for path in triple])
        raise
    why = f"The files are called '{stem}': '{name}' is taken, or cannot be the name of a file."
    return Exported(written, "" if stem == name else why)


def export_masks(
    folder: Path,
    name: str,
    labels: np.ndarray,
    origin: Origin,
    axes: str,
    channel: int | None = None,
    classes: int = 1,
) -> list[Path]:
    """Save a mask as it is now, whoever made it, with measurements and outlines of its objects.

    Nothing is overwritten: where a file of the name is, a number is put behind it. All files are
    written, or none.

    Parameters
    ----------
    folder
        Made if it is not there.
    name
        Of the image.
    labels
        (..., y, x): the mask; its planes become the slices of one stack.
    origin
        The image; its file says how large a pixel is.
    axes, channel
        How the image is read, for example "TZCYX", and the only channel that is measured.
    classes
        What the mask holds: 1 is objects; more are so many classes, saved as the mask alone.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    OSError
        If it cannot be written; the message says why.
    """
    disk.make_folder(folder)
    ends = [f"{MASKS}.tif", *([MEASUREMENTS, ROIS] if classes == 1 else [])]
    named = ([folder / f"{stem}{end}" for end in ends] for stem in stems(name))
    files = next(files for files in named if not any(path.exists() for path in files))
    size = pixel_size_um(Path(origin.path))
    slices = as_slices(labels)
    try:
        (write_masks if classes == 1 else write_classes)(files[0], slices, size)
        check_written(files[0], slices.shape)
        if classes == 1:
            image_of = partial(plane, origin.array, axes, channel=channel)
            write_measurements(files[1], labels, axes, image_of, size)
            write_rois(files[2], labels)
    except BaseException:
        _remove(files)
        raise
    return files


def corrected_planes(states: np.ndarray) -> list[PlaneIndex]:
    """The planes of which a person said something, from the states of all, (..., y, x)."""
    found = np.argwhere(states.any(axis=(-2, -1))).tolist()
    return [tuple(plane) for plane in found]


def read_masks(path: Path, shape: tuple[int, ...], classes: int = 1) -> Imported:
    """Read the masks of an image from a file of any kind.

    Ids are kept. A mask of two values is taken apart into its connected pieces. Of a triple that
    `export` wrote, all is read as it was.

    Parameters
    ----------
    path
        PNG or TIFF: 0/255, 0/1, bool, ids of objects, or a colour for each object.
    shape
        Of the image without its channels, (..., y, x).
    classes
        What the mask holds: 1 is objects; more are so many classes, whose numbers stay.

    Raises
    ------
    ValueError
        If it cannot be read, or cannot be the mask of this image; the sentence names the file.
    """
    known = path.with_name(f"{path.stem.removesuffix(MASKS)}{KNOWN}{path.suffix}")
    if path.stem.endswith(MASKS) and known.is_file():
        labels, states = read_image(path), read_states(known)
        if labels.dtype.kind == "u" and labels.shape == states.shape == shape:
            return Imported(_of_kind(labels, classes, path), states)
    if classes > 1:
        return Imported(read_classes(path, classes, shape).astype(np.uint16), None)
    labels = read_labels(path, shape)
    if _is_speckled(labels):
        raise ValueError(
            f"'{path}' looks like an image, since its values change from pixel to pixel: choose "
            "the file of its masks."
        )
    return Imported(labels, None)


def _of_kind(labels: np.ndarray, classes: int, path: Path) -> np.ndarray:
    """The same labels; if they are to be classes, none of them is too high."""
    return labels if classes == 1 else to_classes(labels, classes, f"'{path}'", labels.shape)


def place_name(axes: str, plane: PlaneIndex) -> str:
    """What is put behind the name of a plane of a stack."""
    stacked = [axis.lower() for axis in axes if axis in "TZ"]
    return "".join(f"_{axis}{index:03d}" for axis, index in zip(stacked, plane, strict=True))


def _remove(written: list[Path]) -> None:
    for path in written:
        with suppress(OSError):
            path.unlink()


def _is_speckled(labels: np.ndarray) -> bool:
    """Whether most neighbours within objects have different ids."""
    here, there = labels[..., :-1], labels[..., 1:]
    within = (here > 0) & (there > 0)
    different = np.count_nonzero(within & (here != there))
    return bool(different >= _SPECKLES and 2 * different > np.count_nonzero(within))
