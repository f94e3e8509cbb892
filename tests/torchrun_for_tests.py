"""What each process of tests/training/test_distributed.py does: one training after the other.

``torchrun ... -m tests.torchrun_for_tests FOLDER``; each writes what it has reached to the folder.
"""

import math
import sys
from pathlib import Path
from unittest import mock

import torch

from napari_unet import disk
from napari_unet.cli import main
from napari_unet.images.samples import cells
from napari_unet.networks.build import build_network
from napari_unet.schema.events import StepDone, StopEarly, finish
from napari_unet.schema.model_card import Scores
from napari_unet.schema.settings import LossSettings, NetworkSettings, TrainSettings
from napari_unet.training import memory, step
from napari_unet.training import train as loop
from napari_unet.training.distributed import ALONE, together
from napari_unet.training.examples import make_example
from napari_unet.training.patches import PatchSampler
from napari_unet.training.train import train

PATCH_PX = 32
ENDLESS = 100_000
JUDGEMENTS = (0.5, 0.6, 0.4, 0.3, 0.9)
"""Patience of two ends a training after the fourth."""
MISFORTUNE = "The second process met bad luck: try again."
NETWORKS = {
    "unet": NetworkSettings(features=4, depth=3),
    "unet++": NetworkSettings(features=2, depth=3, classes=3, deep_supervision=True),
}

SEVERAL_CLASSES = {"name": "unet++", "loss": "tversky", "steps": 3}
"""With several heads, and a loss that is no mean over patches."""


def training(name, world=ALONE, steps=4, loss="border-weighted-ce+dice", batch=4, **more):
    """The job of a small training; a quarter of an image is unknown, so that patches differ.

    Adam would hide a gradient that is a multiple of the true one, and enlarge rounding.
    """
    chosen = {key: more.pop(key) for key in list(more) if key in TrainSettings.model_fields}
    settings = TrainSettings(
        steps=steps, batch=batch, patch_px=PATCH_PX, device="cpu", loss=LossSettings(loss=loss),
        optimizer="sgd", momentum=0.9, learning_rate=0.1, **chosen,
    )  # fmt: skip
    examples = []
    for seed in (0, 1):
        image, labels = cells((96, 96), seed=seed)
        known = torch.ones(labels.shape, dtype=torch.bool).numpy()
        known[:48, : 48 * seed] = False
        classes = NETWORKS[name].classes
        truth = labels % classes if classes > 1 else labels
        examples.append(make_example(image, truth, known, classes=classes, loss=settings.loss))
    sampler = PatchSampler(
        examples, batch=batch, patch_px=PATCH_PX, settings=settings.augment, share=world.share
    )
    return train(build_network(name, NETWORKS[name]), sampler, settings, world=world, **more)


def long_floats():
    """Within this nothing is learnt in short floats, which round the part of each process anew."""
    return mock.patch.object(step, "half_precision", return_value=None)


def learn(world, **more):
    return finish(training(world=world, **more)).parameters


def interrupted(world, state):
    """A run that loses its processes in the third step, and goes on; and who wrote its state."""
    writes = []
    loop.CHECKPOINT_EVERY_S, disk.watch = 0, writes.append
    job = training("unet", world, checkpoint=state)
    next(event for event in job if isinstance(event, StepDone) and event.step == 3)
    job.close()
    parameters = learn(world, name="unet", checkpoint=state)
    loop.CHECKPOINT_EVERY_S = 30
    return {"resumed": parameters, "writes": len(writes)}


def stopped(world):
    """Steps of a run that is stopped in the first process alone, at its third step."""
    job = training("unet", world, steps=ENDLESS)
    if world.is_first:
        next(event for event in job if isinstance(event, StepDone) and event.step == 3)
        job.throw(StopEarly())
    return finish(job).step


def judged(world):
    """Steps of a run that runs out of patience, and how often this process judged."""
    scores = [Scores(iou=iou, dice=iou, images=1) for iou in JUDGEMENTS]
    asked = []

    def judge(network):
        asked.append(network)
        return scores[len(asked) - 1]

    job = training("unet", world, steps=5, patience=2, validate=judge, validations=5)
    trained = finish(job)
    return {"patient": trained.step, "asked": len(asked), "best": trained.scores.iou}


def timed(world):
    """Steps of a run whose time is up in the first process long before it is in the others."""
    return finish(training("unet", world, ENDLESS, seconds=0.2 if world.is_first else 600.0)).step


def blinded(world):
    """Steps of a run that is shown no numbers in the second process, in its third step."""
    real = PatchSampler.draw

    def draw(sampler, step):
        batch = real(sampler, step)
        is_blind = step == 2 and not world.is_first
        return batch._replace(images=batch.images * math.nan) if is_blind else batch

    with mock.patch.object(PatchSampler, "draw", draw):
        trained = finish(training("unet", world))
    return {"seen": trained.step, "last good": trained.parameters}


def learnt_together(world, folder):
    return {
        "unet": learn(world, name="unet"),
        "unet++": learn(world, **SEVERAL_CLASSES),
        "stopped": stopped(world),
        "timed": timed(world),
        **judged(world),
        **blinded(world),
        **interrupted(world, folder / "state"),
    }


def fail_at(step, real):
    """A step of training that fails in the end."""
    done = []

    def train_step(*arguments):
        done.append(arguments)
        if len(done) == step:
            raise ValueError(MISFORTUNE)
        return real(*arguments)

    return train_step


def work(folder):
    with together("cpu") as world, long_floats():
        torch.save(learnt_together(world, folder), folder / f"{world.rank}.pt")
    common = [
        "train", "--images", str(folder), "--features", "2", "--depth", "2", "--patch", "32",
        "--batch", "2", "--device", "cpu", "--steps", "3",
    ]  # fmt: skip
    for name in ("good", "bad"):
        if name == "bad" and not world.is_first:
            memory.train_step = fail_at(2, memory.train_step)
        status = main([*common, "--out", str(folder / f"{name}.safetensors")])
        (folder / f"{name}{world.rank}.status").write_text(str(status))
    return status


if __name__ == "__main__":
    sys.exit(work(Path(sys.argv[1])))
