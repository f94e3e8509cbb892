"""One image at work: what the model saw in it, its mask, and what a person said about that."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from napari_unet.schema.arrays import ArrayLike
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import TileDone
from napari_unet.schema.prediction import Box
from napari_unet.schema.settings import MaskSettings
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.history import History
from napari_unet.session.journal import Identity
from napari_unet.session.last_run import LastRun

Part = tuple[PlaneIndex, Box]
"""A box of a plane."""
_HOLD_OBJECTS = frozenset({"right", "import", "start"})
"""Edits that confirm without a region: they may hold objects."""


class Specimen:
    """One image at work: its probabilities so far, its mask, and the history of that.

    Parameters
    ----------
    image_id
        What binds the edits to the image, in this session and the next.
    axes
        How its axes are read, for example "ZCYX".
    shape
        Its axes without the channels: (..., y, x).
    """

    def __init__(self, image_id: str, axes: str, shape: tuple[int, ...]) -> None:
        self.image_id = image_id
        self.axes = axes
        self.shape = shape
        self.history = History(shape)
        self.labels: np.ndarray = np.zeros(shape, np.uint16)
        """The mask, (..., y, x): the very array that is painted in."""
        self.probabilities: np.ndarray | None = None
        """float32, (class, ..., y, x); 0 where nothing was predicted yet."""
        self.predicted: np.ndarray = np.zeros(shape, bool)
        """Where something was, (..., y, x)."""
        self.written: list[Part] = []
        """Which of them have come since somebody has shown them."""
        self.found: dict[PlaneIndex, int] = {}
        """Objects, or classes, that the model sees in each plane, before any correction."""
        self.mask = MaskSettings()
        """How the mask was made last from the probabilities."""
        self.last_run: LastRun | None = None
        """How those came about; None as long as there are none."""
        self._seen: dict[PlaneIndex, Box] = {}

    @property
    def classes(self) -> int:
        """What the mask holds: 1 is objects, more are so many classes."""
        return self.history.classes

    def write(self, plane: PlaneIndex, tile: TileDone) -> bool:
        """Take over a tile that is done.

        Returns
        -------
        Whether the array of probabilities is a new one: it is the first tile, or another model
        gives another number of classes.
        """
        classes = len(tile.probabilities)
        fresh = self.probabilities is None or len(self.probabilities) != classes
        if self.probabilities is None or fresh:
            self.probabilities = np.zeros((classes, *self.shape), np.float32)
            self.predicted = np.zeros(self.shape, bool)
            self._seen.clear()
            self.written.clear()
        self.probabilities[_of(plane, tile.box)] = tile.probabilities
        self.predicted[_of(plane, tile.box)[1:]] = True
        self.written.append((plane, tile.box))
        self._seen[plane] = _around(self._seen.get(plane, tile.box), tile.box)
        return fresh

    def corrections(self, image_of: Callable[[PlaneIndex], ArrayLike]) -> Iterator[Correction]:
        """What can be learned from: every plane with confirmed pixels.

        Parameters
        ----------
        image_of
            Gives a plane of the image as a network sees it.
        """
        for plane, known in self.history.known():
            yield self.correction(plane, known, image_of(plane))

    def correction(self, plane: PlaneIndex, known: np.ndarray, image: ArrayLike) -> Correction:
        """What can be learned from one plane, of which so much is known."""
        return Correction(
            image_id=":".join([self.image_id, *map(str, plane)]),
            image=image,
            labels=np.array(self.labels[plane]),
            known=known,
            classes=self.history.classes,
        )

    @property
    def confirms_objects(self) -> bool:
        """Whether more than background is confirmed; what came from elsewhere is not searched."""
        history = self.history
        if any(edit.kind in _HOLD_OBJECTS for edit in history.done):
            return True
        boxes = (_of(plane, box)[1:] for plane, box in history.regions)
        # row by row: of a large region most are not looked at
        return any(row.any() for box in boxes for row in self.labels[box])

    def adopt(self, other: Specimen) -> None:
        """Take over the probabilities of another specimen of the same image."""
        self.probabilities, self.found = other.probabilities, other.found
        self.predicted, self._seen = other.predicted, other._seen
        self.mask, self.last_run = other.mask, other.last_run

    @classmethod
    def of(cls, identity: Identity) -> Specimen:
        """A specimen with nothing known of it yet."""
        return cls(identity.content, identity.axes, identity.shape)

    @property
    def seen(self) -> dict[PlaneIndex, Box]:
        """The planes that have been predicted, and the box around all that was."""
        return dict(self._seen)

    def crop(self, plane: PlaneIndex) -> np.ndarray:
        """What was predicted of a plane: float32 (class, y, x) of the box in `seen`.

        Raises
        ------
        KeyError
            If nothing of the plane was predicted.
        """
        if self.probabilities is None:
            raise KeyError(plane)
        view: np.ndarray = self.probabilities[_of(plane, self._seen[plane])]
        return view


def _of(plane: PlaneIndex, box: Box) -> tuple[int | slice, ...]:
    """Index of a box of a plane, in an array with the classes first."""
    return slice(None), *plane, slice(box[0], box[2]), slice(box[1], box[3])


def _around(first: Box, second: Box) -> Box:
    y0, x0 = min(first[0], second[0]), min(first[1], second[1])
    return y0, x0, max(first[2], second[2]), max(first[3], second[3])
