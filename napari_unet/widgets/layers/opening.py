"""Opening the file of an image in the place of another one."""

from __future__ import annotations

from pathlib import Path
from typing import cast
from weakref import proxy, ref

from napari.components import ViewerModel
from napari.layers import Image, Layer

from napari_unet.images.files import read_image
from napari_unet.images.ome_tiff import read_ome_tiff
from napari_unet.widgets.layers.own import KEY, role_of

_LOOK = ("gamma", "opacity", "blending", "interpolation2d", "visible")
"""What of an image's look goes over to the next one; of grey images also the colormap."""
PATH = "path"
"""Where the metadata of an image says from which file it was opened."""


def open_image(viewer: ViewerModel, path: Path) -> Image:
    """Open a file as one image layer.

    It is read just as `napari-unet predict` reads it: an OME-TIFF says what its axes are. napari's
    own way of opening shows a progress bar that handles events, so that a second click comes in the
    middle of the first, and on some systems the window crashes when a layer is removed right after
    it.

    Raises
    ------
    ValueError
        If it can not be read; the sentence names it.
    """
    metadata = {PATH: str(path)}
    pixels = read_image(path)
    image = Image(pixels, name=path.stem, metadata=metadata)
    ome = read_ome_tiff(path, pixels.shape)
    if ome is not None:
        image.axis_labels = tuple(ome.axes[: image.ndim].lower())
    viewer.add_layer(image)  # a plugin gets the viewer in a wrapper, which would wrap the layer too
    return image


def path_of(image: Image) -> str:
    """The file that an image was opened from, by us or by napari; "" if nobody knows."""
    return str(image.source.path or image.metadata.get(PATH, ""))


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
