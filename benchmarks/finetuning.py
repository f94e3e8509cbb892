"""What one corrected region teaches: fine-tuning on image kinds that the model never saw.

``python -m benchmarks.finetuning --out benchmarks/finetuning.json`` corrects one region of 256 x
256 pixels of one training image, fine-tunes the starter model on it with the default settings (120
seconds at most), and scores both models on the data set's held-out images. Rows that the file
already holds are not run again.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.data import Annotated, load
from benchmarks.tables import fine_tuning_row
from napari_unet.models.library import DEFAULT_MODEL, load_model
from napari_unet.models.model import Model
from napari_unet.schema.correction import Correction
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.training.evaluate import evaluate
from napari_unet.training.finetune import fine_tune

REGIONS = {
    "isbi2012": [("00", (128, 128)), ("08", (0, 200)), ("16", (256, 64))],
    "dic_hela": [("t000", (128, 128)), ("t020", (0, 200)), ("t040", (256, 64))],
}
"""For each seed: an image of the training split, and the upper left corner of its region."""
SIDE = 256


def scores(model: Model, images: list[Annotated]) -> dict[str, Any]:
    """The model's scores on these images, as it segments them by default."""
    found = evaluate(model, [(a.image, a.labels) for a in images], device="cpu")
    return found.scores.model_dump()


def corrected(image: Annotated, corner: tuple[int, int]) -> Correction:
    """The true labels of one region, as if a person had corrected it."""
    known = np.zeros(image.labels.shape, np.uint8)
    known[corner[0] : corner[0] + SIDE, corner[1] : corner[1] + SIDE] = 1
    return Correction(image_id=image.id, image=image.image, labels=image.labels, known=known)


def measure(base: Model, name: str, seed: int, settings: FineTuneSettings) -> dict[str, Any]:
    """One row: fine-tune on one region and score on held-out images."""
    wanted, corner = REGIONS[name][seed]
    source = next(a for a in load(name, "train") if a.id == wanted)
    result = fine_tune(base, [corrected(source, corner)], settings)
    held_out, old = (
        load(name, "val")[:: 1 if name == "isbi2012" else 4],
        load("dsb2018", "val")[::5],
    )
    return {
        "data": name,
        "seed": seed,
        "before": scores(base, held_out),
        "after": scores(result.model, held_out),
        "old_before": scores(base, old),
        "old_after": scores(result.model, old),
        "verdict": result.proof.sentence,
        "split_touching": result.model.card.mask.split_touching,
        "steps": result.steps,
        "seconds": result.seconds,
        "threads": torch.get_num_threads(),
    }


def main() -> None:
    """Measure what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--steps", type=int)
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    rows = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    base = load_model(arguments.model)
    for name in REGIONS:
        for seed in range(3):
            if f"{name} {seed}" not in rows:
                settings = FineTuneSettings(
                    seconds=arguments.seconds, steps=arguments.steps, seed=seed, device="cpu"
                )
                rows[f"{name} {seed}"] = measure(base, name, seed, settings)
                arguments.out.write_text(json.dumps(rows, indent=1))
            print(fine_tuning_row(rows[f"{name} {seed}"]), flush=True)


if __name__ == "__main__":
    main()
