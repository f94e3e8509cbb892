"""Kinds of image that are new to a model, models that do not know them, and how both are scored."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.data import Annotated, load
from napari_unet.images.instances import instances
from napari_unet.images.metrics import Agreement, combine, compare
from napari_unet.inference.predict import predict
from napari_unet.models.archive import read_model, write_model
from napari_unet.models.library import DEFAULT_MODEL, load_model
from napari_unet.models.model import Model
from napari_unet.schema.events import Event, StepDone, finish
from napari_unet.schema.model_card import Scores
from napari_unet.schema.settings import NetworkSettings, PredictSettings, TrainSettings
from napari_unet.training.examples import make_example
from napari_unet.training.new_model import new_model

RUNS = Path("runs")
BASE_STEPS = 1000


class Kind(NamedTuple):
    """A kind of image to learn, and the model that does not know it yet."""

    data: str
    modalities: tuple[str, ...]
    base: str
    """ "starter" or "fluorescence", see `base_model`."""

    def images(self, split: str) -> list[Annotated]:
        """Those of a split."""
        return [a for a in _loaded(self.data, split) if a.kind in self.modalities]

    def old_images(self) -> list[Annotated]:
        """Some val images of the kinds that its model knows: what it may forget."""
        known = _loaded("dsb2018", "val")
        if self.base == "fluorescence":
            return [a for a in known if a.kind == "fluorescence"][::4]
        return known[::5]


KINDS = {
    "isbi2012": Kind("isbi2012", ("ssTEM",), "starter"),
    "dic_hela": Kind("dic_hela", ("DIC",), "starter"),
    "tissue": Kind("dsb2018", ("he_white_bg", "he_purple_bg"), "fluorescence"),
    "brightfield": Kind("dsb2018", ("brightfield",), "fluorescence"),
}


@cache
def _loaded(data: str, split: str) -> list[Annotated]:
    return load(data, split)


@cache
def base_model(name: str, runs: Path = RUNS) -> Model:
    """The starter model that ships, or the one of `train_fluorescence`."""
    if name == "starter":
        return load_model(DEFAULT_MODEL)
    path = runs / "fluorescence.safetensors"
    if not path.exists():
        raise SystemExit(f"{path} is not there: make it with python -m benchmarks.learning --base")
    return read_model(path)


def train_fluorescence(runs: Path = RUNS, steps: int = BASE_STEPS) -> Path:
    """Train a U-Net on the fluorescence images of dsb2018, unless it is there; it goes on if cut.

    Ten minutes on one core.
    """
    runs.mkdir(exist_ok=True)
    path = runs / "fluorescence.safetensors"
    if not path.exists():
        images = [a for a in _loaded("dsb2018", "train") if a.kind == "fluorescence"]
        job = new_model(
            "unet",
            NetworkSettings(),
            TrainSettings(steps=steps, batch=6, patch_px=128, device="cpu"),
            [make_example(a.image, a.labels) for a in images],
            checkpoint=runs / "fluorescence.checkpoint",
            name="Nuclei in fluorescence",
            data=f"dsb2018: {len(images)} fluorescence images of the train split",
        )
        write_model(finish(job, _report), path)
    return path


def _report(event: Event) -> None:
    if isinstance(event, StepDone) and event.step % 50 == 0:
        print(event.step, f"loss {event.loss:.4f}", flush=True)


def mask_of(model: Model, image: np.ndarray) -> np.ndarray:
    """What a model shows by itself, (y, x)."""
    return instances(_probabilities(model, image), model.card.mask)


def score(model: Model, images: Sequence[Annotated]) -> dict[str, Any]:
    """IoU, and AP50 of all objects together: as the model's card says, as components, split."""
    settings = {
        "chosen": model.card.mask,
        "components": model.card.mask.model_copy(update={"split_touching": False}),
        "split": model.card.mask.model_copy(update={"split_touching": True}),
    }
    found: dict[str, list[Agreement]] = {name: [] for name in settings}
    for a in images:
        probabilities = _probabilities(model, a.image)
        for name, mask in settings.items():
            found[name].append(compare(instances(probabilities, mask), a.labels))
    scores = {name: combine(agreements) for name, agreements in found.items()}
    return {
        "iou": scores["chosen"].iou,
        "images": len(images),
        "ap50": {name: ap50(of) for name, of in scores.items()},
        "is_split": model.card.mask.split_touching,
    }


def ap50(scores: Scores) -> float:
    """TP / (TP + FP + FN) at an IoU of 0.5; the object F1 is 2 TP / (2 TP + FP + FN)."""
    f1 = scores.f1_50 or 0.0
    return f1 / (2 - f1)


def _probabilities(model: Model, image: np.ndarray) -> np.ndarray:
    return predict(image, model, PredictSettings(device="cpu")).probabilities


def fingerprint(model: Model) -> str:
    """Eight digits that tell models with other parameters apart."""
    digest = hashlib.sha256()
    for name in sorted(model.parameters):
        digest.update(name.encode())
        digest.update(model.parameters[name].contiguous().numpy().tobytes())
    return digest.hexdigest()[:8]
