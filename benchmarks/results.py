"""Train what the literature trained, and put our numbers beside its own.

``python -m benchmarks.results NAME ...`` makes rows in ``benchmarks/results/``, one file a row
(``--list`` names them). A row that is there is not made again, and a run that was interrupted goes
on from its checkpoint in ``runs/``; so the command can be given again and again, and several can
work side by side. ``python -m benchmarks.tables`` writes the table.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from benchmarks.data import load
from napari_unet.images.class_metrics import confusion, scores_of
from napari_unet.images.metrics import membrane_scores
from napari_unet.inference.predict import predict
from napari_unet.models.archive import read_model, write_model
from napari_unet.models.library import shipped_folder
from napari_unet.models.model import Model
from napari_unet.networks.build import build_network, network_settings
from napari_unet.networks.network import Network
from napari_unet.schema.events import Event, StepDone, Validated, finish
from napari_unet.schema.model_card import Scores
from napari_unet.schema.settings import (
    AugmentSettings,
    NetworkSettings,
    PredictSettings,
    TrainSettings,
)
from napari_unet.training.card import card_of_training
from napari_unet.training.examples import Example, make_example
from napari_unet.training.new_model import new_model
from napari_unet.training.patches import PatchSampler
from napari_unet.training.recipes import read_recipe
from napari_unet.training.train import train

RUNS, ROWS = Path("runs"), Path(__file__).with_name("results")
SIDE_PX = 96
Row = dict[str, Any]


# nuclei at 96 x 96 pixels


@cache
def nuclei(split: str, orientations: int = 1) -> list[Example]:
    """Colour images of dsb2018, resized, with the mask of all nuclei.

    Of its eight flips and quarter turns, each image comes in the first `orientations`. They are
    made before it is resized, which moves the mask against the image a little to the upper left.
    """
    return [
        _resized(_standardised(turn(a.image, k)), turn(a.labels > 0, k))
        for a in load("dsb2018", split, colour=True)
        for k in range(orientations)
    ]


def turn(image: np.ndarray, orientation: int) -> np.ndarray:
    """One of the eight flips and quarter turns of an image, (y, x, ...)."""
    mirrored = image[:, ::-1] if orientation >= 4 else image
    turned: np.ndarray = np.rot90(mirrored, orientation % 4).copy()
    return turned


def _standardised(image: np.ndarray) -> np.ndarray:
    """Float32, (channel, y, x), by the mean and spread of ImageNet's colours, as there."""
    mean, spread = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    scaled: np.ndarray = (image / 255 - mean) / spread
    return np.moveaxis(scaled, -1, 0).astype(np.float32)


def _resized(image: np.ndarray, mask: np.ndarray) -> Example:
    small = interpolate(torch.from_numpy(image)[None], (SIDE_PX, SIDE_PX), mode="bilinear")
    return Example(small[0], _resized_mask(mask), torch.ones(SIDE_PX, SIDE_PX))


def _resized_mask(mask: np.ndarray) -> Tensor:
    nearest = interpolate(torch.from_numpy(mask)[None, None].float(), (SIDE_PX, SIDE_PX))
    return nearest[0, 0].to(torch.uint8)


def batch_iou(network: Network) -> Scores:
    """IoU of a network on the images that judge."""
    was_training, images = network.training, torch.stack([e.image for e in nuclei("val")])
    network.eval()
    with torch.inference_mode():
        masks = torch.cat([network(part)[:, 0] > 0 for part in torch.split(images, 16)])
    network.train(was_training)
    iou = mean_iou(masks)
    return Scores(iou=iou, dice=2 * iou / (1 + iou), f1_50=iou, mean_ap=iou, images=len(images))


def mean_iou(masks: Tensor) -> float:
    """IoU as the re-implementation of UNet++ counts it: of batches of 16, then their mean."""
    truths, total = torch.stack([e.target > 0 for e in nuclei("val")]), 0.0
    for mask, truth in zip(torch.split(masks, 16), torch.split(truths, 16), strict=True):
        total += len(mask) * float((mask & truth).sum() / (mask | truth).sum())
    return total / len(masks)


