"""What is done with every image of a run, in this process or in those of a cluster."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch

from napari_unet.inference.files import Reading, Segmented, segmenting
from napari_unet.models.archive import read_model
from napari_unet.models.model import Model
from napari_unet.schema.events import Event, Notice, finish
from napari_unet.schema.input import InputSettings
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

    def load(self) -> Model:
        """The model, which sees images as is wanted."""
        model = read_model(self.model)
        return replace(model, card=model.card.model_copy(update={"input": self.seen_as}))

    def segmenting(self, model: Model, image: Path) -> Generator[Event, None, Segmented]:
        """The job of one image in this process; see `napari_unet.inference.files.segmenting`."""
        return segmenting(
            model,
            image,
            self.out,
            self.settings,
            self.mask,
            reading=self.reading,
            with_probabilities=self.with_probabilities,
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


@lru_cache(maxsize=1)
def _model(work: Work) -> Model:
    """The model, read once in each process."""
    return work.load()
