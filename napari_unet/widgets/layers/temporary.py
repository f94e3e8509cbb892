"""Layers that are shown over one image for a while; nobody works in them."""

from __future__ import annotations

from napari.components import ViewerModel
from napari.layers import Image

from napari_unet.images.axes import spatial_shape
from napari_unet.widgets.layers.images import array_of
from napari_unet.widgets.layers.slots import Placement, Slots


class Temporary:
    """Shows something over one image for a while, beside everything that its user has made.

    Parameters
    ----------
    viewer
        Where the layers are.
    image
        The layer that they belong to.
    axes
        How its axes are read.
    """

    def __init__(self, viewer: ViewerModel, image: Image, axes: str) -> None:
        shape = spatial_shape(array_of(image).shape, axes)
        self._slots = Slots(viewer, image, axes, shape)
        self._slots.follow(self._place)
        self.size = (shape[-2], shape[-1])
        """Height and width of a plane."""

    @property
    def image(self) -> Image | None:
        """The image, if it is still in the viewer."""
        return self._slots.image

    def _place(self, image: Placement) -> Placement:
        """Where what is shown lies, if the image lies so."""
        return image

    def remove(self) -> None:
        """Take all that is shown out of the viewer, for good."""
        self._slots.remove()
