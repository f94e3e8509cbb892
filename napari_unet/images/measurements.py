"""What is measured of each object: a table that spreadsheets, R and pandas read."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np

from napari_unet.disk import write_text
from napari_unet.images.overlaps import indices

MEASUREMENTS = "_measurements.csv"
"""End of the name of the table of an image."""
_SHAPE = {
    "label": "id",
    "centroid-0": "centroid_y_px",
    "centroid-1": "centroid_x_px",
    "bbox-0": "top_px",
    "bbox-1": "left_px",
    "bbox-2": "bottom_px",
    "bbox-3": "right_px",
    "perimeter": "perimeter_px",
    "axis_major_length": "major_axis_px",
    "axis_minor_length": "minor_axis_px",
    "eccentricity": "eccentricity",
    "area": "area_px",
}
"""What scikit-image calls it, and what we do; its documentation says how each is defined."""
_INTENSITY = ("intensity_mean", "intensity_min", "intensity_max")


def measure(
    labels: np.ndarray, image: np.ndarray, pixel_size_um: float | None = None
) -> dict[str, np.ndarray]:
    """Measure each object of a plane: where it is, how large, of what shape and how bright.

    Parameters
    ----------
    labels
        (y, x) whole numbers, 0 is background.
    image
        (y, x); or (channel, y, x) or (y, x, channel), whose intensities are measured one by one.
    pixel_size_um
        Side of a pixel in micrometres; None is unknown.

    Returns
    -------
    dict
        Columns of one table, by their names: a value for each object, in the order of their ids.
        Pixels are counted from 0, their centres have whole numbers, and bottom and right are the
        first that no longer belong to the box.
    """
    from skimage.measure import regionprops_table  # slow to load, and only needed here

    numbers, ids = indices(labels)
    if image.ndim == 3 and image.shape[:2] != labels.shape:
        image = np.moveaxis(image, 0, -1)
    wanted = dict.fromkeys(name.partition("-")[0] for name in _SHAPE)
    found = regionprops_table(numbers.reshape(labels.shape), image, [*wanted, *_INTENSITY])
    table = {ours: found[name] for name, ours in _SHAPE.items()}
    table["id"] = ids[table["id"]]
    if pixel_size_um is not None:
        table["area_um2"] = table["area_px"] * pixel_size_um**2
    return table | {_counted(name): found[name] for name in found if name.startswith(_INTENSITY)}


def write_measurements(
    path: Path,
    labels: np.ndarray,
    axes: str,
    image_of: Callable[[int], np.ndarray],
    pixel_size_um: float | None = None,
) -> None:
    """Save what is measured of each object of an image: a line for each, under a line of names.

    Parameters
    ----------
    path
        The file; its folder has to be there.
    labels
        (..., y, x) whole numbers, 0 is background.
    axes
        Of the image, for example "TZCYX": of a stack each line begins with its place, counted from
        0 as in napari.
    image_of
        Gives a plane as in `measure`, counted from 0 over time and depth.
    pixel_size_um
        Side of a pixel in micrometres; None is unknown.
    """
    stacked = [letter.lower() for letter in axes if letter in "TZ"]
    places = list(np.ndindex(labels.shape[:-2]))
    filled = [i for i, place in enumerate(places) if labels[place].any()]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for i in filled or [0]:
        table = measure(labels[places[i]], image_of(i), pixel_size_um)
        if not text.tell():
            writer.writerow([*stacked, *table])
        for row in zip(*table.values(), strict=True):
            writer.writerow([*places[i], *(f"{value:.10g}" for value in row)])
    write_text(path, text.getvalue())


def _counted(name: str) -> str:
    """The name of a column of intensities, in which channels are counted from 1."""
    name, dash, channel = name.partition("-")
    return f"{name}_{int(channel) + 1}" if dash else name
