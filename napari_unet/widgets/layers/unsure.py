"""The layer that shows where a model is unsure; it is there only while asked for."""

from __future__ import annotations

import numpy as np
from napari.layers import Image
from napari.utils.colormaps import Colormap

from napari_unet.schema.prediction import Box
from napari_unet.session.edits import PlaneIndex
from napari_unet.widgets.layers.temporary import Temporary

SURE, UNSURE = 0, 255
HAZE = Colormap(
    [[0.17, 0.77, 0.9, 0], [0.17, 0.77, 0.9, 0.1], [0.17, 0.77, 0.9, 0.8], [0.85, 1, 1, 1]],
    controls=[0, 0.2, 0.7, 1],
    name="uncertainty",
)
"""Nothing where the model is sure, brighter the less sure it is."""


class UnsureLayer(Temporary):
    """Shows over one image where a model is unsure."""

    @property
    def shown(self) -> bool:
        """Whether the layer is in the viewer: its user may have deleted it."""
        return self._slots.find("uncertainty") is not None

    def show(self, plane: PlaneIndex, box: Box, unsure: np.ndarray) -> None:
        """Show how unsure the model is of a box of a plane.

        Parameters
        ----------
        plane, box
            Where it is.
        unsure
            uint8, (y, x), of the box: 0 is sure, 255 is a guess.
        """
        if self.image is None:
            return
        frame, (y0, x0, y1, x1) = self._slots.frame, box
        layer: Image | None = self._slots.find("uncertainty")
        shown = np.zeros(frame.shape, np.uint8) if layer is None else layer.data
        shown[frame.plane(plane)][...] = SURE
        shown[frame.plane(plane)][y0:y1, x0:x1] = unsure
        if layer is not None:
            layer.refresh()
            return
        layer = Image(
            shown,
            name=f"{self._slots.name} uncertainty",
            colormap=HAZE,
            blending="translucent_no_depth",
            contrast_limits=(SURE, UNSURE),
            **self._slots.placement,
        )
        self._slots.add("uncertainty", layer)
