"""Make the starter models that ship in the package, and score them.

``python -m benchmarks.starters nuclei-unet`` (or ``nuclei-unetplusplus``) trains on dsb2018's train
split, scores the model on its val split and writes it to ``napari_unet/starters``. A run that was
interrupted goes on from its checkpoint in ``runs/`` when the command is given again, and a model
that is there is only scored again. About an hour on one core of a CPU with AMX.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.data import Annotated, load
from napari_unet.images.metrics import combine
from napari_unet.images.normalize import normalize
from napari_unet.models.archive import read_model, write_model
from napari_unet.models.library import shipped_folder
from napari_unet.models.model import Model
from napari_unet.schema.events import Event, StepDone, finish
from napari_unet.schema.settings import (
    AugmentSettings,
    MaskSettings,
    NetworkSettings,
    TrainSettings,
)
from napari_unet.training.examples import make_example
from napari_unet.training.new_model import new_model
from napari_unet.training.scoring import Exam, agreements

STARTERS = {
    "nuclei-unet": ("unet", NetworkSettings(), "Nuclei (U-Net)"),
    "nuclei-unetplusplus": (
        "unet++",
        NetworkSettings(upsampling="bilinear", deep_supervision=True),
        "Nuclei (UNet++)",
    ),
}
SHARE = {"fluorescence": 0.5, "he_white_bg": 0.25, "he_purple_bg": 0.1, "brightfield": 0.15}
"""How often a patch comes from each kind; by number of images it would be 82, 13, 2 and 2 %."""


def train_starter(name: str, seconds: float, steps: int, checkpoint: Path) -> Model:
    """Train a starter model, or go on with it."""
    network, network_settings, shown = STARTERS[name]
    images = load("dsb2018", "train")
    count = Counter(a.kind for a in images)
    settings = TrainSettings(
        steps=steps,
        seconds=seconds,
        batch=6,
        patch_px=160,
        device="cpu",
        replay_pack=False,  # the data may not ship; see benchmarks.packs
        augment=AugmentSettings(scale=1.5),
    )
    job = new_model(
        network,
        network_settings,
        settings,
        [make_example(a.image, a.labels) for a in images],
        chances=[SHARE[a.kind] / count[a.kind] for a in images],
        checkpoint=checkpoint,
        name=shown,
        description="Nuclei in fluorescence, stained tissue and brightfield, grey or colour.",
        data="2018 Data Science Bowl, stage 1 train (BBBC038), corrected by K. Lopuhin and "
        f"contributors: {len(images)} of 664 images",
        licence="CC0-1.0 (data), BSD-3-Clause (parameters)",
    )
    return finish(job, report)


def report(event: Event) -> None:
    """A line every 200 steps."""
    if isinstance(event, StepDone) and event.step % 200 == 0:
        clock = time.strftime("%H:%M:%S")
        print(clock, event.step, f"{event.loss:.4f} {event.learning_rate:.2e}", flush=True)


def scored(model: Model, images: list[Annotated], mask: MaskSettings) -> Model:
    """The model with its scores on these images in its card, together and by kind."""
    exams = [Exam(normalize(a.image), a.labels, a.labels >= 0) for a in images]
    found = list(agreements(model.network(), exams, mask))
    kinds = {
        kind: combine([f for f, a in zip(found, images, strict=True) if a.kind == kind])
        for kind in sorted({a.kind for a in images})
    }
    update = {"mask": mask, "scores": combine(found), "scores_by_kind": kinds}
    return replace(model, card=model.card.model_copy(update=update))


def main() -> None:
    """Train, score, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=STARTERS)
    parser.add_argument("--seconds", type=float, default=3300)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=shipped_folder())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    Path("runs").mkdir(exist_ok=True)
    path = arguments.out / f"{arguments.name}.safetensors"
    if path.exists():
        model = read_model(path)
    else:
        checkpoint = Path("runs") / f"{arguments.name}.checkpoint"
        model = train_starter(arguments.name, arguments.seconds, arguments.steps, checkpoint)
    model = scored(model, load("dsb2018", "val"), MaskSettings())
    path.unlink(missing_ok=True)
    write_model(model, path)
    print(model.card.model_dump_json(indent=1))


if __name__ == "__main__":
    main()
