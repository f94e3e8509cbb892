"""What a fine-tuned model forgets: without replay, with a synthetic pack, with the user's own.

``python -m benchmarks.forgetting --out benchmarks/forgetting.json`` corrects one region of 256 x
256 pixels as `benchmarks.finetuning` does, and fine-tunes the starter model on it with the steps of
the product, three times: without a replay pack, with the synthetic one that ships, and with one of
pictures of dsb2018's train split, as a user's own model has it. All are scored on every fifth val
image of dsb2018, and on the new data set's held-out images. Rows that the file already holds are
not run again.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.data import load
from benchmarks.finetuning import REGIONS, corrected, scores
from benchmarks.starters import SHARE as OF_KINDS
from napari_unet.models.library import DEFAULT_MODEL, load_model
from napari_unet.models.model import Model
from napari_unet.models.pack import Pack
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.training.examples import make_example
from napari_unet.training.finetune import fine_tune
from napari_unet.training.new_model import PICTURES
from napari_unet.training.packing import pack_of

PACKS = ("none", "synthetic", "own")
SEEDS = range(3)


def own_pack() -> Pack:
    """The pack of a model that a user trained on dsb2018: pictures of its train split."""
    images = load("dsb2018", "train")
    count = Counter(a.kind for a in images)
    chances = np.array([OF_KINDS[a.kind] / count[a.kind] for a in images])
    random = np.random.default_rng(0)
    chosen = random.choice(len(images), PICTURES, replace=False, p=chances / chances.sum())
    return pack_of([make_example(images[i].image, images[i].labels) for i in chosen], PICTURES)


def measure(model: Model, pack: str, name: str, seed: int) -> dict[str, Any]:
    """One row: fine-tune on one region; score on new and old images."""
    wanted, corner = REGIONS[name][seed]
    source = next(a for a in load(name, "train") if a.id == wanted)
    settings = FineTuneSettings(seconds=3600, seed=seed, device="cpu", auto_input=False)
    result = fine_tune(model, [corrected(source, corner)], settings)
    new = load(name, "val")[:: 1 if name == "isbi2012" else 4]
    return {
        "data": name,
        "pack": pack,
        "seed": seed,
        "new": scores(result.model, new),
        "old": scores(result.model, load("dsb2018", "val")[::5]),
        "pack_before": result.proof.replay_before,
        "pack_after": result.proof.replay_after,
        "steps": result.steps,
        "seconds": result.seconds,
    }


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    rows = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    shipped = load_model(DEFAULT_MODEL)
    if "before" not in rows:
        rows["before"] = scores(shipped, load("dsb2018", "val")[::5])
    packs = {"none": None, "synthetic": shipped.pack, "own": own_pack()}
    for seed in SEEDS:
        for name in REGIONS:
            for pack in PACKS:
                row = f"{name} {seed} {pack}"
                if row not in rows:
                    rows[row] = measure(replace(shipped, pack=packs[pack]), pack, name, seed)
                    arguments.out.write_text(json.dumps(rows, indent=1))
                print(row, rows[row]["old"]["iou"], rows[row]["new"]["iou"], flush=True)


if __name__ == "__main__":
    main()
