"""From an image file to a file of its masks."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, TypeVar, cast

import numpy as np

from napari_unet.images.axes import describe, plane, plane_count, spatial_shape
from napari_unet.images.classes import classes_in_mask, mask_of
from napari_unet.images.files import (
    as_ids,
    as_slices,
    write_classes,
    write_masks,
    write_probabilities,
)
from napari_unet.images.measurements import MEASUREMENTS, write_measurements
from napari_unet.images.ome_labels import begin_labels, finish_labels
from napari_unet.images.ome_tiff import OmeTiff, write_ome_masks
from napari_unet.images.ome_zarr import OmeZarr
from napari_unet.images.opening import open_file
from napari_unet.images.pixel_size import pixel_size_um
from napari_unet.images.rois import ROIS, write_rois
from napari_unet.images.stores import is_large
from napari_unet.inference.large import segmenting_large
from napari_unet.inference.places import targets_of
from napari_unet.inference.predict import Elsewhere, predict_planes
from napari_unet.inference.written import Source, Targets
from napari_unet.models.model import Model
from napari_unet.schema.events import Event, Notice, TileDone
from napari_unet.schema.settings import MaskSettings, PredictSettings

T = TypeVar("T")


class Reading(NamedTuple):
    """How the axes of image files are read; None lets each file's shape decide."""

    axes: str | None = None
    """For example "ZCYX", see `napari_unet.images.axes`."""
    channel: int | None = None
    """The only channel that the model sees, counted from 0."""


class Segmented(NamedTuple):
    """What was made of one image file."""

    masks: Path
    probabilities: Path | None
    objects: int
    """In all planes together; in a mask of classes, how many of them there are."""
    highest: float
    """The highest probability of all pixels."""
    reading: str
    """How its axes were read, in one line."""


def segmenting(
    model: Model,
    image: Path,
    out: Path,
    settings: PredictSettings = PredictSettings(),  # noqa: B008 (frozen)
    mask: MaskSettings | None = None,
    *,
    reading: Reading = Reading(),  # noqa: B008 (frozen)
    with_probabilities: bool = False,
    with_measurements: bool = False,
    with_rois: bool = False,
    elsewhere: Elsewhere | None = None,
) -> Generator[Event, None, Segmented]:
    """Segment an image file, a stack plane by plane, and write its masks beside each other.

    Parameters
    ----------
    model
        The model.
    image
        The file; it is never changed.
    out
        A folder that is there: gets ``<stem>_masks.tif`` and, if wanted,
        ``<stem>_probabilities.tif``. Those of a former run are replaced. Of zarr arrays and of
        large TIFF files, which are read tile by tile, the results are ``.zarr`` arrays, and a run
        that was interrupted goes on where it was. The masks of an OME-Zarr are ``labels/masks`` in
        an OME-Zarr of their own, with the scale and the units of the image.
    settings
        Tile, device, heads.
    mask
        How probabilities become objects; None is as the model's card says. The objects of each
        plane are numbered by themselves. A model of classes gives the class of each pixel, uint8,
        unless ``objects_of`` asks for the objects of one of them.
    reading
        How the file's axes are read.
    with_probabilities
        Whether probabilities are written too.
    with_measurements
        Whether ``<stem>_measurements.csv`` is: what is measured of each object. Not of classes, and
        not of an image that is read tile by tile.
    with_rois
        Whether ``<stem>_rois.zip`` is: the outline of each object; likewise.
    elsewhere
        What runs the network instead of this process, where the image is read tile by tile.

    Yields
    ------
    What `predict_planes` yields; a Notice begins with the name of the file.

    Raises
    ------
    ValueError
        If the file cannot be read or does not fit the model.
    """
    targets = targets_of(image, out)
    if is_large(image):
        if with_measurements or with_rois:
            why = "is read tile by tile: its objects are neither measured nor outlined."
            yield Notice(text=f"{image.name} {why}")
        job = _segmenting_large(
            model, image, targets, settings, mask, reading, with_probabilities, elsewhere
        )
        return (yield from job)
    pixels, axes, ome, _ = open_file(image, reading.axes)
    indices = range(plane_count(pixels.shape, axes))
    planes = [plane(pixels, axes, index, reading.channel) for index in indices]
    made = _Made(mask or model.card.mask, keep=with_probabilities)
    size = spatial_shape(pixels.shape, axes)[-2:]
    yield from _named(_predict(model, planes, size, settings, made), image.name)
    size_um = pixel_size_um(image)
    labels = np.stack(made.masks).reshape(spatial_shape(pixels.shape, axes))
    if isinstance(ome, OmeTiff) and ome.axes == axes:
        write_ome_masks(targets.masks, labels if made.of_classes else as_ids(labels), ome)
    else:
        write = write_classes if made.of_classes else write_masks
        write(targets.masks, as_slices(labels), size_um)
    if with_measurements and not made.of_classes:
        table = out / f"{image.stem}{MEASUREMENTS}"
        write_measurements(table, labels, axes, planes.__getitem__, size_um)
    if with_rois and not made.of_classes:
        write_rois(out / f"{image.stem}{ROIS}", labels)
    if with_probabilities:
        write_probabilities(targets.probabilities, _stacked(made.kept, axes), size_um)
    line = describe(pixels.shape, axes, reading.channel)
    kept = targets.probabilities if with_probabilities else None
    return Segmented(targets.masks, kept, made.objects, made.highest, line)


