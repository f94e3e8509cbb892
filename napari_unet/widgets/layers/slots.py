"""The layers that belong to one image, each by what it is to us, never by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_unet.widgets.layers.etiquette import selection_kept
from napari_unet.widgets.layers.geometry import PLACED, Frame, placement
from napari_unet.widgets.layers.own import Role, claim

Placement = dict[str, Any]
"""Where the pixels of a layer lie: a value for each of `PLACED`."""


class Slots:
    """Holds our layers of one image by identity and weakly.

    Renaming or moving one changes nothing, and one that the user deletes is simply not there.

    Parameters
    ----------
    viewer
        Where the layers are.
    image
        The layer that is segmented.
    axes
        How its axes are read.
    shape
        Its shape without channels: (..., y, x).
    """

    def __init__(
        self, viewer: ViewerModel, image: Image, axes: str, shape: tuple[int, ...]
    ) -> None:
        self._viewer = viewer
        self._image: Callable[[], Image | None] = ref(image)
        self._layers: dict[Role, ref[Any]] = {}
        self._axes = axes
        self.placement = placement(image, axes)
        self.frame = Frame(axes, image.rgb, shape)

    @property
    def image(self) -> Image | None:
        """The image, if it is still in the viewer."""
        image = self._image()
        return image if image is not None and image in self._viewer.layers else None

    @property
    def name(self) -> str:
        """What the user calls the image."""
        image = self._image()
        return image.name if image is not None else "image"

    def find(self, role: Role) -> Any:
        """The layer that is this to us, if it is still in the viewer."""
        layer = self._layers[role]() if role in self._layers else None
        return layer if layer is not None and layer in self._viewer.layers else None

    def add(self, role: Role, layer: Image | Labels) -> None:
        """Put a layer into the viewer; what the user has selected stays selected."""
        image = self._image()
        if image is not None:
            claim(layer, role, image)
        with selection_kept(self._viewer):
            self._viewer.add_layer(layer)
        self._layers[role] = ref(layer)

    def follow(self, place: Callable[[Placement], Placement] = lambda of: of) -> None:
        """Let them lie where the image lies also when that changes, and have its units.

        Parameters
        ----------
        place
            Where they lie if the image lies so.
        """
        self._place = place
        image = self._image()
        if image is not None:
            for what in PLACED:
                image.events[what].connect(self._on_image_moved)

    def _on_image_moved(self) -> None:
        image = self.image
        if image is None:
            return
        self.placement = placement(image, self._axes)
        placed = self._place(self.placement)
        for role in self._layers:
            layer = self.find(role)
            for what in PLACED if layer is not None else ():
                setattr(layer, what, placed[what])

    def remove(self) -> None:
        """Take all of them out of the viewer; what still comes for them has no image any more."""
        self._image = _gone
        self.clear()

    def clear(self) -> None:
        """Take all of them out of the viewer."""
        for role in list(self._layers):
            layer = self.find(role)
            if layer is not None:
                self._viewer.layers.remove(layer)


def _gone() -> None:
    """The image of layers that were taken away."""
