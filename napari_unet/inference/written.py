"""The arrays on the disk that a prediction is written to, tile by tile."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from napari_unet.images.axes import plane_count, spatial_shape
from napari_unet.images.classes import class_mask
from napari_unet.images.lazy import PlaneView
from napari_unet.images.ome_zarr import OmeZarr
from napari_unet.images.stores import create_store, is_store, remove_store, reopen_store
from napari_unet.inference.ledger import Ledger
from napari_unet.models.model import Model
from napari_unet.schema.arrays import ArrayLike
from napari_unet.schema.events import TileDone
from napari_unet.schema.settings import PredictSettings


class Source(NamedTuple):
    """An image that is read part by part."""

    path: Path
    """Where it is stored."""
    image: ArrayLike
    axes: str
    channel: int | None
    """The only one that the model sees; None is all."""
    ome: OmeZarr | None = None
    """What it says of itself, if it is an OME-Zarr."""

    @property
    def stack(self) -> tuple[int, ...]:
        """How many planes there are along each axis of the stack; () is a single plane."""
        return self.shape[:-2]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its mask."""
        return spatial_shape(self.image.shape, self.axes)

    def planes(self) -> list[PlaneView]:
        """Its planes, none of which is read yet."""
        count = plane_count(self.image.shape, self.axes)
        return [PlaneView(self.image, self.axes, index, self.channel) for index in range(count)]


class Targets(NamedTuple):
    """Where results are written."""

    masks: Path
    probabilities: Path
    ledger: Path
    """Here is written down what is finished, until all is."""


class Tiles:
    """Writes tiles of probabilities, of classes or both, and notes which are written."""

    def __init__(
        self,
        model: Model,
        source: Source,
        targets: Targets,
        settings: PredictSettings,
        *,
        masks: bool,
        keep: bool,
    ) -> None:
        self._source, self._targets = source, targets
        self._model = model
        self._wanted = [targets.masks] * masks + [targets.probabilities] * keep
        self.ledger = Ledger(targets.ledger, _run(model, source, settings, self._wanted))
        if not all(is_store(path) for path in self._wanted):
            self.ledger.begin_anew()
        self._arrays = {}
        if self.ledger.finished:
            self._arrays = {path: reopen_store(path) for path in self._wanted}

    def probabilities(self) -> Any:
        """All that was written."""
        return self._arrays[self._targets.probabilities]

    def write(self, tile: TileDone) -> None:
        """Write one tile; it counts as finished from then on."""
        y0, x0, y1, x1 = tile.box
        if not self._arrays:
            self._arrays = {path: self._make(path, (y1 - y0, x1 - x0)) for path in self._wanted}
        at = place(tile.plane, self._source.stack)
        inside = slice(y0, y1), slice(x0, x1)
        classes: list[int] = []
        if self._targets.probabilities in self._arrays:
            whole = self._arrays[self._targets.probabilities]
            whole[(*at, slice(None), *inside)] = tile.probabilities
        if self._targets.masks in self._arrays:
            mask = class_mask(tile.probabilities)
            self._arrays[self._targets.masks][(*at, *inside)] = mask
            classes = np.unique(mask).tolist()
        self.ledger.note(tile.plane, tile.box, float(tile.probabilities.max()), classes)

    def _make(self, path: Path, tile: tuple[int, int]) -> Any:
        """An array whose chunks are tiles, so that none is written twice."""
        source, n = self._source, self._model.card.network_settings.classes
        stack, axes = source.stack, source.axes.replace("C", "")
        if path == self._targets.masks:
            return _new_masks(path, source, np.uint8, tile)
        shape, chunks = (*stack, n, *source.shape[-2:]), (*[1] * len(stack), 1, *tile)
        axes = f"{axes[:-2]}C{axes[-2:]}"
        return create_store(path, shape, np.float32, chunks, axes, {"model": self._model.card.id})


def _run(
    model: Model, source: Source, settings: PredictSettings, wanted: list[Path]
) -> dict[str, Any]:
    """All that the tiles on the disk depend on."""
    return {
        "model": model.card.id,
        "input": model.card.input.model_dump(mode="json"),
        "image": str(source.path.resolve()),
        "changed": source.path.stat().st_mtime_ns,
        "shape": source.image.shape,
        "dtype": str(source.image.dtype),
        "axes": source.axes,
        "channel": source.channel,
        "head": settings.head,
        "rotations": settings.rotations,
        "results": [path.name for path in wanted],
    }


class Masks:
    """Labels of all planes, which get wider if those of one plane do not fit."""

    def __init__(self, path: Path, source: Source, chunk: tuple[int, int]) -> None:
        self._path, self._source, self._chunk = path, source, chunk
        self._array: Any = None

    def create(self, at: tuple[int, ...], dtype: Any) -> At:
        """Make room for the labels of a plane."""
        if self._array is None:
            self._array = _new_masks(self._path, self._source, dtype, self._chunk)
        elif np.dtype(dtype).itemsize > self._array.dtype.itemsize:
            self._widen(dtype)
        return At(self._array, at)

    def _widen(self, dtype: Any) -> None:
        beside = self._path.with_name(f"{self._path.stem}-wide{self._path.suffix}")
        wider = _new_masks(beside, self._source, dtype, self._chunk)
        for box in np.ndindex(*self._array.cdata_shape):
            sides = zip(box, self._array.chunks, strict=True)
            chunk = tuple(slice(i * side, (i + 1) * side) for i, side in sides)
            wider[chunk] = self._array[chunk]
        remove_store(self._path)
        beside.rename(self._path)
        self._array = reopen_store(self._path)


class At:
    """One plane of an array with the axes of a stack before."""

    def __init__(self, array: Any, at: tuple[int, ...]) -> None:
        self._array, self._at = array, at
        self.shape: tuple[int, ...] = tuple(array.shape[len(at) :])

    def __getitem__(self, key: Any) -> Any:
        return self._array[self._whole(key)]

    def __setitem__(self, key: Any, values: Any) -> None:
        self._array[self._whole(key)] = values

    def _whole(self, key: Any) -> tuple[Any, ...]:
        return (*self._at, *(key if isinstance(key, tuple) else (key,)))


def _new_masks(path: Path, source: Source, dtype: Any, chunk: tuple[int, int]) -> Any:
    chunks = (*[1] * len(source.stack), *chunk)
    axes, zarr_format = source.axes.replace("C", ""), source.ome.zarr_format if source.ome else 3
    return create_store(path, source.shape, dtype, chunks, axes, {}, zarr_format)


def place(plane: int, stack: tuple[int, ...]) -> tuple[int, ...]:
    """Where a plane is in a stack."""
    return tuple(int(i) for i in np.unravel_index(plane, stack)) if stack else ()
