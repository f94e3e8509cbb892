"""Layers that are there for a while: they show something, and nobody paints in them."""

from __future__ import annotations

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_unet.schema.prediction import Box
from napari_unet.session.edits import PlaneIndex
from napari_unet.widgets.layers.own import Role
from napari_unet.widgets.layers.temporary import Temporary

CLEAR = "#00000000"


class Passing(Temporary):
    """Shows masks of one image for a while."""

    def show(
        self,
        role: Role,
        plane: PlaneIndex,
        box: Box,
        labels: np.ndarray,
        colours: dict[int, str],
        *,
        outlines: bool = False,
        visible: bool = True,
    ) -> None:
        """Show labels of a box of a plane; those that the layer showed before are gone.

        Parameters
        ----------
        role
            Which of the layers; its name is that of the image, and this.
        labels
            Unsigned integers, (y, x), of the box.
        colours
            Of the labels; all others have the colour of 0.
        outlines
            Only the outlines are drawn.
        visible
            Whether the layer is shown at first.
        """
        if self.image is None:
            return
        shown = np.zeros(self._slots.frame.shape, labels.dtype)
        y0, x0, y1, x1 = box
        shown[self._slots.frame.plane(plane)][y0:y1, x0:x1] = labels
        layer: Labels | None = self._slots.find(role)
        if layer is not None:
            layer.data = shown
            return
        shades: dict[int | None, str] = {label: colours[label] for label in colours}
        shades |= {None: colours.get(0, CLEAR), 0: CLEAR}
        layer = Labels(
            shown,
            name=f"{self._slots.name} {role}",
            opacity=0.9,
            visible=visible,
            colormap=DirectLabelColormap(color_dict=shades),
            **self._slots.placement,
        )
        layer.contour = 2 if outlines else 0
        layer.editable = False
        self._slots.add(role, layer)

    def visible(self, role: Role) -> bool:
        """Whether a layer is there and shown."""
        layer = self._slots.find(role)
        return bool(layer is not None and layer.visible)

    def set_visible(self, role: Role, shown: bool) -> None:
        """Show or hide one of the layers."""
        layer = self._slots.find(role)
        if layer is not None:
            layer.visible = shown

    def clear(self) -> None:
        """Take all of them out of the viewer; others may come."""
        self._slots.clear()
