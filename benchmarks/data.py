"""The annotated data sets that benchmarks and the starter models' training read.

They are found by the environment variable ``NAPARI_UNET_DATA``: one folder a data set, each with a
``manifest.csv`` (columns id, image, label, modality, split).
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from skimage.io import imread

from napari_unet.images.colour import luminance


class Annotated(NamedTuple):
    """One annotated image."""

    id: str
    kind: str
    image: np.ndarray
    labels: np.ndarray


def data_folder() -> Path:
    """Where the data sets are."""
    folder = os.environ.get("NAPARI_UNET_DATA")
    if not folder:
        raise SystemExit("Set NAPARI_UNET_DATA to the folder that holds the data sets.")
    return Path(folder)


def load(name: str, split: str, column: str = "label", *, colour: bool = False) -> list[Annotated]:
    """The images of one split of a data set, grey, with its labels.

    Parameters
    ----------
    name, split
        Which data set, and which part of it.
    column
        Of the manifest: "label" names files of instance labels, "classes" files of classes.
    colour
        All images are (y, x, 3) instead, red, green and blue.
    """
    folder = data_folder() / name
    with (folder / "manifest.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    return [
        Annotated(
            row["id"],
            row["modality"],
            (_colour if colour else _grey)(imread(folder / row["image"])),
            imread(folder / row[column]).astype(np.int32),
        )
        for row in rows
    ]


def _grey(image: np.ndarray) -> np.ndarray:
    return luminance(image) if image.ndim == 3 else image


def _colour(image: np.ndarray) -> np.ndarray:
    return image[..., :3] if image.ndim == 3 else np.stack([image] * 3, axis=-1)
