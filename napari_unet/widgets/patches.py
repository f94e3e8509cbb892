"""Draws patches as a network sees them in training, with what it is to answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qtpy.QtCore import QRect, QSize
from qtpy.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from qtpy.QtWidgets import QSizePolicy, QWidget
from skimage import segmentation

from napari_unet.images.rescale import resize, resize_labels
from napari_unet.schema.events import Patches

OUTLINE = (255, 210, 63)
"""Of what the network is to find; it stands out from grey and from most stains."""
VEIL = np.array([0.10, 0.12, 0.22], np.float32)[:, None, None]
"""Laid over what does not count: it is seen on dark and on bright images."""
_THROUGH = 0.35
_COLUMNS, _GAP_PX = 3, 4


def patch_picture(
    image: np.ndarray, target: np.ndarray, weight_map: np.ndarray, side_px: int
) -> np.ndarray:
    """One patch as a picture: what is to be found is outlined, what does not count veiled.

    Parameters
    ----------
    image
        float32, (channel, y, x): dark is about 0, bright about 1. Three channels are colours.
    target
        (y, x): 1 on objects, or the class of each pixel.
    weight_map
        (y, x): 0 where nothing is known.
    side_px
        Of the picture.

    Returns
    -------
    uint8, (y, x, 3).
    """
    size = (side_px, side_px)
    colours = image if len(image) == 3 else image[:1].repeat(3, axis=0)
    shown = resize(np.nan_to_num(colours).astype(np.float32), size).clip(0, 1)
    counts = resize_labels(weight_map > 0, size)
    shown = np.where(counts, shown, _THROUGH * shown + VEIL)
    picture = np.ascontiguousarray((shown * 255).astype(np.uint8).transpose(1, 2, 0))
    answer = resize_labels(target, size)
    picture[segmentation.find_boundaries(answer, mode="inner", background=0) & counts] = OUTLINE
    return picture


class PatchGrid(QWidget):
    """Shows some patches, three in a row, as large as the panel is wide."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._patches: Patches | None = None
        self._which: range = range(0)
        self._pictures: Sequence[QImage] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def count(self) -> int:
        """Patches that it shows."""
        return len(self._which)

    def show_patches(self, patches: Patches, which: range) -> None:
        """Show these of the patches."""
        self._patches, self._which = patches, which
        self._draw()
        self._fit()

    def sizeHint(self) -> QSize:
        """As wide as the panel usually is."""
        return QSize(320, self._height(self.width()))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fill the width."""
        self._draw()
        self._fit()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the pictures."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        side = self._side(self.width())
        for index, picture in enumerate(self._pictures):
            row, column = divmod(index, _COLUMNS)
            at = QRect(column * (side + _GAP_PX), row * (side + _GAP_PX), side, side)
            painter.drawImage(at, picture)
        painter.end()

    def _draw(self) -> None:
        """Make the pictures at the size in which they are shown."""
        found, side = self._patches, round(self._side(self.width()) * self.devicePixelRatioF())
        if found is None or side < 1:
            return
        self._pictures = [
            _as_qimage(patch_picture(found.images[i], found.targets[i], found.weight_maps[i], side))
            for i in self._which
        ]
        self.update()

    def _fit(self) -> None:
        self.setFixedHeight(self._height(self.width()))

    def _side(self, width: int) -> int:
        return max(0, (width - (_COLUMNS - 1) * _GAP_PX) // _COLUMNS)

    def _height(self, width: int) -> int:
        rows = -(-self.count // _COLUMNS)
        return max(0, rows * (self._side(width) + _GAP_PX) - _GAP_PX)


def _as_qimage(picture: np.ndarray) -> QImage:
    height, width, _ = picture.shape
    shown = QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    return shown.copy()  # of its own memory: Qt does not keep that of Python alive
