"""What binds the work on an image to it, in this session and the next."""

from __future__ import annotations

from typing import Any, NamedTuple

from napari_unet.images.axes import spatial_shape
from napari_unet.images.fingerprint import fingerprint
from napari_unet.session.journal import Identity


class Origin(NamedTuple):
    """An image, and where it came from."""

    array: Any
    """Of the whole image; numpy, dask or zarr."""
    path: str
    """Empty if nobody knows."""

    def identity(self, axes: str) -> Identity:
        """What its journal is found by: what is in it, and where it came from."""
        shape = spatial_shape(self.array.shape, axes)
        return Identity(fingerprint(self.array, axes), self.path, axes, shape)