def nuclei_96(
    network: str,
    shape: dict[str, Any],
    settings: TrainSettings,
    seed: int,
    name: str,
    *,
    orientations: int = 1,
) -> Row:
    """Train a network on the train split; the val split ends the training and judges it."""
    settings = settings.model_copy(update={"seed": seed, "device": "cpu"})
    size = NetworkSettings(**shape)
    sampler = PatchSampler(
        nuclei("train", orientations),
        batch=settings.batch,
        patch_px=settings.patch_px,
        settings=settings.augment,
        seed=seed,
    )
    built = build_network(network, size, seed)
    job = train(
        built, sampler, settings, validate=batch_iou, checkpoint=RUNS / f"{name}.checkpoint"
    )
    trained = finish(job, partial(report, name))
    card = card_of_training(
        name=name, network=network, network_settings=size, settings=settings, data="dsb2018"
    )
    (RUNS / f"{name}.safetensors").unlink(missing_ok=True)
    write_model(Model(card, trained.parameters), RUNS / f"{name}.safetensors")
    assert trained.scores is not None
    epochs = trained.step / sampler.steps_per_epoch * orientations
    return {"iou": trained.scores.iou, "epochs": round(epochs), "seconds": trained.seconds}


def nuclei_own_size(seed: int, name: str) -> Row:
    """The starter model on whole images; its masks are resized and judged as the others."""
    model = read_model(shipped_folder() / "nuclei-unet.safetensors")
    masks = []
    for a in load("dsb2018", "val"):
        mask = probabilities(model, a.image)[0] > model.card.mask.threshold
        masks.append(_resized_mask(mask) > 0)
    return {"iou": mean_iou(torch.stack(masks)), "seconds": model.card.recipe["seconds"]}


def report(name: str, event: Event) -> None:
    """A line each time that it is judged, and every 50 steps."""
    if isinstance(event, Validated):
        print(time.strftime("%H:%M:%S"), name, event.step, f"{event.scores.iou:.4f}", flush=True)
    elif isinstance(event, StepDone) and event.step % 50 == 0:
        print(time.strftime("%H:%M:%S"), name, event.step, f"loss {event.loss:.4f}", flush=True)


# whole images: a fixed number of steps, nothing chosen by the images that are scored


def from_images(
    data: str, column: str, shape: dict[str, Any], settings: TrainSettings, seed: int, name: str
) -> Model:
    """Train a U-Net on the train split of a data set."""
    size = NetworkSettings(**shape)
    settings = settings.model_copy(update={"seed": seed, "device": "cpu"})
    examples = [
        make_example(a.image, a.labels, classes=size.classes, loss=settings.loss)
        for a in load(data, "train", column)
    ]
    job = new_model(
        "unet",
        size,
        settings,
        examples,
        checkpoint=RUNS / f"{name}.checkpoint",
        name=name,
        data=data,
    )
    model = finish(job, partial(report, name))
    (RUNS / f"{name}.safetensors").unlink(missing_ok=True)
    write_model(model, RUNS / f"{name}.safetensors")
    return model


def probabilities(model: Model, image: np.ndarray, rotations: bool = False) -> np.ndarray:
    """Of one image, float32, (class, y, x)."""
    settings = PredictSettings(device="cpu", tile_px=1024, rotations=rotations)
    return predict(image, model, settings).probabilities


def membranes(settings: TrainSettings, seed: int, name: str) -> Row:
    """isbi2012: the last six sections, once and averaged over eight flips and turns."""
    model = from_images("isbi2012", "label", {"features": 32}, settings, seed, name)
    held_out = load("isbi2012", "val")
    truth = [a.labels for a in held_out]
    scores = {
        how: membrane_scores(
            [probabilities(model, a.image, how == "averaged")[0] for a in held_out], truth
        ).model_dump()
        for how in ("once", "averaged")
    }
    return {**scores, "steps": settings.steps}


