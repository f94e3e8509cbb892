"""A simulated person who looks at one stop after the other and repairs what is wrong there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from benchmarks.data import Annotated
from napari_unet.images.boxes import bounding_box
from napari_unet.images.instances import instances
from napari_unet.images.metrics import Counts, object_counts
from napari_unet.images.overlaps import overlaps
from napari_unet.images.uncertainty import Doubts, doubts
from napari_unet.inference.predict import predict
from napari_unet.models.model import Model
from napari_unet.schema.correction import Correction
from napari_unet.schema.prediction import Box
from napari_unet.schema.settings import PredictSettings
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.history import History
from napari_unet.session.places import Places, Seen
from napari_unet.session.queue import Queue
from napari_unet.session.runs import Runs
from napari_unet.session.stops import Answer, Stop
from napari_unet.session.verdicts import painted, said

Order = Literal["queue", "random", "raster"]
ORDERS: tuple[Order, ...] = ("queue", "random", "raster")
AROUND_PX = 6


class Look(NamedTuple):
    """What a mask is like after a number of looks."""

    looks: int
    corrected: int
    """Objects that were painted, and false ones that were deleted."""
    f1: float


class Desk:
    """The images that the person goes through, as the planes of one stack.

    Parameters
    ----------
    images
        With their truth.
    model
        Made the first mask.
    """

    def __init__(self, images: Sequence[Annotated], model: Model) -> None:
        self.images = images
        self.shapes = [image.labels.shape for image in images]
        height, width = np.max(self.shapes, axis=0).tolist()
        self.labels = np.zeros((len(images), height, width), np.uint16)
        self.truth = np.zeros((len(images), height, width), np.uint16)
        self.tables: dict[PlaneIndex, Doubts] = {}
        for n, (image, (h, w)) in enumerate(zip(images, self.shapes, strict=True)):
            found = predict(image.image, model, PredictSettings(device="cpu")).probabilities
            labels = instances(found, model.card.mask)
            self.labels[n, :h, :w], self.truth[n, :h, :w] = labels, image.labels
            self.tables[(n,)] = doubts(labels, found, model.card.mask.threshold)

    def person(self, seed: int) -> Person:
        """Somebody who starts with the mask as the model made it."""
        return Person(self, seed)


class Person:
    """Somebody who knows the truth of the objects that they look at.

    Parameters
    ----------
    desk
        The images and their first mask.
    seed
        Of all random choices.
    """

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk, self.seed = desk, seed
        self.labels = desk.labels.copy()
        self.history = History(self.labels.shape)
        self.history.highest = int(self.labels.max())
        self.corrected = 0
        self._counts = [self._count(n) for n in range(len(self.labels))]

    def look(self, order: Order) -> Iterator[Look]:
        """Go through all stops; gives what the mask is like before and after each."""
        yield Look(0, 0, self.f1)
        stops = self._by_queue() if order == "queue" else self._by_place(order)
        for number, _ in enumerate(stops, start=1):
            yield Look(number, self.corrected, self.f1)

    def _by_queue(self) -> Iterator[Answer]:
        queue = Queue(self.history, lambda p: self.labels[p], self.desk.tables, self.seed)
        while stop := queue.next():
            answer = self.visit(stop)
            queue.answer(answer)
            yield answer

    def _by_place(self, order: Order) -> Iterator[Answer]:
        """Objects as they lie, line by line and image by image, or shuffled."""
        places = Places(self.desk.tables)
        objects = np.flatnonzero(places.ids > 0)
        if order == "random":
            objects = np.random.default_rng(self.seed).permutation(objects)
        for place in objects.tolist():
            plane = places.plane(place)
            if places.seen(place, self.labels[plane], self.history.states[plane]) is Seen.NEVER:
                yield self.visit(places.stop(place, audit=False))

    def visit(self, stop: Stop) -> Answer:
        """Repair what is wrong at a stop, and vouch for it."""
        plane = stop.plane
        labels, truth = self.labels[plane], self.desk.truth[plane]
        wrong = self._wrong(stop, labels, truth)
        core = self._core(stop, labels)
        if wrong is not None:
            core |= self._repair(plane, stop.id, wrong)
        box = _box(core)
        inside = core[box[0] : box[2], box[1] : box[3]]
        self.history.do(said(self.history, plane, inside, (box[0], box[1]), audit=stop.audit))
        return "right" if wrong is None else "fixed"

    @staticmethod
    def _core(stop: Stop, labels: np.ndarray) -> np.ndarray:
        y0, x0, y1, x1 = stop.box
        core = np.zeros(labels.shape, bool)
        core[y0:y1, x0:x1] = labels[y0:y1, x0:x1] == stop.id
        return core

    @staticmethod
    def _wrong(stop: Stop, labels: np.ndarray, truth: np.ndarray) -> list[int] | None:
        """The true objects that belong here; None if what is here is right."""
        pairs = overlaps(labels, truth)
        sizes = np.bincount(truth.ravel())
        if stop.id == 0:
            y0, x0, y1, x1 = stop.box
            ids, pixels = np.unique(truth[y0:y1, x0:x1], return_counts=True)
            found = set(pairs.second[pairs.iou > 0.5].tolist())
            here = pixels > sizes[ids] / 2
            missed = [i for i in ids[here].tolist() if i and i not in found]
            return missed or None
        mine = pairs.first == stop.id
        if (pairs.iou[mine] > 0.5).any():
            return None
        area = np.count_nonzero(labels == stop.id)
        shared, ids = pairs.pixels[mine], pairs.second[mine]
        belong = (shared > sizes[ids] / 2) | (shared > area / 2)
        return [int(i) for i in ids[belong]]

    def _repair(self, plane: PlaneIndex, id_: int, truths: list[int]) -> np.ndarray:
        """Delete the object, paint the true ones; what lies mostly beneath them goes."""
        labels, truth = self.labels[plane], self.desk.truth[plane]
        after = labels.copy()
        if id_:
            after[after == id_] = 0
        for true in truths:
            pixels = truth == true
            ids, counts = np.unique(after[pixels], return_counts=True)
            areas = np.bincount(after.ravel())[ids]
            after[np.isin(after, ids[(counts > areas / 2) & (ids > 0)])] = 0
            self.history.highest += 1
            after[pixels] = self.history.highest
        changed = after != labels
        height, width = labels.shape
        runs = Runs.of_box(self.labels.shape, plane, (0, 0, height, width), labels, after)
        self.history.do(painted(self.history, "edit", runs))
        runs.write(self.labels)
        self.corrected += max(1, len(truths))
        self._counts[plane[0]] = self._count(plane[0])
        touched: np.ndarray = changed | np.isin(truth, truths)
        return touched

    def _count(self, n: int) -> Counts:
        return object_counts(self.labels[n], self.desk.truth[n])

    @property
    def f1(self) -> float:
        """Of all objects together."""
        return Counts(*(sum(column) for column in zip(*self._counts, strict=True))).f1

    def corrections(self) -> list[Correction]:
        """What a model may learn from."""
        found = []
        for (n,), known in self.history.known():
            h, w = self.desk.shapes[n]
            image = self.desk.images[n]
            found.append(
                Correction(
                    image_id=image.id,
                    image=image.image,
                    labels=self.labels[n, :h, :w].copy(),
                    known=known[:h, :w],
                )
            )
        return found


def _box(mask: np.ndarray) -> Box:
    y0, x0, y1, x1 = bounding_box(mask)
    ring = AROUND_PX
    return (
        max(0, y0 - ring),
        max(0, x0 - ring),
        min(mask.shape[0], y1 + ring),
        min(mask.shape[1], x1 + ring),
    )