def _stacked(planes: list[np.ndarray], axes: str) -> np.ndarray:
    """The planes of a stack one after the other; of a single plane just that."""
    return np.stack(planes) if axes.strip("YXC") else planes[0]


def _segmenting_large(
    model: Model,
    image: Path,
    targets: Targets,
    settings: PredictSettings,
    mask: MaskSettings | None,
    reading: Reading,
    keep: bool,
    elsewhere: Elsewhere | None,
) -> Generator[Event, None, Segmented]:
    """As `segmenting`, of an image that is read tile by tile."""
    source = open_source(image, reading)
    if source.ome:
        begin_labels(targets.masks)
    mask = mask or model.card.mask
    job = segmenting_large(model, source, targets, settings, mask, keep=keep, elsewhere=elsewhere)
    found = yield from _named(job, image.name)
    masks = targets.masks
    if source.ome:
        masks = finish_labels(masks, source.ome, source.axes)
    kept = targets.probabilities if keep else None
    line = describe(source.image.shape, source.axes, source.channel)
    return Segmented(masks, kept, found.objects, found.highest, line)


def open_source(image: Path, reading: Reading) -> Source:
    """Open an image to read it tile by tile; what it says of its axes itself decides."""
    opened = open_file(image, reading.axes)
    ome = opened.ome if isinstance(opened.ome, OmeZarr) else None
    return Source(opened.stored_at or image, opened.array, opened.axes, reading.channel, ome)


def _named(job: Generator[Event, None, T], name: str) -> Generator[Event, None, T]:
    """The same job, whose notices begin with the name of the file."""
    with closing(job):
        while True:
            try:
                event = next(job)
            except StopIteration as end:
                return cast(T, end.value)
            yield Notice(text=f"{name}: {event.text}") if isinstance(event, Notice) else event


class _Made:
    """What has been made of the planes that are done."""

    def __init__(self, mask: MaskSettings, *, keep: bool) -> None:
        self._mask, self._keep = mask, keep
        self.masks: list[np.ndarray] = []
        self.kept: list[np.ndarray] = []
        self.highest = 0.0
        self.of_classes = False
        """Whether the masks hold classes."""
        self._objects = 0
        self._classes: set[int] = set()

    @property
    def objects(self) -> int:
        """How many objects, or different classes, there are in all planes together."""
        return len(self._classes) if self.of_classes else self._objects

    def add(self, probabilities: np.ndarray) -> None:
        """Take over the probabilities of a plane, (class, y, x)."""
        self.of_classes = classes_in_mask(len(probabilities), self._mask) > 1
        self.masks.append(mask_of(probabilities, self._mask))
        self.kept += [probabilities] if self._keep else []
        if self.of_classes:
            self._classes.update(np.unique(self.masks[-1]).tolist())
        else:
            self._objects += int(self.masks[-1].max(initial=0))
        self.highest = max(self.highest, float(probabilities.max(initial=0)))


def _predict(
    model: Model,
    planes: Sequence[np.ndarray],
    size: tuple[int, ...],
    settings: PredictSettings,
    made: _Made,
) -> Generator[Event, None, None]:
    """Predict planes in turn; a plane is made when the first tile of the next one comes."""
    classes = model.card.network_settings.classes
    current, whole = 0, np.empty((classes, *size), np.float32)
    for event in predict_planes(model, planes, settings):
        if isinstance(event, TileDone):
            if event.plane != current:
                made.add(whole)
                current, whole = event.plane, np.empty_like(whole)
            y0, x0, y1, x1 = event.box
            whole[:, y0:y1, x0:x1] = event.probabilities
        yield event
    made.add(whole)