def cells(settings: TrainSettings, seed: int, name: str) -> Row:
    """dic_hela: frames 60 to 83, IoU with the mask as given; mean of frames, and of all pixels."""
    model = from_images("dic_hela", "label", {"features": 32}, settings, seed, name)
    shared, either = [], []
    for a in load("dic_hela", "val", "mask"):
        found, truth = probabilities(model, a.image)[0] > model.card.mask.threshold, a.labels > 0
        shared.append(int((found & truth).sum()))
        either.append(int((found | truth).sum()))
    ious = [s / e for s, e in zip(shared, either, strict=True)]
    iou = {"iou": float(np.mean(ious)), "iou of all pixels": sum(shared) / sum(either)}
    return {**iou, "steps": settings.steps}


def tissue(settings: TrainSettings, seed: int, name: str) -> Row:
    """vnc_em: five classes, sections 16 to 19."""
    shape = {"features": 32, "classes": 5}
    model = from_images("vnc_em", "classes", shape, settings, seed, name)
    table = sum(
        confusion(probabilities(model, a.image).argmax(0), a.labels, 5)
        for a in load("vnc_em", "val", "classes")
    )
    return {**scores_of(np.asarray(table)).model_dump(), "steps": settings.steps}


LARGE = TrainSettings(steps=1500, batch=4, patch_px=256)
SEEDS = read_recipe("nested-unet")
SHAPE = {**SEEDS.network_settings.model_dump(exclude_unset=True), "in_channels": 3}
OURS = TrainSettings(
    batch=16, patch_px=SIDE_PX, epochs=13, loss=SEEDS.train.loss, augment=SEEDS.train.augment
)
"""What our recipe is at a size at which nuclei are a few pixels wide: each image in all its eight
orientations, 13 times."""
BENT = OURS.model_copy(
    update={"epochs": 100, "augment": AugmentSettings(scale=1.25, elastic_px=2)},
)
"""Our recipe with turns, scale and bending: resampling takes from images what little they show."""

NUCLEI: dict[str, tuple[str, dict[str, Any], TrainSettings]] = {
    "unet": ("unet", SHAPE, SEEDS.train),
    "unet++": ("unet++", SHAPE, SEEDS.train),
    "unet++ ds": ("unet++", {**SHAPE, "deep_supervision": True}, SEEDS.train),
    "unet ours bent": ("unet", {"features": 32, "in_channels": 3}, BENT),
    **{
        f"fcn-{stride}s": (
            f"fcn-{stride}s",
            dict(
                network_settings(
                    f"fcn-{stride}s", features=16, in_channels=3, normalization="batch"
                )
            ),
            SEEDS.train,
        )
        for stride in (32, 16, 8)
    },
}


def experiments() -> dict[str, Callable[[int, str], Row]]:
    """What can be run, by name."""
    return {
        **{f"dsb2018 {name}": partial(nuclei_96, *args) for name, args in NUCLEI.items()},
        "dsb2018 unet ours": partial(nuclei_96, "unet", SHAPE, OURS, orientations=8),
        "dsb2018 unet own size": nuclei_own_size,
        "isbi2012": partial(membranes, LARGE),
        "dic_hela": partial(cells, LARGE.model_copy(update={"steps": 800})),
        "vnc_em": partial(tissue, LARGE),
    }


def main() -> None:
    """Make the rows that are not there yet."""
    found = experiments()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*found, []], default=list(found))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    RUNS.mkdir(exist_ok=True)
    ROWS.mkdir(exist_ok=True)
    for seed in arguments.seeds:
        for name in arguments.names:
            run = f"{name} {seed}".replace(" ", "-")
            path = ROWS / f"{run}.json"
            if path.exists():
                continue
            row = found[name](seed, run)
            made = {"name": name, "seed": seed, **row, "threads": arguments.threads}
            made |= {"torch": torch.__version__, "machine": platform.machine()}
            path.write_text(json.dumps(made, indent=1) + "\n")
            print(json.dumps(made), flush=True)


if __name__ == "__main__":
    main()
