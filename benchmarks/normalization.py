"""Which normalisation a U-Net should have: the table behind the default.

Each candidate gets the same budget: a base model on dsb2018, then fine-tuning on one corrected
region of 256 x 256 of isbi2012, three times. Run ``python -m benchmarks.normalization --out FILE``;
candidates that FILE already holds are not run again.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import ndimage

from benchmarks.data import Annotated, load
from napari_unet.images.metrics import combine, compare
from napari_unet.images.normalize import normalize
from napari_unet.inference.tiled import predict_whole
from napari_unet.networks.build import build_network, fuse
from napari_unet.networks.network import Network
from napari_unet.schema.events import finish
from napari_unet.schema.model_card import Scores
from napari_unet.schema.settings import NetworkSettings, TrainSettings
from napari_unet.training.examples import make_example
from napari_unet.training.patches import PatchSampler
from napari_unet.training.train import train

REGION = np.s_[128:384, 128:384]
SECTIONS = (0, 8, 16)


def score(network: Network, images: list[Annotated]) -> Scores:
    """Components of p > 0.5 against the truth."""
    network = fuse(network)
    found = [ndimage.label(predict_whole(network, normalize(a.image))[0] > 0.5)[0] for a in images]
    return combine([compare(f, a.labels) for f, a in zip(found, images, strict=True)])


def base(normalization: str, images: list[Annotated], steps: int) -> tuple[Network, float]:
    """A network trained on the data set, and the seconds it took."""
    chance = {"fluorescence": 0.6, "he_white_bg": 0.2, "he_purple_bg": 0.08, "brightfield": 0.12}
    count = {kind: sum(a.kind == kind for a in images) for kind in chance}
    settings = TrainSettings(steps=steps, batch=8, patch_px=128, device="cpu")
    sampler = PatchSampler(
        [make_example(a.image, a.labels) for a in images],
        batch=settings.batch,
        patch_px=settings.patch_px,
        settings=settings.augment,
        chances=[chance[a.kind] / count[a.kind] for a in images],
    )
    network = build_network("unet", NetworkSettings(normalization=normalization))
    trained = finish(train(network, sampler, settings))
    return network, trained.seconds


def fine_tuned(network: Network, section: Annotated, seed: int) -> Network:
    """The network after 60 steps on one region of a section."""
    known = np.zeros(section.labels.shape, bool)
    known[REGION] = True
    settings = TrainSettings(steps=60, batch=4, patch_px=128, device="cpu", seed=seed)
    example = make_example(section.image, section.labels, known)
    sampler = PatchSampler([example], batch=4, patch_px=128, settings=settings.augment, seed=seed)
    tuned = copy.deepcopy(network)
    finish(train(tuned, sampler, settings, freeze_statistics=True))
    return tuned


def speed_and_exactness(network: Network) -> tuple[float, float]:
    """Milliseconds per tile of 512 x 512 (median), and tiled against whole."""
    image = normalize(np.random.default_rng(0).random((700, 700)))
    network = fuse(network)
    whole = predict_whole(network, image, tile_px=1024)
    tiled = predict_whole(network, image, tile_px=128)
    tile = torch.zeros(1, 1, 512, 512).to(memory_format=torch.channels_last)
    seconds = []
    with torch.inference_mode():
        for _ in range(7):
            start = time.perf_counter()
            network.probabilities(tile)
            seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds), float(np.abs(whole - tiled).max())


def measure(normalization: str, steps: int) -> dict[str, Any]:
    """One row of the table."""
    network, seconds = base(normalization, load("dsb2018", "train"), steps)
    old, new = load("dsb2018", "val")[::3], load("isbi2012", "val")
    sections = load("isbi2012", "train")
    row: dict[str, Any] = {"base_seconds": seconds, "steps": steps}
    row["ms_per_tile"], row["tiled_minus_whole"] = speed_and_exactness(network)
    row["base"] = score(network, old).model_dump()
    row["base_on_new"] = score(network, new).model_dump()
    tuned = [fine_tuned(network, sections[i], seed) for seed, i in enumerate(SECTIONS)]
    row["tuned_on_new"] = [score(t, new).model_dump() for t in tuned]
    row["tuned_on_old"] = [score(t, old).model_dump() for t in tuned]
    return row


def main() -> None:
    """Measure what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--only", nargs="*", default=["kernel", "batch", "layer", "group"])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    for name in arguments.only:
        if name not in rows:
            rows[name] = measure(name, arguments.steps)
            arguments.out.write_text(json.dumps(rows, indent=1))
        print(name, table_row(rows[name]), flush=True)


def table_row(row: dict[str, Any]) -> str:
    """The figures of one candidate, for people."""
    f1 = [scores["f1_50"] for scores in row["tuned_on_new"]]
    iou = [scores["iou"] for scores in row["tuned_on_new"]]
    forgot = statistics.mean(scores["iou"] for scores in row["tuned_on_old"])
    return (
        f"| base IoU {row['base']['iou']:.3f} F1 {row['base']['f1_50']:.3f} "
        f"| new IoU {statistics.median(iou):.3f} F1 {statistics.median(f1):.3f} "
        f"worst {min(f1):.3f} (before {row['base_on_new']['f1_50']:.3f}) "
        f"| old IoU after {forgot:.3f} | {row['ms_per_tile']:.0f} ms "
        f"| tiled - whole {row['tiled_minus_whole']:.1e} | {row['base_seconds']:.0f} s"
    )


if __name__ == "__main__":
    main()
