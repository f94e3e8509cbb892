"""What binds the work on an image to it, in this session and the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_unet.images.axes import spatial_shape
from napari_unet.images.fingerprint import fingerprint
from napari_unet.session.journal import Identity


@dataclass(frozen=True, eq=False)
class Origin:
    """An image, and where it came from."""

    array: Any
    """Of the whole image; numpy, dask or zarr."""
    path: str
    """Empty if nobody knows."""
    _known: dict[str, Identity] = field(default_factory=dict)

    def identity(self, axes: str) -> Identity:
        """What its journal is found by: what is in it, and where it came from.

        What is in memory can change; what is read from a disk takes long, and is read once.
        """
        if type(self.array) is np.ndarray:
            return self._read(axes)
        if axes not in self._known:
            self._known[axes] = self._read(axes)
        return self._known[axes]

    def _read(self, axes: str) -> Identity:
        shape = spatial_shape(self.array.shape, axes)
        return Identity(fingerprint(self.array, axes), self.path, axes, shape)
