"""Flying to a place of an image, so that its user keeps their bearings."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QObject, QVariantAnimation

from napari_unet.schema.prediction import Box
from napari_unet.session.edits import PlaneIndex
from napari_unet.widgets.layers.geometry import Frame
from napari_unet.widgets.layers.masks import Labels
from napari_unet.widgets.runner import guarded

FLIGHT_MS = 300
_AROUND = 5.0
"""So many times the size of the place are shown."""
_LEAST_PX = 24
"""A smaller place is shown as if it were so large."""


class Flight(QObject):
    """Moves the camera of a viewer from where it is to a place.

    Parameters
    ----------
    viewer
        Whose camera it is.
    """

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._animation = QVariantAnimation(self)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.valueChanged.connect(self._on_moved)
        self._path = np.zeros((2, 3))

    def to(
        self, masks: Labels, frame: Frame, plane: PlaneIndex, box: Box, around: float = _AROUND
    ) -> None:
        """Show a box of a plane, and so many times its size of what is around it."""
        corners = np.stack(frame.pixels(plane, np.array(box[::2]), np.array(box[1::2])), axis=1)
        first, last = (np.array(masks.data_to_world(corner)) for corner in corners)
        dims, camera = self._viewer.dims, self._viewer.scene.camera
        offset = dims.ndim - masks.ndim
        for axis in set(range(masks.ndim)) - {axis - offset for axis in dims.displayed}:
            dims.set_point(offset + axis, float(first[axis]))
        shown = [axis - offset for axis in dims.displayed]
        size = np.maximum(np.abs(last - first)[shown], _LEAST_PX * np.abs(masks.scale[shown]))
        zoom = (np.array(self._viewer.canvas.size) / (size * around)).min()
        middle = ((first + last) / 2)[shown]
        here = (*camera.center[-2:], np.log(camera.zoom))
        self._path = np.array([here, (*middle, np.log(zoom))], float)
        self._animation.stop()
        self._animation.setDuration(FLIGHT_MS)
        self._animation.start()

    @property
    def flying(self) -> bool:
        """Whether the camera is on its way."""
        return bool(self._animation.state() == QVariantAnimation.State.Running)

    def stop(self) -> None:
        """Stay where the camera is."""
        self._animation.stop()

    @guarded
    def _on_moved(self, share: float) -> None:
        y, x, zoom = self._path[0] + share * (self._path[1] - self._path[0])
        camera = self._viewer.scene.camera
        camera.center = (*camera.center[:-2], float(y), float(x))
        camera.zoom = float(np.exp(zoom))
