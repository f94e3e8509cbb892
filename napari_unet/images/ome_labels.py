"""Masks as OME-Zarr labels: in a folder of their own, with the scale and units of their image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from napari_unet.images.extra import array_options, ome_zarr_records, zarr
from napari_unet.images.ome_zarr import OmeZarr

NAME = "masks"
"""What the masks are called among the labels of a result."""
_METADATA = ("zarr.json", ".zattrs", ".zgroup")


def masks_in(result: Path) -> Path:
    """Where the masks are in the OME-Zarr of a result: the array of the finest level."""
    return result / "labels" / NAME / "0"


def begin_labels(finest: Path) -> None:
    """Take back what a former run wrote last: masks without it are not complete.

    Parameters
    ----------
    finest
        As from `masks_in`.
    """
    for name in _METADATA:
        (finest.parent / name).unlink(missing_ok=True)


def finish_labels(finest: Path, image: OmeZarr, axes: str) -> Path:
    """Make OME-Zarr labels of masks that are complete at the finest level.

    They get the levels of the image, as the format demands, its scale and its units. What says
    that they are labels is written last, so nobody takes unfinished masks for a result.

    Parameters
    ----------
    finest
        As from `masks_in`, in an OME-Zarr that is never that of the image.
    image
        The image.
    axes
        How the image was read: the masks have its axes but the channel.

    Returns
    -------
    Path
        Where the labels are: what a viewer opens.
    """
    kept = [i for i, letter in enumerate(axes) if letter != "C"]
    _write_levels(finest, image, "".join(axes[i] for i in kept), kept)
    records = ome_zarr_records(image.version)
    multiscale, origin = _multiscale(image, kept), _image_label(finest.parent, image)
    about = {"multiscales": [multiscale], "image-label": origin}
    result = zarr().open_group(finest.parents[2], mode="a", zarr_format=image.zarr_format)
    labels = result.require_group("labels")
    _say(labels, records.LabelsGroup(labels=[NAME]), image.version)
    _say(labels.require_group(NAME), records.LabelImage.model_validate(about), image.version)
    return finest.parent


def _multiscale(image: OmeZarr, kept: Sequence[int]) -> dict[str, Any]:
    """What the image says of its levels, without the channel."""
    whole = image.multiscale
    about: dict[str, Any] = {
        "name": NAME,
        "axes": [whole.axes[i].model_dump(exclude_none=True) for i in kept],
        "datasets": [
            {
                "path": str(index),
                "coordinateTransformations": _transformations(
                    level.coordinateTransformations, kept
                ),
            }
            for index, level in enumerate(whole.datasets)
        ],
        "type": "nearest",
    }
    if whole.coordinateTransformations:
        of_all = _transformations(whole.coordinateTransformations, kept)
        about["coordinateTransformations"] = of_all
    return about


def _transformations(given: Sequence[Any], kept: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {"type": one.type, one.type: [getattr(one, one.type)[i] for i in kept]} for one in given
    ]


def _image_label(labels: Path, image: OmeZarr) -> dict[str, Any]:
    """Of which image they are the labels."""
    with suppress(ValueError):  # on another drive
        way = os.path.relpath(image.path.resolve(), labels.resolve())
        return {"source": {"image": Path(way).as_posix()}}
    return {}


def _say(group: Any, about: Any, version: str) -> None:
    said = about.model_dump(mode="json", by_alias=True, exclude_none=True)
    group.attrs.update(said if version == "0.4" else {"ome": said})


def _write_levels(finest: Path, image: OmeZarr, letters: str, kept: Sequence[int]) -> None:
    """Make the coarser levels, each of the one before."""
    finer = zarr().open_array(finest, mode="r")
    for index, level in enumerate(image.levels[1:], start=1):
        whole = zarr().open_array(level, mode="r").shape
        shape = [whole[i] for i in kept]
        coarser = zarr().create_array(
            finest.with_name(str(index)),
            shape=shape,
            dtype=finer.dtype,
            chunks=[min(one, side) for one, side in zip(finer.chunks, shape, strict=True)],
            overwrite=True,
            **array_options(image.zarr_format, letters),
        )
        _shrink(finer, coarser)
        finer = coarser


def _shrink(finer: Any, coarser: Any) -> None:
    """Take the nearest pixel for each of a coarser level, a chunk at a time."""
    places = [
        ((np.arange(small) + 0.5) * large / small).astype(np.int64)
        for small, large in zip(coarser.shape, finer.shape, strict=True)
    ]
    starts = (range(0, n, side) for n, side in zip(coarser.shape, coarser.chunks, strict=True))
    for corner in product(*starts):
        chunk = tuple(slice(a, a + side) for a, side in zip(corner, coarser.chunks, strict=True))
        wanted = [of_axis[part] for of_axis, part in zip(places, chunk, strict=True)]
        box = tuple(slice(int(one[0]), int(one[-1]) + 1) for one in wanted)
        inside = np.ix_(*(one - one[0] for one in wanted))
        coarser[chunk] = np.asarray(finer[box])[inside]
