"""The layer that shows how much pixels count in training; it is there only while asked for."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image
from napari.utils.colormaps import Colormap
from napari.utils.transforms import Affine

from napari_unet.session.edits import PlaneIndex
from napari_unet.session.weighing import Weights
from napari_unet.widgets.layers.slots import Placement
from napari_unet.widgets.layers.temporary import Temporary

GLOW = Colormap(
    [[1, 0.1, 0.5, 0], [1, 0.2, 0.45, 0.75], [1, 0.75, 0.2, 0.95], [1, 1, 0.8, 1]],
    controls=[0, 0.25, 0.6, 1],
    name="border weights",
)
"""Nothing where pixels count as usual, brighter the more they count."""


class WeightLayer(Temporary):
    """Shows border weights over one image."""

    def __init__(self, viewer: ViewerModel, image: Image, axes: str) -> None:
        super().__init__(viewer, image, axes)
        self._steps: tuple[float, ...] = (1,)
        self._firsts: tuple[float, ...] = (0,)
        """How large the pixels of the layer are in those of the image, and where its first lies."""

    @property
    def shown(self) -> bool:
        """Whether the layer is in the viewer: its user may have deleted it."""
        return self._slots.find("border weights") is not None

    def show(self, plane: PlaneIndex, weights: Weights, most: float) -> None:
        """Show the weights of a part of a plane; those that were shown before are gone.

        Parameters
        ----------
        plane
            Where the part is.
        weights
            What is shown.
        most
            This and all above is drawn brightest; a layer that is there keeps what it has.
        """
        values = self._shaped(plane, weights)
        place = self._place(self._slots.placement)
        layer: Image | None = self._slots.find("border weights")
        if layer is not None:
            layer.data = values
            layer.scale, layer.translate = place["scale"], place["translate"]
        elif self.image is not None:
            layer = Image(
                values,
                name=f"{self._slots.name} border weights",
                colormap=GLOW,
                blending="translucent_no_depth",
                contrast_limits=(1, most),
                **place,
            )
            self._slots.add("border weights", layer)

    def _shaped(self, plane: PlaneIndex, weights: Weights) -> np.ndarray:
        """The array of the layer, which lies on the pixels that it was made of."""
        height, width = weights.values.shape
        middle = (weights.step - 1) / 2  # of the first large pixel, counted from its first pixel
        within = {
            "Y": (height, weights.step, weights.corner[0] + middle),
            "X": (width, weights.step, weights.corner[1] + middle),
        }
        planes = iter(plane)
        axes = self._slots.frame.axes
        places = [within.get(a) or (1, 1, 0 if a == "C" else next(planes)) for a in axes]
        lengths, self._steps, self._firsts = zip(*places, strict=True)
        return weights.values.reshape(lengths)

    def _place(self, image: Placement) -> Placement:
        pixels = Affine(**{name: image[name] for name in ("scale", "translate", "rotate", "shear")})
        scale = np.asarray(image["scale"]) * self._steps
        return {**image, "scale": scale, "translate": pixels(self._firsts)}
