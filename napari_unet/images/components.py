"""Connected components of an image that is only ever seen block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_unet.images.overlaps import counts, firsts
from napari_unet.schema.prediction import Box


@dataclass(frozen=True)
class Components:
    """What is known of all components of an image; the first value of each is the background's."""

    sizes: np.ndarray
    """int64, pixels."""
    met: np.ndarray
    """int64, where each comes first, counted in pixels of the whole image line by line."""
    boxes: np.ndarray
    """int64, (component, 4): y and x where it begins, y and x where it ends."""
    in_one: np.ndarray
    """bool, whether a single block holds it."""
    of_block: list[np.ndarray]
    """For each block: which component each number of `label_classes` there belongs to."""


def label_classes(classes: np.ndarray) -> np.ndarray:
    """Number the components of each class above 0; pixels of two classes are never joined.

    Parameters
    ----------
    classes
        uint8, (y, x).

    Returns
    -------
    np.ndarray
        int32, (y, x), 1 to n; the same classes get the same numbers at each call.
    """
    labels, n = ndimage.label(classes == 1)
    for index in range(2, int(classes.max(initial=0)) + 1):
        of_class, more = ndimage.label(classes == index)
        labels += np.where(of_class, of_class + n, 0)
        n += more
    return np.asarray(labels)


class Stitcher:
    """Joins components across the sides that the blocks of a grid have in common.

    It remembers one line of the image, and six numbers for each part of a component.

    Parameters
    ----------
    shape
        Height and width of the whole image.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._width = shape[1]
        self._above = np.zeros((2, shape[1]), np.int64)
        self._left = np.zeros((2, 0), np.int64)
        self._parts: list[np.ndarray] = []
        self._pairs = [np.zeros((2, 0), np.int64)]
        self._n = 0

    def add(self, box: Box, classes: np.ndarray) -> None:
        """Take in the next block, line by line of the grid: its box and its classes, uint8."""
        labels = label_classes(classes)

        def side(at: tuple[int | slice, ...]) -> np.ndarray:
            """The part that each pixel of a side belongs to, counted over all blocks; its class."""
            return np.stack([labels[at].astype(np.int64) + self._n, classes[at]])

        if box[0] > 0:
            self._join(self._above[:, box[1] : box[3]], side(np.s_[0, :]))
        if box[1] > 0:
            self._join(self._left, side(np.s_[:, 0]))
        self._above[:, box[1] : box[3]], self._left = side(np.s_[-1, :]), side(np.s_[:, -1])
        self._parts.append(_measure(labels, box, self._width))
        self._n += len(self._parts[-1])

    def _join(self, one: np.ndarray, other: np.ndarray) -> None:
        touch = (one[1] == other[1]) & (one[1] > 0)
        self._pairs.append(np.unique(np.stack([one[0], other[0]])[:, touch], axis=1))

    def finish(self) -> Components:
        """Say what the components of the whole image are, once all blocks are taken in."""
        pairs = np.concatenate(self._pairs, axis=1)
        # Part 0 is the background, which touches none, and so is the first that is numbered.
        graph = coo_array((np.ones(pairs.shape[1]), tuple(pairs)), shape=(self._n + 1,) * 2)
        n, component = connected_components(graph, directed=False)
        sizes, met = np.zeros(n, np.int64), np.full(n, np.iinfo(np.int64).max)
        begin, end = np.full((n, 2), np.iinfo(np.int64).max), np.zeros((n, 2), np.int64)
        table = np.concatenate([np.zeros((0, 6), np.int64), *self._parts])
        parts = component[1:]
        np.add.at(sizes, parts, table[:, 0])
        np.minimum.at(met, parts, table[:, 1])
        np.minimum.at(begin, parts, table[:, 2:4])
        np.maximum.at(end, parts, table[:, 4:])
        ends = np.cumsum([len(part) for part in self._parts], dtype=np.int64)
        return Components(
            sizes=sizes,
            met=met,
            boxes=np.concatenate([begin, end], axis=1),
            in_one=np.bincount(component) == 1,
            of_block=[np.concatenate([[0], numbers]) for numbers in np.split(parts, ends)[:-1]],
        )


def positions(flat: np.ndarray, box: Box, width: int) -> np.ndarray:
    """Where pixels of a box, counted line by line, come in the whole image; int64."""
    y, x = np.divmod(flat, box[3] - box[1])
    return np.asarray((y + box[0]) * width + x + box[1])


def _measure(labels: np.ndarray, box: Box, width: int) -> np.ndarray:
    """Size, first pixel, begin and end in the whole image of each part, (part, 6)."""
    sizes = counts(labels)[1:]
    met = positions(firsts(labels, len(sizes))[1:], box, width)
    bounds = [
        (y.start + box[0], x.start + box[1], y.stop + box[0], x.stop + box[1])
        for y, x in ndimage.find_objects(labels)
    ]
    return np.column_stack([sizes, met, np.reshape(bounds, (-1, 4)).astype(np.int64)])
