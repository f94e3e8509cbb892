"""Reading image layers: which there are, how their axes are read, their planes, what is in view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image

from napari_unet.images import axes as reader
from napari_unet.images.lazy import PlaneView
from napari_unet.schema.arrays import ArrayLike
from napari_unet.schema.prediction import Box
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.origin import Origin
from napari_unet.widgets.layers.opening import path_of
from napari_unet.widgets.layers.own import role_of


class Reading(NamedTuple):
    """How an image is read."""

    axes: str
    """Letters of `napari_unet.images.axes`."""
    channel: int | None = None
    """Place in `channels` of the only one that is segmented; None is all together."""


def user_images(viewer: ViewerModel) -> list[Image]:
    """The images in the viewer that are not our own results, the first in the list first."""
    layers = [layer for layer in viewer.layers if isinstance(layer, Image)]
    return [layer for layer in layers if role_of(layer) is None]


def array_of(image: Image) -> Any:
    """The full array of an image; of a pyramid its finest level."""
    return image.data[0] if image.multiscale else image.data


def propose(image: Image) -> Reading:
    """The likeliest way to read an image."""
    return read_as(image, reader.read_axes(array_of(image).shape, image.rgb, image.axis_labels))


def read_as(image: Image, axes: str) -> Reading:
    """Read the axes in this way, and of several channels the one that the image asks for."""
    names = channels(image, axes)
    wish = image.metadata.get("channel")
    first = 0 if channel_count(image, axes) > 1 else None
    return Reading(axes, names.index(wish) if wish in names else first)


def channels(image: Image, axes: str) -> Sequence[str]:
    """What can be segmented alone: channels, colours or a stain; none if the image is grey."""
    return reader.channel_names(array_of(image).shape, axes)


def channel_count(image: Image, axes: str) -> int:
    """Channels to choose from; 1 for grey and for colour, which stays together."""
    shape = array_of(image).shape
    colour = image.rgb or (axes.endswith("C") and shape[-1] in (3, 4))
    return 1 if colour or "C" not in axes else int(shape[axes.index("C")])


def why_not_fit(image: Image, reading: Reading, channels: int) -> str:
    """Why a model of so many channels can not take an image; empty if it can."""
    found = channel_count(image, reading.axes) if reading.channel is None else 1
    colour = reading.channel is None and "C" in reading.axes
    if found == channels or (found == 1 and channels == 3 and colour):
        return ""
    if found == 1:
        return f"The model takes {channels} channels and this image has one: choose another model."
    return f"The model takes {channels} of the {found} channels: choose a channel of the image."


def describe(image: Image, reading: Reading) -> str:
    """One plain line: how the image is read."""
    return reader.describe(array_of(image).shape, reading.axes, reading.channel)


def fits(image: Image, reading: Reading) -> bool:
    """Whether an image has the axes and the channel of a reading."""
    if len(array_of(image).shape) != len(reading.axes):
        return False
    return reading.channel is None or reading.channel < len(channels(image, reading.axes))


def choices(image: Image) -> Sequence[str]:
    """The ways in which the axes of an image can be read, the likeliest first."""
    return reader.choices(array_of(image).shape, image.rgb)


def origin_of(image: Image) -> Origin:
    """What an image is known by again, whatever its layer is called."""
    return Origin(array_of(image), path_of(image))


def snapshot(image: Image, reading: Reading, planes: Sequence[PlaneIndex]) -> list[ArrayLike]:
    """Planes of an image for a job: copies, so that nothing changes under it; of what is not in
    memory nothing is read here.
    """
    found = pixels_of(image, reading, planes)
    return [pixels.copy() if isinstance(pixels, np.ndarray) else pixels for pixels in found]


def pixels_of(image: Image, reading: Reading, planes: Sequence[PlaneIndex]) -> list[ArrayLike]:
    """Planes of an image as they are now, for whoever copies them: of what is not in memory nothing
    is read here.
    """
    array = array_of(image)
    front = reader.spatial_shape(array.shape, reading.axes)[:-2]
    flat = [int(np.ravel_multi_index(plane, front)) if front else 0 for plane in planes]
    if type(array) is not np.ndarray:
        return [PlaneView(array, reading.axes, i, reading.channel) for i in flat]
    return [np.asarray(reader.plane(array, reading.axes, i, reading.channel)) for i in flat]


def planes_of(image: Image, axes: str) -> list[PlaneIndex]:
    """Every plane of a stack; of a single plane just that."""
    return list(np.ndindex(reader.spatial_shape(array_of(image).shape, axes)[:-2]))


def current_plane(viewer: ViewerModel, image: Image, axes: str) -> PlaneIndex:
    """The plane that the viewer shows of an image."""
    at = image.world_to_data(viewer.dims.point)
    sizes = dict(zip(axes, array_of(image).shape, strict=True))
    places = zip(_layer_axes(image, axes), at, strict=True)
    return tuple(
        int(np.clip(round(place), 0, sizes[axis] - 1)) for axis, place in places if axis in "TZ"
    )


def shows_plane(viewer: ViewerModel, image: Image, axes: str) -> bool:
    """Whether the view is of a plane of an image, also of a transposed one."""
    letters, offset = _layer_axes(image, axes), viewer.dims.ndim - image.ndim
    plane = {offset + letters.index("Y"), offset + letters.index("X")}
    return viewer.dims.ndisplay == 2 and set(viewer.dims.displayed) == plane


def box_in_view(viewer: ViewerModel, image: Image, axes: str) -> Box | None:
    """The pixels of a plane that are on the screen; None if it is whole, or not in view.

    Raises
    ------
    ValueError
        If no pixel of the image is on the screen.
    """
    if not shows_plane(viewer, image, axes):
        return None
    letters = _layer_axes(image, axes)
    y, x = letters.index("Y"), letters.index("X")
    corners = np.array([_to_pixel(viewer, image, at) for at in _corners(viewer)])[:, [y, x]]
    size = [array_of(image).shape[axes.index(axis)] for axis in "YX"]
    low = np.clip(np.floor(corners.min(axis=0) + 0.5), 0, size).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0) + 0.5), 0, size).astype(int)
    if (low >= high).any():
        raise ValueError("The image is out of view: press Ctrl+R to bring it back.")
    box = (int(low[0]), int(low[1]), int(high[0]), int(high[1]))
    return None if box == (0, 0, *size) else box


def _corners(viewer: ViewerModel) -> list[tuple[float, float]]:
    """The corners in the world of the view, or of a cell of the grid, which all show the same."""
    camera, grid = viewer.scene.camera, viewer.canvas.grid
    center = np.array(camera.center[-2:])
    cells = np.array(grid.actual_shape(viewer.layers))
    size = np.array(viewer.canvas.size) / cells
    gap = grid.spacing if grid.spacing >= 1 else grid.spacing * size.mean()
    half = (size - gap * (cells - 1) / cells) / (2 * camera.zoom)
    return [tuple(center + half * sign) for sign in ((-1, -1), (-1, 1), (1, -1), (1, 1))]


def _to_pixel(viewer: ViewerModel, image: Image, at: tuple[float, float]) -> np.ndarray:
    world = np.array(viewer.dims.point, float)
    world[list(viewer.dims.displayed)] = at
    return np.asarray(image.world_to_data(world))


def _layer_axes(image: Image, axes: str) -> str:
    """The axes that the layer itself has: colour is none of them."""
    return axes[: image.ndim]
