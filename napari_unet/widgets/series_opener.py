"""Goes through a folder of images in a viewer: each takes the place of the one before."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast
from weakref import proxy, ref

from napari.components import ViewerModel
from napari.layers import Image
from napari.settings import get_settings
from napari.utils.key_bindings import coerce_keybinding
from qtpy.QtCore import QObject, Signal

from napari_unet.session.series import Series, Standing
from napari_unet.widgets.layers import opening
from napari_unet.widgets.layers.images import Reading, choices
from napari_unet.widgets.runner import guarded, tell

PREVIOUS_KEY, NEXT_KEY = "PageUp", "PageDown"


class ImageStage(Protocol):
    """Where an image is put to be worked on."""

    @property
    def reading(self) -> Reading:
        """How the chosen image is read."""

    def choose(self, image: Image) -> None:
        """Put an image under the microscope."""

    def read_as(self, axes: str) -> None:
        """Read the axes of the chosen image in another way."""

    def choose_channel(self, channel: int | None) -> None:
        """Segment another channel of the chosen image."""


class Workplace(Protocol):
    """What the series needs of the desk."""

    @property
    def stage(self) -> ImageStage:
        """Where an image is put to be worked on."""

    def leave(self, image: Image) -> None:
        """Bring to the disk what was corrected in an image, and let go of the work on it.

        Raises
        ------
        ValueError, OSError
            If it could not be saved; then the image stays open.
        """


class SeriesOpener(QObject):
    """Opens the images of a folder one after another, in one place of the viewer.

    The user's other layers stay; what they have set of an image's look goes over to the next.

    Parameters
    ----------
    viewer
        Held weakly.
    desk
        Where images are worked on.
    """

    changed = Signal()
    """The series, or anything about it."""
    opened = Signal(object, object)
    """An image has been opened: its layer, and its file."""

    def __init__(
        self, viewer: ViewerModel, desk: Workplace, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = cast(ViewerModel, proxy(viewer))
        self._desk = desk
        self.series: Series | None = None
        """The folder that is worked through; None if none is open."""
        self.unchecked_only = False
        """Whether images that are done are passed over."""
        self._image: ref[Image] | None = None
        self._first_contrast: tuple[float, float] | None = None
        self._keys: list[str] = []

    @property
    def image(self) -> Image | None:
        """The layer of the open image, if it is still in the viewer."""
        image = self._image() if self._image is not None else None
        return image if image is not None and image in self._viewer.layers else None

    # the folder

    def open_folder(self, folder: str | Path) -> None:
        """Work through a folder, from the first image on that is not done.

        Raises
        ------
        ValueError
            If it holds no image that can be read.
        """
        series = Series(folder)
        self.close()
        self.series = series
        series.changed.connect(self.changed.emit)
        series.noticed.connect(tell)
        if not self._try(series.next(unchecked_only=True) or series.next(), forward=True):
            self.close()
            raise ValueError(f"No image in '{series.folder}' can be read; open another folder.")
        self._bind_keys()
        self.changed.emit()

    def close(self) -> None:
        """Work through the folder no longer; the open image stays."""
        for key in self._keys:
            self._viewer.bind_key(key, None)
        self._keys = []
        if self.series is not None:
            self.series.changed.disconnect()
            self.series.noticed.disconnect()
        self.series = self._image = None
        self.changed.emit()

    # from image to image

    def open(self, path: Path) -> None:
        """Open an image of the series in the place of the one that is open.

        Raises
        ------
        ValueError, OSError
            If the work on that one could not be saved; it stays open.
        """
        self._try(path, forward=None)

    def next(self) -> None:
        """Open the next image; says so if there is none. Errors are those of `open`."""
        series = self.series
        if series is not None and not self._try(series.next(self.unchecked_only), forward=True):
            done = series.counts.done == len(series.images)
            tell("All images are done." if done else "This is the last image.")

    def previous(self) -> None:
        """Open the image before; says so if there is none. Errors are those of `open`."""
        series = self.series
        if series is not None and not self._try(series.previous(self.unchecked_only), forward=False):
            tell("This is the first image.")

    def done_and_next(self) -> None:
        """Say that the open image is done, and open the next. Errors are those of `open`."""
        if self.series is not None and self.series.current is not None:
            self.series.mark(self.series.current, Standing.DONE)
            self.next()

    def mark(self, standing: Standing) -> None:
        """Say how far the open image is; that work on one has begun does not undo its end."""
        series = self.series
        if series is not None and series.current is not None:
            known = series.standing(series.current)
            if standing is not Standing.STARTED or known is Standing.UNTOUCHED:
                series.mark(series.current, standing)

    def pass_over(self, unchecked_only: bool) -> None:
        """Pass over images that are done from now on, or no longer."""
        self.unchecked_only = unchecked_only
        self.changed.emit()

    def _try(self, path: Path | None, forward: bool | None) -> bool:
        """Open an image, or the nearest that can be read; whether one was opened."""
        series = self.series
        while series is not None and path is not None:
            try:
                image = opening.open_image(self._viewer, path)
            except ValueError as error:
                series.skip(path, str(error))
                go_on = {True: series.next, False: series.previous, None: lambda _: None}[forward]
                path = go_on(self.unchecked_only)
            else:
                self._exchange(image)
                series.open(path)
                self.opened.emit(image, path)
                return True
        return False

    def _exchange(self, image: Image) -> None:
        """Let an image take the place of the one before, once that is saved."""
        former, self._image = self.image, ref(image)
        first, self._first_contrast = self._first_contrast, opening.contrast_of(image)
        if former is None:
            self._desk.stage.choose(image)
            opening.fit(self._viewer, image)
            return
        self._desk.stage.choose(former)
        reading = self._desk.stage.reading
        try:
            self._desk.leave(former)
        except (ValueError, OSError):
            self._image, self._first_contrast = ref(former), first
            self._viewer.layers.remove(image)
            self._desk.stage.choose(former)
            raise
        self._take_over(former, image, first)
        self._desk.stage.choose(image)
        self._read_alike(image, reading)
