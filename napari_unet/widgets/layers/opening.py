"""Opening the file of an image in the place of another one."""

from __future__ import annotations

from pathlib import Path
from typing import cast
from weakref import proxy, ref

from napari.components import ViewerModel
from napari.errors import MultipleReaderError
from napari.layers import Image, Layer

from napari_unet.images.files import read_image
from napari_unet.widgets.layers.own import KEY, role_of

_LOOK = ("gamma", "opacity", "blending", "interpolation2d", "visible")
"""What of an image's look goes over to the next one; of grey images also the colormap."""
_UNREADABLE = (OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError)
"""What readers raise over files that are cut, damaged or something else."""


def open_image(viewer: ViewerModel, path: Path) -> Image:
    """Open a file as one image layer: by napari's reader, or by ours if that does not do.

    Raises
    ------
    ValueError
        If it can not be read; the sentence names it.
    """
    before = list(viewer.layers)
    try:
        added = _open(viewer, path)
    except _UNREADABLE:
        added = [layer for layer in viewer.layers if layer not in before]
    if len(added) == 1 and isinstance(added[0], Image):
        return added[0]
    for layer in added:
        viewer.layers.remove(layer)
    image: Image = viewer.add_image(read_image(path), name=path.stem)
    return image


def _open(viewer: ViewerModel, path: Path) -> list[Layer]:
    try:
        return list(viewer.open(path, plugin=None))
    except MultipleReaderError:  # its user has never said which one to take
        return list(viewer.open(path, plugin="napari"))


def results_of(viewer: ViewerModel, image: Image) -> list[Layer]:
    """The layers that show our work on an image."""
    ours = [layer for layer in viewer.layers if role_of(layer) is not None]
    return [layer for layer in ours if layer.metadata[KEY]["image"] == str(image.unique_id)]


class Place:
    """Where in a viewer the images of a series are shown, one after another.

    The user's other layers stay, and so does what they have set of an image's look: its contrast
    goes over to the next image only if they have changed it, for each image has one of its own.

    Parameters
    ----------
    viewer
        Held weakly.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = cast(ViewerModel, proxy(viewer))
        self._image: ref[Image] | None = None
        self._own_contrast: tuple[float, float] = (0.0, 0.0)

    @property
    def image(self) -> Image | None:
        """The image that is shown there, if it is still in the viewer."""
        image = self._image() if self._image is not None else None
        return image if image is not None and image in self._viewer.layers else None

    def show(self, image: Image) -> None:
        """Let an image that has been opened take the place of the one before, and fit the view.

        The one before goes, with our work on it.
        """
        former, own = self.image, _contrast(image)
        if former is not None and former is not image:
            self._show_alike(image, former)
            self._replace(image, former)
        self._image, self._own_contrast = ref(image), own
        self._viewer.fit_to_view(layers=[image])

    def remove(self, image: Image) -> None:
        """Take an image away that shall not be shown after all."""
        self._viewer.layers.remove(image)

    def leave(self) -> None:
        """Show no more images there; the last one stays."""
        self._image = None

    def _show_alike(self, image: Image, former: Image) -> None:
        for name in _LOOK:
            setattr(image, name, getattr(former, name))
        if not image.rgb and not former.rgb:
            image.colormap = former.colormap
            if _contrast(former) != self._own_contrast and image.dtype == former.dtype:
                image.contrast_limits = former.contrast_limits

    def _replace(self, image: Image, former: Image) -> None:
        layers = self._viewer.layers
        leaving = [former, *results_of(self._viewer, former)]
        below = list(layers)[: layers.index(former)]
        place = sum(layer not in leaving and layer is not image for layer in below)
        for layer in leaving:
            layers.remove(layer)
        layers.move(layers.index(image), place)


def _contrast(image: Image) -> tuple[float, float]:
    """The values that are shown darkest and brightest."""
    low, high = image.contrast_limits
    return float(low), float(high)
