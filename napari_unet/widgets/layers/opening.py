"""Opening the file of an image in the place of another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.components import ViewerModel
from napari.errors import MultipleReaderError
from napari.layers import Image, Layer

from napari_unet.images.files import read_image
from napari_unet.widgets.layers.own import KEY, role_of

_LOOK = ("colormap", "gamma", "opacity", "blending", "interpolation2d", "visible")
"""What of an image's look goes over to the next one."""
_UNREADABLE = (OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError)
"""What readers raise over files that are cut, damaged or something else."""


def open_image(viewer: ViewerModel, path: Path) -> Image:
    """Open a file as one image layer: by napari's reader, or by ours if that does not do.

    Raises
    ------
    ValueError
        If it can not be read; the sentence names it.
    """
    before = list(viewer.layers)
    try:
        added = _open(viewer, path)
    except _UNREADABLE:
        added = [layer for layer in viewer.layers if layer not in before]
    if len(added) == 1 and isinstance(added[0], Image):
        return added[0]
    for layer in added:
        viewer.layers.remove(layer)
    image: Image = viewer.add_image(read_image(path), name=path.stem)
    return image


def _open(viewer: ViewerModel, path: Path) -> list[Layer]:
    try:
        return list(viewer.open(path, plugin=None))
    except MultipleReaderError:  # its user has never said which one to take
        return list(viewer.open(path, plugin="napari"))


def results_of(viewer: ViewerModel, image: Image) -> list[Layer]:
    """The layers that show our work on an image."""
    ours = [layer for layer in viewer.layers if role_of(layer) is not None]
    return [layer for layer in ours if layer.metadata[KEY]["image"] == str(image.unique_id)]


def look_of(image: Image) -> dict[str, Any]:
    """How an image is shown, but for its contrast."""
    return {name: getattr(image, name) for name in _LOOK}


def show_like(image: Image, look: dict[str, Any], contrast: tuple[float, float] | None) -> None:
    """Show an image as another one was shown; without a contrast it keeps its own."""
    for name, value in look.items():
        if name != "colormap" or not image.rgb:
            setattr(image, name, value)
    if contrast is not None and not image.rgb:
        image.contrast_limits = contrast


def contrast_of(image: Image) -> tuple[float, float]:
    """The values that are shown darkest and brightest."""
    low, high = image.contrast_limits
    return float(low), float(high)


def replace_image(viewer: ViewerModel, former: Image, image: Image) -> None:
    """Put an image where another one is in the list; that goes, with our work on it."""
    leaving = [former, *results_of(viewer, former)]
    below = list(viewer.layers)[: viewer.layers.index(former)]
    place = sum(layer not in leaving and layer is not image for layer in below)
    for layer in leaving:
        viewer.layers.remove(layer)
    viewer.layers.move(viewer.layers.index(image), place)


def fit(viewer: ViewerModel, image: Image) -> None:
    """Show the whole of an image."""
    viewer.fit_to_view(layers=[image])
