"""What the right input is worth without any training: polarity, scale, and how objects are split.

``python -m benchmarks.inputs --out benchmarks/inputs.json`` takes one region of 256 x 256 pixels of
a training image, lets the program find the input that suits the model, and scores the model with
and without it on held-out images. The models are the starter U-Net, which has learnt stained tissue
and brightfield too, and one that has seen fluorescence alone: 500 steps of four patches of 128
pixels, kept in ``runs/``. Rows that the file already holds are not measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from benchmarks.data import Annotated, load
from benchmarks.starters import report
from napari_unet.models.archive import read_model, write_model
from napari_unet.models.library import DEFAULT_MODEL, load_model
from napari_unet.models.model import Model
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import finish
from napari_unet.schema.settings import NetworkSettings, TrainSettings
from napari_unet.training.auto_input import find_input, shown_so
from napari_unet.training.evaluate import evaluate
from napari_unet.training.examples import make_example
from napari_unet.training.new_model import new_model

SIDE = 256
BASE = Path("runs") / "fluorescence-unet.safetensors"
KINDS = ("he_white_bg", "he_purple_bg", "brightfield", "isbi2012")
REGIONS = 3
"""Each from another training image: the worst of them counts."""


class Part(NamedTuple):
    """One kind of image."""

    train: list[Annotated]
    val: list[Annotated]


def fluorescence_only() -> Model:
    """A model that knows fluorescence and nothing else."""
    if not BASE.exists():
        images = [a for a in load("dsb2018", "train") if a.kind == "fluorescence"]
        job = new_model(
            "unet",
            NetworkSettings(),
            TrainSettings(steps=500, batch=4, patch_px=128, device="cpu"),
            [make_example(a.image, a.labels) for a in images],
            name="Fluorescence only",
            data=f"{len(images)} fluorescence images of dsb2018's train split",
        )
        BASE.parent.mkdir(exist_ok=True)
        write_model(finish(job, report), BASE)
    return read_model(BASE)


def part(kind: str) -> Part:
    """The images of a kind."""
    data = kind if kind == "isbi2012" else "dsb2018"
    both = (load(data, "train"), load(data, "val"))
    return Part(*([a for a in images if kind in (data, a.kind)] for images in both))


def region(image: Annotated) -> Correction:
    """The true labels of the middle of an image, as if a person had corrected it."""
    known = np.zeros(image.labels.shape, np.uint8)
    height, width = image.labels.shape
    top, left = max(0, (height - SIDE) // 2), max(0, (width - SIDE) // 2)
    known[top : top + SIDE, left : left + SIDE] = 1
    return Correction(image_id=image.id, image=image.image, labels=image.labels, known=known)


def scores(model: Model, images: list[Annotated]) -> dict[str, float]:
    """IoU, mean of images, and AP50 of all objects together."""
    found = evaluate(model, [(a.image, a.labels) for a in images], device="cpu").scores
    f1 = found.f1_50 or 0.0
    return {"iou": round(found.iou, 4), "ap50": round(f1 / (2 - f1), 4)}


def measure(name: str, model: Model, kind: str, images: Part) -> dict[str, Any]:
    """One model on one kind of image: as it is, and with the input found on each region."""
    spread = images.train[:: max(1, len(images.train) // REGIONS)][:REGIONS]
    tried, known = [], dict[tuple[object, ...], dict[str, float]]()
    for image in spread:
        start = time.process_time()
        found = find_input(model, [region(image)], "cpu")
        seconds = round(time.process_time() - start, 2)
        choice = (found.inverted, found.scale, found.split)
        if choice not in known:
            known[choice] = scores(replace(model, card=shown_so(model.card, found)), images.val)
        tried.append({**found.model_dump(), "seconds": seconds, **known[choice]})
        print(name, kind, tried[-1], flush=True)
    before = scores(model, images.val)
    return {"model": name, "kind": kind, "images": len(images.val), "as it is": before} | {
        "found": tried
    }


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    rows = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    models = {"fluorescence only": fluorescence_only(), "starter": load_model(DEFAULT_MODEL)}
    for kind in KINDS:
        images = part(kind)
        for name, model in models.items():
            if f"{name} {kind}" not in rows:
                rows[f"{name} {kind}"] = measure(name, model, kind, images)
                arguments.out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
