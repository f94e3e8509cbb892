"""What the queue saves: a simulated person corrects in its order, at random, and line by line.

``python -m benchmarks.queue --out benchmarks/queue.json`` lets the person of
`benchmarks.annotator` look at the objects of some images in three orders. It notes what the mask is
like after each look, and how a model that was fine-tuned on what is known after a number of looks
does on other images. Rows that the file already holds are not run again.

dsb2018: every other image of the val split (its upper left 256 x 256 pixels); tuned models are
scored on the others. The starter model knows these kinds of image, so tuning cannot show what
corrections are worth: *forgotten* starts with a model that has forgotten them over one region of
dic_hela. dic_hela: the starter model sees next to nothing there, so it is first tuned on one region
as in `benchmarks.finetuning`; the person looks at seven frames of the train split; tuned models are
scored on every fourth frame of the val split.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.annotator import ORDERS, Desk, Look
from benchmarks.data import Annotated, load
from benchmarks.finetuning import REGIONS, corrected, scores
from napari_unet.models.library import DEFAULT_MODEL, load_model
from napari_unet.models.model import Model
from napari_unet.schema.correction import Correction
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.training.finetune import fine_tune

SEEDS = range(3)
CROP_PX = 256
Row = dict[str, Any]


class Case(NamedTuple):
    """A data set with what the person starts from."""

    source: list[Annotated]
    held_out: list[Annotated]
    start: Callable[[int], tuple[Model, list[Correction]]]
    """For a seed: the first model, and what it was tuned on."""
    looks: tuple[int, ...]
    """After so many looks a model is tuned."""
    steps: int
    """Of each tuning, whatever is known, so that only that differs."""
    every: int
    """The mask is noted after so many looks each."""


def nuclei() -> Case:
    """More images of the kinds that the starter model knows."""
    source, held_out = _nuclei()
    return Case(source, held_out, lambda seed: (load_model(DEFAULT_MODEL), []), (60,), 60, 10)


def forgotten() -> Case:
    """The same images, with a model that has forgotten them over one region of dic_hela."""
    source, held_out = _nuclei()
    return Case(source, held_out, lambda seed: (_tuned(seed)[0], []), (20, 80), 120, 10)


def cells() -> Case:
    """A kind that the starter model does not know, after one region of it."""
    source, held_out = load("dic_hela", "train")[5::9], load("dic_hela", "val")[::4]
    return Case(source, held_out, _tuned, (4, 12), 160, 1)


CASES = {"dic_hela": cells, "forgotten": forgotten, "dsb2018": nuclei}


def _nuclei() -> tuple[list[Annotated], list[Annotated]]:
    part = (slice(CROP_PX), slice(CROP_PX))
    images = [
        a._replace(image=a.image[part], labels=a.labels[part]) for a in load("dsb2018", "val")
    ]
    return images[::2], images[1::2]


def _tuned(seed: int) -> tuple[Model, list[Correction]]:
    """The starter model after one region of dic_hela, and that region."""
    wanted, corner = REGIONS["dic_hela"][seed]
    region = corrected(next(a for a in load("dic_hela", "train") if a.id == wanted), corner)
    settings = FineTuneSettings(seed=seed, device="cpu")
    return fine_tune(load_model(DEFAULT_MODEL), [region], settings).model, [region]


def wanted(name: str, looks: tuple[int, ...], seed: int) -> list[str]:
    """The rows of one seed."""
    rows = [f"{name} {seed} {order}" for order in ORDERS]
    return [*rows, *(f"{row} tuned {k}" for row in rows for k in looks)]


def measure(case: Case, name: str, seed: int, rows: Row, save: Callable[[], None]) -> None:
    """All rows of one seed that are still missing."""
    if all(row in rows for row in wanted(name, case.looks, seed)):
        return
    model, before = case.start(seed)
    desk = Desk(case.source, model)
    if f"{name} {seed}" not in rows:
        rows[f"{name} {seed}"] = scores(model, case.held_out)
        save()
    for order in ORDERS:
        person = desk.person(seed)
        noted: list[Look] = []
        row = f"{name} {seed} {order}"
        for look in person.look(order):
            noted.append(look)
            tuned = f"{row} tuned {look.looks}"
            if look.looks in case.looks and tuned not in rows:
                known = [*before, *person.corrections()]
                rows[tuned] = look._asdict() | taught(model, known, seed, case)
                print(tuned, rows[tuned], flush=True)
                save()
        rows[row] = [*noted[:: case.every], noted[-1]]
        save()


def taught(model: Model, known: list[Correction], seed: int, case: Case) -> dict[str, Any]:
    """Tune a model on what is known, and score it on other images."""
    start = time.monotonic()
    settings = FineTuneSettings(seed=seed, steps=case.steps, seconds=600, device="cpu")
    result = fine_tune(model, known, settings)
    seconds = time.monotonic() - start
    return {"held_out": scores(result.model, case.held_out), "seconds": seconds}


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    rows = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}

    def save() -> None:
        arguments.out.write_text(json.dumps(rows))

    cases = {name: make() for name, make in CASES.items()}
    for seed in SEEDS:
        for name, case in cases.items():
            measure(case, name, seed, rows, save)


if __name__ == "__main__":
    main()
