"""Which image is under the microscope, and how it is read."""

from __future__ import annotations

from contextlib import suppress
from typing import cast
from weakref import WeakKeyDictionary, proxy, ref

from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from napari_unet.schema.prediction import Box
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.journal import Found
from napari_unet.session.run import Sight
from napari_unet.widgets import layers
from napari_unet.widgets.bench import Bench, Work
from napari_unet.widgets.layers import Reading
from napari_unet.widgets.runner import guarded


class Stage(QObject):
    """The chosen image of a viewer, how it is read, and the work on it.

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
        self.bench = Bench(self.viewer, self)
        self.bench.changed.connect(self.changed)
        for image in self.images:
            self._listen_to(image)
        viewer.layers.events.inserted.connect(self._on_layer_inserted)
        viewer.layers.events.removed.connect(self._on_layer_removed)
        viewer.dims.events.ndisplay.connect(self._on_layers_changed)
        viewer.dims.events.order.connect(self._on_layers_changed)
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
        return self.reading_of(self._present())

    def reading_of(self, image: Image) -> Reading:
        """How an image is read, whichever is chosen.

        Raises
        ------
        ValueError
            If it has too many axes.
        """
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
        self.bench.read_as(image, reading)
        self._look()
        self.changed.emit()

    # the work

    @property
    def work(self) -> Work | None:
        """What was done on the chosen image; None if nothing was yet."""
        return self.bench.work(self.image)

    def begin(self) -> Work:
        """The work on the chosen image, which begins now if it has not yet."""
        return self.bench.begin(self._present(), self.reading)

    def restore(self) -> None:
        """Go on with what was done on the chosen image in an earlier session."""
        self.bench.restore(self._present(), self.reading)

    @property
    def offer(self) -> Found | None:
        """What was done on the chosen image in an earlier session; None once it is corrected."""
        return self.bench.offer(self.image)

    @property
    def path(self) -> str:
        """The file of the chosen image; empty if nobody knows."""
        return layers.origin_of(self._present()).path

    @property
    def plane(self) -> PlaneIndex:
        """The plane of the chosen image that the viewer shows."""
        return layers.current_plane(self.viewer, self._present(), self.reading.axes)

    @property
    def box_in_view(self) -> Box | None:
        """The pixels of the chosen image on the screen; None if that is the whole plane."""
        return layers.box_in_view(self.viewer, self._present(), self.reading.axes)

    @property
    def sight(self) -> Sight:
        """What of the chosen image is on the screen."""
        return Sight(self.plane, self.box_in_view)

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
                self.bench.keeper.look(image, self.reading.axes)

    def _listen_to(self, image: Image) -> None:
        image.events.name.connect(self._on_layers_changed)
        image.events.data.connect(self._on_pixels_replaced)

    @guarded
    def _on_pixels_replaced(self, event: object) -> None:
        """Other pixels are another image, in the same layer."""
        image = getattr(event, "source", None)
        if isinstance(image, Image):
            if image in self._readings and not layers.fits(image, self._readings[image]):
                del self._readings[image]
            try:
                self.bench.start_anew(image)
            finally:
                self._look()
                self.changed.emit()

    @guarded
    def _on_layer_inserted(self, event: object) -> None:
        """An image that was just opened is the one that its user wants to segment."""
        layer = getattr(event, "value", None)
        if isinstance(layer, Image) and layer in self.images:
            self._listen_to(layer)
            self.choose(layer)
        self._settle()
        self.changed.emit()

    @guarded
    def _on_layer_removed(self, event: object) -> None:
        """What was done on an image that is closed is let go of on the disk, not in memory."""
        layer = getattr(event, "value", None)
        self._on_layers_changed(event)
        self.bench.sweep()
        if isinstance(layer, Image):
            self.bench.keeper.release(layer)

    @guarded
    def _on_layers_changed(self, event: object) -> None:
        self._settle()
        self.changed.emit()
