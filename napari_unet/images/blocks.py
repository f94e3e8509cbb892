"""The objects of an image that is larger than memory: block by block what `instances` finds.

Nothing is blended at the borders of blocks. First the components of all blocks are joined across
their sides, of which a few numbers are kept for each. Then each component is cut as a whole: those
of one block together, then those that lie in the same blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from napari_unet.images.boxes import grid, slices
from napari_unet.images.classes import is_class
from napari_unet.images.components import Components, Stitcher, label_classes, positions
from napari_unet.images.instances import class_map, numbering
from napari_unet.images.overlaps import counts, firsts
from napari_unet.images.windows import BEYOND_PX, cut_within
from napari_unet.schema.events import Progress
from napari_unet.schema.prediction import Box
from napari_unet.schema.settings import MaskSettings

BLOCK_PX = 2048
HALO_PX = 64
"""Read around a block at first: enough for objects that are 80 pixels wide."""


class Sliced(Protocol):
    """An array that is read by boxes: of numpy, zarr or dask, or a mapped file."""

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102

    def __getitem__(self, at: Any, /) -> Any: ...


class Writable(Sliced, Protocol):
    """A `Sliced` that is written to as well."""

    def __setitem__(self, at: Any, values: Any, /) -> None: ...


Dtype = type[np.uint16] | type[np.uint32]


def instances_in_blocks(
    probabilities: Sliced,
    settings: MaskSettings,
    create: Callable[[Dtype], Writable],
    block_px: int = BLOCK_PX,
) -> Generator[Progress, None, int]:
    """Find the objects of an image that is larger than memory, exactly as `instances` does.

    Parameters
    ----------
    probabilities
        Float, (class, y, x) or (y, x).
    settings
        As of `instances`; of several classes also ``objects_of``, as of `mask_of`.
    create
        Makes the array, (y, x), of this dtype for the numbers, which are written to it, read again
        and written anew. It is asked for uint16 where the numbers fit, else for uint32; if that
        only turns out while objects are split, for uint16 and then once more for uint32.
    block_px
        Side of the blocks; there should be some 100 bytes of memory for each pixel of one.

    Yields
    ------
    Progress
        After each block, and after those objects that lie in the same blocks.

    Returns
    -------
    int
        How many objects there are.

    Notes
    -----
    Without splitting memory is bounded by the block, however large an object is. Before they are
    split, objects that touch are read together with what lies around them, as far as they are
    wide: if they span the image, all of it.
    """
    image = _Image(probabilities, settings)
    boxes = list(grid(image.shape, (block_px, block_px)))
    stitcher = Stitcher(image.shape)
    passes = 3 if settings.split_touching else 2
    for done, box in enumerate(boxes, 1):
        stitcher.add(box, image.classes(box))
        yield Progress(phase="block", done=done, total=passes * len(boxes))
    components = stitcher.finish()
    if settings.split_touching:
        cut = _Cut(image, boxes, block_px, components, settings.min_size_px)
        return (yield from cut.write(create))
    numbers = numbering(components.sizes, components.met, settings.min_size_px)
    out = create(np.uint16 if numbers.dtype == np.uint16 else np.uint32)
    for done, (box, component) in enumerate(zip(boxes, components.of_block, strict=True), 1):
        out[slices(box)] = numbers[component][label_classes(image.classes(box))]
        yield Progress(phase="block", done=len(boxes) + done, total=passes * len(boxes))
    return int(numbers.max())


class _Image:
    """The classes of an image, looked up in its probabilities where they are asked for."""

    def __init__(self, probabilities: Sliced, settings: MaskSettings) -> None:
        self.shape: tuple[int, int] = (probabilities.shape[-2], probabilities.shape[-1])
        self._probabilities = probabilities
        self._settings = settings

    def classes(self, box: Box) -> np.ndarray:
        """uint8, (y, x)."""
        found = np.asarray(self._probabilities[(..., *slices(box))])
        index = self._settings.objects_of
        if index is None or found.ndim == 2 or len(found) == 1:
            return class_map(found, self._settings.threshold)
        return is_class(found, index).astype(np.uint8)


@dataclass(frozen=True)
class _Cut:
    """Components that are cut at their waists; the parts that are large enough are written."""

    image: _Image
    boxes: list[Box]
    block_px: int
    components: Components
    min_size_px: int

    def write(self, create: Callable[[Dtype], Writable]) -> Generator[Progress, None, int]:
        """Number the parts as they are found, and once all are known line by line."""
        for dtype in (np.uint16, np.uint32):
            out = create(dtype)
            met = yield from self._write_parts(out, np.iinfo(dtype).max)
            if len(met) - 1 <= np.iinfo(dtype).max:
                break
        numbers = numbering(np.ones(len(met)), met, 1)
        for done, box in enumerate(self.boxes, 1):
            out[slices(box)] = numbers[np.asarray(out[slices(box)])]
            yield self._progress(2 * len(self.boxes) + done)
        return len(met) - 1

    def _write_parts(self, out: Writable, most: int) -> Generator[Progress, None, np.ndarray]:
        """Number parts as they come, and say where each is met first; the first value is unused.

        It stops where there are more parts than the numbers can count.
        """
        met = [np.zeros(1, np.int64)]
        n = 0
        for done, (box, parts, before) in enumerate(self._parts(out), 1):
            sizes = counts(parts)
            where = firsts(parts, len(sizes) - 1)
            numbers = numbering(sizes, where, self.min_size_px).astype(np.int64)
            met.append(positions(np.sort(where[numbers > 0]), box, self.image.shape[1]))
            n += len(met[-1])
            if n > most:
                break
            numbers[numbers > 0] += n - len(met[-1])
            out[slices(box)] = np.where(parts > 0, numbers[parts], before)
            yield self._progress(len(self.boxes) + min(done, len(self.boxes)))
        return np.concatenate(met)

    def _parts(self, out: Writable) -> Iterator[tuple[Box, np.ndarray, np.ndarray | int]]:
        """Boxes, the parts of objects in them, and what was written there before."""
        image, components = self.image, self.components
        large = components.sizes >= self.min_size_px
        for box, component in zip(self.boxes, components.of_block, strict=True):
            wanted = np.where((large & components.in_one)[component], np.arange(len(component)), 0)
            choose = partial(_chosen, wanted)
            yield box, cut_within(image.classes, image.shape, box, choose, HALO_PX), 0
        for group in self._groups(np.flatnonzero(large & ~components.in_one)):
            y0, x0, y1, x1 = box = _hull(components.boxes[group])
            y, x = np.divmod(components.met[group], image.shape[1])
            choose = partial(_components_at, y - y0, x - x0)
            halo = min(HALO_PX, min(y1 - y0, x1 - x0) // 2 + 1 + BEYOND_PX)
            parts = cut_within(image.classes, image.shape, box, choose, halo)
            yield box, parts, np.asarray(out[slices(box)])

    def _groups(self, crossing: np.ndarray) -> Iterator[np.ndarray]:
        """Components that lie in the same blocks; one by one where they fill more than a block.

        Together, because each small part of a compressed file costs as much as a whole chunk.
        """
        lies_in = (self.components.boxes[crossing] - [0, 0, 1, 1]) // self.block_px
        order = np.lexsort(lies_in.T)
        begins = np.flatnonzero(np.diff(lies_in[order], axis=0).any(axis=1)) + 1
        for group in np.split(crossing[order], begins) if len(crossing) else ():
            y0, x0, y1, x1 = _hull(self.components.boxes[group])
            fits = (y1 - y0) * (x1 - x0) <= self.block_px**2
            yield from [group] if fits else np.split(group, len(group))

    def _progress(self, done: int) -> Progress:
        return Progress(phase="block", done=done, total=3 * len(self.boxes))


def _chosen(wanted: np.ndarray, classes: np.ndarray) -> np.ndarray:
    return np.asarray(wanted[label_classes(classes)])


def _components_at(y: np.ndarray, x: np.ndarray, classes: np.ndarray) -> np.ndarray:
    labels = label_classes(classes)
    wanted = np.zeros_like(labels, shape=int(labels.max()) + 1)
    wanted[labels[y, x]] = labels[y, x]
    return np.asarray(wanted[labels])


def _hull(boxes: np.ndarray) -> Box:
    """The smallest box around boxes."""
    (y0, x0), (y1, x1) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
    return y0, x0, y1, x1
