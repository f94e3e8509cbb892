"""Whether the gate keeps bad models out, and lets good ones in.

``python -m benchmarks.gate --out benchmarks/gate.json`` fine-tunes a small U-Net that knows
synthetic nuclei (bright on black) on one image, ten times rightly and five times in each of four
wrong ways, each time with another image, and asks whether the gate accepted the new model. What it
is worth in truth is measured on other images of the kind, with right labels. Rows that the file
already holds are not run again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import numpy as np
import torch

from napari_unet.images.samples import Look, cells
from napari_unet.models.model import Model
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Event, finish
from napari_unet.schema.settings import FineTuneSettings, NetworkSettings, TrainSettings
from napari_unet.training import preparation
from napari_unet.training.evaluate import evaluate
from napari_unet.training.examples import make_example
from napari_unet.training.finetune import fine_tune
from napari_unet.training.lesson import Lesson, prepare_lesson
from napari_unet.training.new_model import new_model

Kind = Literal["good", "shuffled", "strokes", "polarity", "rate"]
SEEDS: dict[Kind, int] = {"good": 10, "shuffled": 5, "strokes": 5, "polarity": 5, "rate": 5}
SIDE = 256
LOOKS: dict[Kind, Look] = {
    "good": "phase",
    "shuffled": "phase",
    "strokes": "phase",
    "polarity": "fluorescence",
    "rate": "fluorescence",
}
"""Of phase contrast the model has something to learn, of fluorescence it has much to lose."""
TOO_FAST = 1e-2


def base_model() -> Model:
    """What is fine-tuned: it has seen nothing but nuclei that are bright on black."""
    settings = TrainSettings(
        steps=300, batch=4, patch_px=96, learning_rate=3e-3, seed=0, device="cpu"
    )
    examples = [make_example(*cells((SIDE, SIDE), seed=7000 + n)) for n in range(8)]
    shape = NetworkSettings(features=8, depth=4)
    return finish(new_model("unet", shape, settings, examples, name="Bright nuclei"))


def right(image: np.ndarray, labels: np.ndarray, seed: int) -> Correction:
    """All of an image was corrected, and rightly."""
    return _correction(image, labels, np.ones(labels.shape, np.uint8), seed)


def shuffled(image: np.ndarray, labels: np.ndarray, seed: int) -> Correction:
    """Objects as they are, but in other places: the labels of another image."""
    return right(image, cells(image.shape, look="phase", seed=seed + 5000)[1], seed)


def strokes(image: np.ndarray, labels: np.ndarray, seed: int) -> Correction:
    """Only objects were painted, every other one, and nowhere background."""
    known = (labels > 0) & (labels % 2 == seed % 2)
    return _correction(image, labels, known.astype(np.uint8), seed)


def _correction(image: np.ndarray, labels: np.ndarray, known: np.ndarray, seed: int) -> Correction:
    return Correction(image_id=f"cells {seed}", image=image, labels=labels, known=known)


TOLD: dict[Kind, Callable[[np.ndarray, np.ndarray, int], Correction]] = {
    "good": right,
    "shuffled": shuffled,
    "strokes": strokes,
    "polarity": right,
    "rate": right,
}


@contextmanager
def spoiled(kind: Kind) -> Iterator[None]:
    """Let fine-tuning go wrong in a way that nobody can choose in the program."""
    planned = preparation.plan_of

    def hurried(*arguments: Any) -> TrainSettings:
        return planned(*arguments).model_copy(update={"learning_rate": TOO_FAST})

    def inverted(*arguments: Any) -> Generator[Event, None, Lesson]:
        """What it learns from is shown with dark and bright exchanged, what judges it as it is."""
        lesson = yield from prepare_lesson(*arguments)
        taught = [one._replace(image=1 - one.image) for one in lesson.examples]
        return lesson._replace(examples=taught)

    wrong: dict[Kind, tuple[str, Any]] = {
        "rate": ("plan_of", hurried),
        "polarity": ("prepare_lesson", inverted),
    }
    if kind not in wrong:
        yield
        return
    with patch.object(preparation, *wrong[kind]):
        yield


def measure(base: Model, kind: Kind, seed: int, settings: FineTuneSettings) -> dict[str, Any]:
    """One training, the verdict on it, and what it was worth."""
    look = LOOKS[kind]
    image, labels = cells((SIDE, SIDE), look=look, seed=1000 + 100 * list(SEEDS).index(kind) + seed)
    old = {name: value.clone() for name, value in base.parameters.items()}
    with spoiled(kind):
        tuned = fine_tune(base, [TOLD[kind](image, labels, seed)], settings)
    others = [cells((SIDE, SIDE), look=look, seed=9000 + n) for n in range(3)]
    worth = {
        when: evaluate(model, others, device="cpu").scores.f1_50
        for when, model in (("before", base), ("after", tuned.model))
    }
    return {
        "kind": kind,
        "seed": seed,
        "untouched": all(torch.equal(old[name], base.parameters[name]) for name in old),
        **tuned.proof.model_dump(
            include={"accepted", "sentence", "held_out_objects", "interval", "collapsed"}
        ),
        "held_out": {
            "before": tuned.proof.before.model_dump(exclude_none=True),
            "after": tuned.proof.after.model_dump(exclude_none=True),
        },
        "others_f1": worth,
        "steps": tuned.steps,
        "seconds": round(tuned.seconds, 1),
    }


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=60)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    base = base_model()
    for seed in range(max(SEEDS.values())):
        for kind, many in SEEDS.items():
            if seed < many and f"{kind} {seed}" not in rows:
                settings = FineTuneSettings(
                    steps=arguments.steps, seconds=3600, seed=seed, device="cpu"
                )
                row = measure(base, kind, seed, settings)
                rows[f"{kind} {seed}"] = row
                arguments.out.write_text(json.dumps(rows, indent=1) + "\n")
                print(kind, seed, row["others_f1"], row["sentence"], row["seconds"], flush=True)


if __name__ == "__main__":
    main()
