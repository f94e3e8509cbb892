"""How the layer of masks shows classes: by name, in colours that everybody can tell apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import CyclicLabelColormap, label_colormap

OBJECTS, CLASSES = "masks", "classes"
"""What the layer is called behind the name of its image."""
COLOURS = ("#56b4e9", "#f0e442", "#cc79a7", "#0072b2", "#d55e00", "#009e73", "#e69f00")
"""Of the classes from the second on (Okabe and Ito 2008); the first is not drawn.

Those come last that are like the tints of what is known.
"""
_COLUMN = "class"


def show_classes(layer: Labels, image: str, names: Sequence[str]) -> None:
    """Let a layer say what its labels are; what it says already stays as it is.

    Parameters
    ----------
    layer
        The masks.
    image
        What the user calls their image.
    names
        Of the classes, which napari shows beside the mouse; none for objects.
    """
    former = list(layer.features[_COLUMN]) if _COLUMN in layer.features else []
    if former == list(names):
        return
    table = {"index": list(range(len(names))), _COLUMN: list(names)}
    layer.features = table if names else {}
    if bool(former) != bool(names):
        layer.colormap = _colours() if names else label_colormap()
        before, now = (OBJECTS, CLASSES) if names else (CLASSES, OBJECTS)
        if layer.name == f"{image} {before}":
            layer.name = f"{image} {now}"


def colour_of_class(index: int) -> str:
    """The colour that a class is drawn in, as "#rrggbb"; empty for the first, which is not."""
    return COLOURS[(index - 1) % len(COLOURS)] if index else ""


def _colours() -> CyclicLabelColormap:
    drawn = [[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] + [1.0] for c in COLOURS]
    return CyclicLabelColormap(colors=np.array([[0.0, 0.0, 0.0, 0.0], *drawn]))
