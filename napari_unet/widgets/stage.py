"""Which image is under the microscope, how it is read, and the work done on each so far."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import NamedTuple, cast
from weakref import WeakKeyDictionary, proxy, ref

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from napari_unet.schema.correction import Correction
from napari_unet.schema.prediction import Box
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.history import Tally
from napari_unet.session.journal import Found
from napari_unet.session.specimen import Specimen
from napari_unet.widgets import layers
from napari_unet.widgets.corrector import Corrector
from napari_unet.widgets.keeper import Keeper
from napari_unet.widgets.layers import Reading, Results
from napari_unet.widgets.reviewer import Reviewer
from napari_unet.widgets.runner import guarded


class Work(NamedTuple):
    """What is done on one image."""

    results: Results
    corrector: Corrector
    reviewer: Reviewer
    reading: Reading

    def drop(self) -> None:
        """Do nothing of what still waits."""
        self.reviewer.end()
        self.corrector.drop()


class Stage(QObject):
    """The chosen image of a viewer, how it is read, and the work on every image so far.

    Parameters
    ----------
    viewer
        Held weakly.
    """

    changed = Signal()
    """Which images there are, which is chosen, how it is read, what was corrected."""

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.viewer = cast(ViewerModel, proxy(viewer))
        self._image: ref[Image] | None = None
        self._readings: WeakKeyDictionary[Image, Reading] = WeakKeyDictionary()
        self._works: WeakKeyDictionary[Image, Work] = WeakKeyDictionary()
        self.keeper = Keeper(self)
        self.keeper.changed.connect(self.changed)
        for image in self.images:
            image.events.name.connect(self._on_layers_changed)
        viewer.layers.events.inserted.connect(self._on_layer_inserted)
        viewer.layers.events.removed.connect(self._on_layer_removed)
        viewer.dims.events.ndisplay.connect(self._on_layers_changed)
        self._settle()

    # the image

    @property
    def images(self) -> list[Image]:
        """The images that can be segmented."""
        return layers.user_images(self.viewer)

    @property
    def image(self) -> Image | None:
        """The chosen image; None if there is no image at all."""
        return self._image() if self._image is not None else None

    def choose(self, image: Image) -> None:
        """Put another image under the microscope."""
        if image is not self.image:
            if self.work is not None:
                self.work.reviewer.end()
                self.work.corrector.toolbox.put_down()
            self._image = ref(image)
            self._look()
            self.changed.emit()

    # how it is read

    @property
    def reading(self) -> Reading:
        """How the chosen image is read.

        Raises
        ------
        ValueError
            If there is no image, or it has too many axes.
        """
        image = self._present()
        if image not in self._readings:
            self._readings[image] = layers.propose(image)
        return self._readings[image]

    def read_as(self, axes: str) -> None:
        """Read the axes of the chosen image in another way; work done on it starts anew."""
        image = self._present()
        if axes != self.reading.axes:
            self._put(layers.read_as(image, axes))

    def choose_channel(self, channel: int | None) -> None:
        """Segment another channel of the chosen image; None is all together."""
        self._put(Reading(self.reading.axes, channel))

    def _put(self, reading: Reading) -> None:
        image = self._present()
        self._readings[image] = reading
        work = self._works.get(image)
        if work is not None and work.reading.axes != reading.axes:
            self.leave(image)
        elif work is not None:
            self._works[image] = work._replace(reading=reading)
        self._look()
        self.changed.emit()

    # the work

    @property
    def work(self) -> Work | None:
        """What was done on the chosen image; None if nothing was yet."""
        image = self.image
        return self._works.get(image) if image is not None else None

    @property
    def works(self) -> list[Work]:
        """What was done on each image that is still open."""
        return [work for work in self._works.values() if work.results.image is not None]

    def begin(self) -> Work:
        """The work on the chosen image, which begins now if it has not yet."""
        image, reading = self._present(), self.reading
        if image not in self._works:
            self._put_work(image, reading, self.keeper.keep(image, reading.axes))
        return self._works[image]

    def restore(self) -> None:
        """Go on with what was done on the chosen image in an earlier session."""
        image, reading = self._present(), self.reading
        if self.offer is not None:
            self.keeper.restore(image, partial(self._go_on, image, reading))

    @property
    def path(self) -> str:
        """The file of the chosen image; empty if nobody knows."""
        return layers.origin_of(self._present()).path

    @property
    def offer(self) -> Found | None:
        """What was done on the chosen image in an earlier session; None once it is corrected."""
        work, image = self.work, self.image
        begun = work is not None and any(work.results.specimen.history.tally)
        return None if begun or image is None else self.keeper.offer(image)

    def leave(self, image: Image) -> None:
        """Bring to the disk what was done on an image, and let go of the work on it.

        Raises
        ------
        OSError
            If it could not be saved; nothing is let go of then.
        """
        self.keeper.release(image)
        work = self._works.pop(image, None)
        if work is not None:
            work.drop()
            work.results.slots.remove()
        self.changed.emit()

    def _go_on(self, image: Image, reading: Reading, specimen: Specimen) -> None:
        former = self._works.pop(image, None)
        if former is not None:
            former.drop()
            former.results.slots.remove()
            specimen.adopt(former.results.specimen)
        work = self._put_work(image, reading, specimen)
        work.results.show_masks()
        work.results.overlay.show_all()
        self.changed.emit()

    def _put_work(self, image: Image, reading: Reading, specimen: Specimen) -> Work:
        results = Results(self.viewer, image, specimen)
        corrector = Corrector(self.viewer, results, self)
        corrector.changed.connect(self.changed)
        reviewer = Reviewer(self.viewer, results, corrector, self)
        reviewer.changed.connect(self.changed)
        self._works[image] = Work(results, corrector, reviewer, reading)
        return self._works[image]

    def work_on(self, specimen: Specimen) -> Work | None:
        """The work on a specimen, if its image is still open."""
        return next((w for w in self.works if w.results.specimen is specimen), None)

    @property
    def plane(self) -> PlaneIndex:
        """The plane of the chosen image that the viewer shows."""
        return layers.current_plane(self.viewer, self._present(), self.reading.axes)

    @property
    def box_in_view(self) -> Box | None:
        """The pixels of the chosen image on the screen; None if that is the whole plane."""
        return layers.box_in_view(self.viewer, self._present(), self.reading.axes)

    # what was corrected

    @property
    def tally(self) -> Tally:
        """What was corrected and confirmed on all images."""
        tallies = [work.results.specimen.history.tally for work in self.works]
        return Tally(*(sum(counts) for counts in zip(*tallies, strict=True)))

    def corrections(self) -> Iterator[Correction]:
        """What can be learned from: every plane with confirmed pixels, of all images."""
        for work in self.works:
            image, specimen = work.results.image, work.results.specimen
            for plane, known in specimen.history.known():
                assert image is not None
                yield Correction(
                    image_id=":".join([specimen.image_id, *map(str, plane)]),
                    image=layers.snapshot(image, work.reading, [plane])[0],
                    labels=np.array(specimen.labels[plane]),
                    known=known,
                )

    def close(self) -> None:
        """Take nothing back of what still waits, and bring all to the disk."""
        for work in self._works.values():
            work.drop()
        self.keeper.close()

    # the viewer

    def _present(self) -> Image:
        image = self.image
        if image is None:
            raise ValueError("There is no image: open one first.")
        return image

    def _settle(self) -> None:
        """If the chosen image is gone, choose the one on top."""
        if self.image is None or self.image not in self.viewer.layers:
            images = self.images
            self._image = ref(images[-1]) if images else None
            self._look()

    def _look(self) -> None:
        """See what was done on the chosen image in earlier sessions."""
        image = self.image
        if image is not None and self.work is None:
            with suppress(ValueError):  # it has too many axes
                self.keeper.look(image, self.reading.axes)

    @guarded
    def _on_layer_inserted(self, event: object) -> None:
        """An image that was just opened is the one that its user wants to segment."""
        layer = getattr(event, "value", None)
        if layer in self.images:
            layer.events.name.connect(self._on_layers_changed)  # type: ignore[union-attr]
            self.choose(layer)
        self._settle()
        self.changed.emit()

    @guarded
    def _on_layer_removed(self, event: object) -> None:
        """What was done on an image that is closed is let go of on the disk, not in memory."""
        layer = getattr(event, "value", None)
        if isinstance(layer, Image):
            self.keeper.release(layer)
        self._on_layers_changed(event)

    @guarded
    def _on_layers_changed(self, event: object) -> None:
        self._settle()
        self.changed.emit()
