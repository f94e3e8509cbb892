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

from benchmarks.data import load
from napari_unet.images.normalize import normalize
from napari_unet.models.archive import write_model
from napari_unet.models.model import Model
from napari_unet.networks.build import build_network
from napari_unet.networks.network import Network
from napari_unet.schema.events import Event, Validated, finish
from napari_unet.schema.model_card import Scores
from napari_unet.schema.settings import AugmentSettings, NetworkSettings, TrainSettings
from napari_unet.training.card import card_of_training
from napari_unet.training.examples import Example
from napari_unet.training.patches import PatchSampler
from napari_unet.training.recipes import read_recipe
from napari_unet.training.train import train

RUNS, ROWS = Path("runs"), Path(__file__).with_name("results")
SIDE_PX = 96
Row = dict[str, Any]


# nuclei at 96 x 96 pixels


@cache
def nuclei(split: str) -> list[Example]:
    """Grey images of dsb2018, normalised and resized, with the mask of all nuclei."""
    return [_resized(normalize(a.image), a.labels > 0) for a in load("dsb2018", split)]


def _resized(image: np.ndarray, mask: np.ndarray) -> Example:
    side = (SIDE_PX, SIDE_PX)
    small = torch.nn.functional.interpolate(torch.from_numpy(image)[None], side, mode="bilinear")
    nearest = torch.nn.functional.interpolate(torch.from_numpy(mask)[None, None].float(), side)
    return Example(small[0], nearest[0, 0].to(torch.uint8), torch.ones(side))


def batch_iou(network: Network, batch: int = 16) -> Scores:
    """IoU as the re-implementation of UNet++ counts it: of batches of 16, then their mean."""
    was_training, found, parts = network.training, [], nuclei("val")
    network.eval()
    with torch.inference_mode():
        for first in range(0, len(parts), batch):
            part = parts[first : first + batch]
            masks = network(torch.stack([e.image for e in part]))[:, 0] > 0
            truth = torch.stack([e.target for e in part]) > 0
            shared, either = (masks & truth).sum(), (masks | truth).sum()
            found.append((len(part), float(shared / either)))
    network.train(was_training)
    iou = sum(n * value for n, value in found) / len(parts)
    return Scores(iou=iou, dice=2 * iou / (1 + iou), f1_50=iou, mean_ap=iou, images=len(parts))


def nuclei_96(
    network: str, shape: dict[str, Any], settings: TrainSettings, seed: int, name: str
) -> Row:
    """Train a network on the train split; the val split ends the training and judges it."""
    settings = settings.model_copy(update={"seed": seed, "device": "cpu"})
    size = NetworkSettings(**shape)
    sampler = PatchSampler(
        nuclei("train"),
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
    epochs = trained.step / sampler.steps_per_epoch
    return {"iou": trained.scores.iou, "epochs": round(epochs), "seconds": trained.seconds}


def report(name: str, event: Event) -> None:
    """A line each time that it is judged."""
    if isinstance(event, Validated):
        print(time.strftime("%H:%M:%S"), name, event.step, f"{event.scores.iou:.4f}", flush=True)


SEEDS = read_recipe("nested-unet")
SHAPE = SEEDS.network_settings.model_dump(exclude_unset=True)
OURS = TrainSettings(
    batch=16,
    patch_px=SIDE_PX,
    epochs=100,
    loss=SEEDS.train.loss,
    augment=AugmentSettings(scale=1.25, elastic_px=2),
)
"""At this size a displacement of 10 pixels would tear nuclei apart; the rest is our recipe."""

NUCLEI: dict[str, tuple[str, dict[str, Any], TrainSettings]] = {
    "unet": ("unet", SHAPE, SEEDS.train),
    "unet++": ("unet++", SHAPE, SEEDS.train),
    "unet++ ds": ("unet++", {**SHAPE, "deep_supervision": True}, SEEDS.train),
    "unet ours": ("unet", {"features": 32}, OURS),
}


def experiments() -> dict[str, Callable[[int, str], Row]]:
    """What can be run, by name."""
    return {
        f"dsb2018 {name}": lambda seed, run, args=args: nuclei_96(*args, seed, run)
        for name, args in NUCLEI.items()
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
