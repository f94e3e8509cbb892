"""What is done with every image of a run, in this process or in those of a cluster."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from napari_unet.images.rescale import Size
from napari_unet.inference.files import Reading, Segmented, open_source, segmenting
from napari_unet.inference.predict import Elsewhere, Wanted, ready_network, within_memory
from napari_unet.inference.prepare import PreparedPlane, plane_size
from napari_unet.models.archive import read_model
from napari_unet.models.model import Model
from napari_unet.networks.network import Network
from napari_unet.schema.events import Event, Notice, finish
from napari_unet.schema.input import InputSettings
from napari_unet.schema.prediction import Box
from napari_unet.schema.settings import MaskSettings, PredictSettings


class Work(NamedTuple):
    """What is done with every image of a run; it crosses to other processes, so it names files."""

    run: str
    """Another for each run: what a process remembers of one is not used for the next."""
    model: Path
    seen_as: InputSettings
    """How the model sees the images, whatever its card says."""
    out: Path
    settings: PredictSettings
    mask: MaskSettings
    reading: Reading
    with_probabilities: bool
    with_measurements: bool = False
    with_rois: bool = False

    def load(self) -> Model:
        """The model, which sees images as is wanted."""
        model = read_model(self.model)
        return replace(model, card=model.card.model_copy(update={"input": self.seen_as}))

    def segmenting(
        self, model: Model, image: Path, elsewhere: Elsewhere | None = None
    ) -> Generator[Event, None, Segmented]:
        """The job of one image in this process; see `napari_unet.inference.files.segmenting`."""
        return segmenting(
            model,
            image,
            self.out,
            self.settings,
            self.mask,
            reading=self.reading,
            with_probabilities=self.with_probabilities,
            with_measurements=self.with_measurements,
            with_rois=self.with_rois,
            elsewhere=elsewhere,
        )


def predict_file(work: Work, image: Path) -> tuple[Segmented, list[Notice]]:
    """Segment an image file in a process of a cluster; what was made, and what is to be said of it.

    Done twice it gives the same files, each of which is written whole or not at all: so it can be
    done anew where a process died in the middle.

    Raises
    ------
    ValueError
        As from `napari_unet.inference.files.segmenting`.
    """
    torch.set_num_threads(1)
    notices: list[Notice] = []

    def listen(event: Event) -> None:
        if isinstance(event, Notice):
            notices.append(event)

    made = finish(work.segmenting(_model(work), image), listen)
    return made, notices


def predict_tile(work: Work, image: Path, plane: int, box: Box) -> tuple[np.ndarray, list[Notice]]:
    """Run the network on a box of a large image in a process of a cluster.

    Parameters
    ----------
    work
        What is done with every image.
    image
        What `napari_unet.images.stores.is_large` says yes to.
    plane, box
        Of a `TileDone`: the box is a core of one tile, so its halo is the same as in one process.

    Returns
    -------
    float32, (class, y, x), and what is to be said.
    """
    torch.set_num_threads(1)
    prepared, size = _plane(work, image, plane)
    top, left, bottom, right = box
    classes = _model(work).card.network_settings.classes
    found = np.empty((classes, bottom - top, right - left), np.float32)
    notices: list[Notice] = []
    wanted = Wanted(size, region=box, gaze=None, skip=set())
    for part in within_memory(_network(work), prepared, work.settings, wanted):
        if isinstance(part, Notice):
            notices.append(part)
            continue
        (y0, x0, y1, x1), probabilities = part  # smaller than the box where memory was short
        found[:, y0 - top : y1 - top, x0 - left : x1 - left] = probabilities
    return found, notices


@lru_cache(maxsize=1)
def _network(work: Work) -> Network:
    """The network on its device; where the GPU's memory was too small it stays on the CPU."""
    return ready_network(_model(work), work.settings)


@lru_cache(maxsize=2)
def _plane(work: Work, image: Path, plane: int) -> tuple[PreparedPlane, Size]:
    """A plane as the model sees it, its percentiles found once, and the size of the answer."""
    model = _model(work)
    pixels = open_source(image, work.reading).planes()[plane]
    return PreparedPlane(pixels, model.card), plane_size(pixels, model.card)


@lru_cache(maxsize=1)
def _model(work: Work) -> Model:
    """The model, read once in each process."""
    return work.load()
