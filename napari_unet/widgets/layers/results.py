"""The layers that show the work on one image: probability, masks, and what is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image

from napari_unet.session.edits import PlaneIndex
from napari_unet.session.runs import Runs
from napari_unet.session.specimen import Part, Specimen
from napari_unet.widgets.layers.classes import OBJECTS, show_classes
from napari_unet.widgets.layers.masks import Labels
from napari_unet.widgets.layers.overlay import Overlay
from napari_unet.widgets.layers.slots import Slots

_FEW_PX = 100_000
"""So many pixels are drawn one by one; of more, the whole plane is drawn anew."""


class Results:
    """Writes the layers that belong to one image, and reads the masks back.

    The mask itself belongs to the specimen: a layer that the user deletes takes nothing with it,
    and is made anew when there is something to show.

    Parameters
    ----------
    viewer
        Where the layers are.
    image
        The layer that is segmented.
    specimen
        What is known of it.
    """

    def __init__(self, viewer: ViewerModel, image: Image, specimen: Specimen) -> None:
        self.slots = Slots(viewer, image, specimen.axes, specimen.shape)
        self.slots.follow()
        self.overlay = Overlay(self.slots, specimen.history.states)
        self.on_masks: Callable[[Labels], None] = lambda masks: None
        """Called with each new layer of masks."""
        self.writing = False
        """Whether what the layer of masks says of itself is our own doing."""
        self.specimen = specimen
        self.class_names: tuple[str, ...] = ()
        """What its classes are called; without names they are numbered."""

    @property
    def image(self) -> Image | None:
        """The image, if it is still in the viewer."""
        return self.slots.image

    @property
    def masks(self) -> Labels | None:
        """The layer of masks, if it is still in the viewer."""
        masks: Labels | None = self.slots.find("masks")
        return masks

    def labels(self, plane: PlaneIndex) -> np.ndarray:
        """The mask of a plane as it is now, (y, x)."""
        return np.asarray(self.specimen.labels[plane])

    # the probabilities

    def show_tile(self, fresh: bool) -> None:
        """Show the probabilities that have come."""
        layer = self.slots.find("probability")
        written, self.specimen.written = self.specimen.written, []
        if layer is None:
            self._add_probability()
        elif fresh:
            layer.data = self._object_probability()
        else:
            self._sum_classes(layer.data, written)
            layer.refresh(extent=False, thumbnail=False)

    # the masks

    @property
    def is_drawing(self) -> bool:
        """Whether a stroke is being drawn in them."""
        return self.masks is not None and self.masks.is_drawing

    @property
    def names(self) -> tuple[str, ...]:
        """What the classes of the mask are called; none of a mask of objects."""
        classes = self.specimen.classes
        if classes == 1 or len(self.class_names) == classes:
            return self.class_names if classes > 1 else ()
        return tuple(f"class {index}" for index in range(classes))

    def show_kind(self) -> None:
        """Let the layer of masks say whether it holds objects or classes, and which."""
        if self.masks is not None:
            show_classes(self.masks, self.slots.name, self.names)

    def show_masks(self) -> Labels:
        """The layer of masks, which is made if there is none."""
        return self.masks or self._add_masks()

    def write(self, runs: Runs) -> None:
        """Change pixels of the masks."""
        if not len(runs):
            return
        self.make_room(int(runs.after.max()))
        masks, labels = self.masks, self.specimen.labels
        self.writing = True
        try:
            if masks is not None and runs.size <= _FEW_PX:
                where = np.unravel_index(runs.pixels, masks.data.shape)
                masks.data_setitem(where, runs.values.astype(labels.dtype))
            elif isinstance(labels, np.ndarray):
                runs.write(labels)
            else:
                _write_stored(labels, runs)
            if masks is not None and runs.size > _FEW_PX:
                masks.refresh(extent=False, thumbnail=False)
        finally:
            self.writing = False

    def put(self, plane: PlaneIndex, labels: np.ndarray) -> None:
        """Replace the mask of a plane; of a single plane the array itself is taken over."""
        self.make_room(int(labels.max(initial=0)))
        labels = labels.astype(self.specimen.labels.dtype, copy=False)
        masks = self.show_masks()
        if isinstance(self.specimen.labels, np.ndarray) and not plane:
            self._take(labels)
        else:
            self.specimen.labels[plane] = labels
            masks.refresh(extent=False)

    def make_room(self, id_: int) -> None:
        """Let the masks hold ids up to this one; above 65,535 they need twice the memory."""
        if id_ > np.iinfo(self.specimen.labels.dtype).max:
            self._take(np.asarray(self.specimen.labels).astype(np.uint32))

    def put_back(self) -> None:
        """Show our mask again, where somebody has given the layer other data."""
        self._take(self.specimen.labels)

    def _take(self, labels: np.ndarray) -> None:
        self.specimen.labels = labels
        if self.masks is not None:
            self.writing = True
            try:
                self.masks.data = self._shown(labels)
            finally:
                self.writing = False

    # the layers

    def _add_probability(self) -> None:
        layer = Image(
            self._object_probability(),
            name=f"{self.slots.name} probability",
            colormap="magma",
            blending="additive",
            opacity=0.5,
            contrast_limits=(0, 1),
            **self.slots.placement,
        )
        self.slots.add("probability", layer)

    def _add_masks(self) -> Labels:
        data, name = self._shown(self.specimen.labels), f"{self.slots.name} {OBJECTS}"
        layer = Labels(data, name=name, opacity=0.6, **self.slots.placement)
        if probability := self.slots.find("probability"):
            probability.visible = False
        self.slots.add("masks", layer)
        self.show_kind()
        self.on_masks(layer)
        return layer

    def _shown(self, labels: np.ndarray) -> np.ndarray:
        """The mask as the layer holds it; one that is stored on a disk stays there."""
        shape = self.slots.frame.shape
        return labels if tuple(labels.shape) == shape else labels.reshape(shape)

    def _object_probability(self) -> np.ndarray:
        """What the layer shows: the probability of object, a view where there is one class."""
        probabilities, shape = self.specimen.probabilities, self.slots.frame.shape
        if probabilities is not None and len(probabilities) == 1:
            single: np.ndarray = probabilities[0].reshape(shape)
            return single
        shown = np.zeros(shape, np.float32)
        self._sum_classes(shown, self.specimen.seen.items())
        return shown

    def _sum_classes(self, shown: np.ndarray, parts: Iterable[Part]) -> None:
        """With several classes the layer does not share its array with the specimen."""
        probabilities = self.specimen.probabilities
        if probabilities is None or len(probabilities) == 1:
            return
        for plane, (y0, x0, y1, x1) in parts:
            of_plane: tuple[int | slice, ...] = (slice(1, None), *plane)
            classes = probabilities[of_plane][:, y0:y1, x0:x1]
            shown[self.slots.frame.plane(plane)][y0:y1, x0:x1] = classes.sum(axis=0)


def _write_stored(labels: np.ndarray, runs: Runs) -> None:
    """The same for an array on disk, which is read and written a box at a time."""
    box = runs.box(labels.shape)
    part = np.asarray(labels[box])
    places = np.unravel_index(runs.pixels, labels.shape)
    part[tuple(at - s.start for at, s in zip(places, box, strict=True))] = runs.values
    labels[box] = part
