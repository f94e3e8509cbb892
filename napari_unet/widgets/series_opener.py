"""Goes through a folder of images in a viewer: each takes the place of the one before."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast
from weakref import proxy

from napari.components import ViewerModel
from napari.layers import Image
from napari.settings import get_settings
from napari.utils.key_bindings import coerce_keybinding
from qtpy.QtCore import QObject, Signal

from napari_unet.session.series import Series, Standing
from napari_unet.session.series_journals import corrected_in
from napari_unet.widgets.layers import Reading, channels, choices
from napari_unet.widgets.layers.opening import Place, open_image
from napari_unet.widgets.runner import guarded, tell
from napari_unet.widgets.workplace import Workplace

PREVIOUS_KEY, NEXT_KEY = "PageUp", "PageDown"


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

    def __init__(self, viewer: ViewerModel, desk: Workplace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = cast(ViewerModel, proxy(viewer))
        self._desk = desk
        self.series: Series | None = None
        """The folder that is worked through; None if none is open."""
        self.unchecked_only = False
        """Whether images that are done are passed over."""
        self._place = Place(viewer)
        self._keys: list[str] = []

    @property
    def image(self) -> Image | None:
        """The layer of the open image, if it is still in the viewer."""
        return self._place.image

    @property
    def reading(self) -> Reading | None:
        """How the open image is read; None if there is none, or it can not be read."""
        image = self.image
        try:
            return None if image is None else self._desk.stage.reading_of(image)
        except ValueError:
            return None

    @property
    def worked_on(self) -> list[Path]:
        """Images of the series that are started or done, without the open one."""
        series = self.series
        if series is None:
            return []
        others = [path for path in series.images if path != series.current]
        return [path for path in others if series.standing(path) is not Standing.UNTOUCHED]

    # the folder

    def open_folder(self, folder: str | Path) -> None:
        """Work through a folder, from the first image on that is not done.

        Raises
        ------
        ValueError
            If it holds no image that can be read.
        """
        series = Series(folder, corrected_in)
        self.close()
        self.series = series
        series.changed.connect(self.changed.emit)
        series.noticed.connect(tell)
        if not self._try(series.next(unchecked_only=True) or series.next(), then="next"):
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
        self.series = None
        self._place.leave()
        self.changed.emit()

    # from image to image

    def open(self, path: Path) -> None:
        """Open an image of the series in the place of the one that is open.

        Raises
        ------
        ValueError, OSError
            If the work on that one could not be saved; it stays open.
        """
        if self.series is not None and (path != self.series.current or self.image is None):
            self._try(path, then="")

    def next(self) -> None:
        """Open the next image; says so if there is none. Errors are those of `open`."""
        series = self.series
        if series is not None and not self._try(series.next(self.unchecked_only), then="next"):
            done = series.counts.done == len(series.images)
            tell("All images are done." if done else "This is the last image.")

    def previous(self) -> None:
        """Open the image before; says so if there is none. Errors are those of `open`."""
        series = self.series
        if series is not None and not self._try(
            series.previous(self.unchecked_only), then="previous"
        ):
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

    def _try(self, path: Path | None, then: Literal["next", "previous", ""]) -> bool:
        """Open an image, or the nearest that can be read; whether one was opened."""
        series, reading = self.series, self.reading
        while series is not None and path is not None:
            try:
                image = open_image(self._viewer, path)
            except ValueError as error:
                series.skip(path, str(error))
                path = getattr(series, then)(self.unchecked_only) if then else None
            else:
                self._exchange(image)
                self._read_alike(image, reading)
                series.open(path)
                self.opened.emit(image, path)
                return True
        return False

    def _exchange(self, image: Image) -> None:
        """Let an image take the place of the one before, once that is saved."""
        former = self.image
        if former is not None:
            try:
                self._desk.leave(former)
            except (ValueError, OSError):
                self._place.remove(image)
                self._desk.stage.choose(former)
                raise
        self._place.show(image)
        self._desk.stage.choose(image)

    def _read_alike(self, image: Image, reading: Reading | None) -> None:
        """Read an image as the one before, if it can be read so."""
        stage = self._desk.stage
        if reading is not None and self.reading is not None and reading.axes in choices(image):
            stage.read_as(reading.axes)
            if reading.channel is None or reading.channel < len(channels(image, reading.axes)):
                stage.choose_channel(reading.channel)

    # keys, while the picture has the focus

    def _bind_keys(self) -> None:
        """Use the keys that nobody else uses."""
        shortcuts = get_settings().shortcuts.shortcuts
        taken = {coerce_keybinding(key) for keys in shortcuts.values() for key in keys}
        for key, slot in ((PREVIOUS_KEY, self._on_previous_key), (NEXT_KEY, self._on_next_key)):
            coerced = coerce_keybinding(key)
            if coerced not in taken and coerced not in self._viewer.keymap:
                self._viewer.bind_key(key, slot)
                self._keys.append(key)

    @guarded
    def _on_previous_key(self, viewer: object) -> None:
        self.previous()

    @guarded
    def _on_next_key(self, viewer: object) -> None:
        self.next()
