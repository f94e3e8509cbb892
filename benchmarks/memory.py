"""How much memory a prediction takes, by the size of the image.

``python -m benchmarks.memory --out benchmarks/memory.json 2048 8192 16384`` makes a zarr array of
each side (uint16, chunks of 512), lets a process of its own write the probabilities of it into
another by `napari_unet.predict_into`, and notes the most memory that this process ever had. The
network ``tiny`` takes the same way and the same tiles with next to no arithmetic; ``--network
default`` is the one that people use. ``--mapped`` takes a TIFF of 20,000 x 30,000 pixels, mapped
into memory, and predicts its last corner, whose grey values are stretched by percentiles of the
whole. The peak depends on chance (on what the C library gives back), so an image that takes seconds
is predicted five times; the median counts. What is in the file already is not measured again.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from operator import itemgetter
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import tifffile
import torch
import zarr

from napari_unet import memory, predict_into
from napari_unet.inference.predict import predict_planes
from napari_unet.models.model import Model
from napari_unet.networks.build import build_network, network_settings
from napari_unet.schema.events import TileDone
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import PredictSettings

CHUNK_PX = 512
QUICK_PX, OFTEN = 2048, 5
MAPPED = (20_000, 30_000)
SETTINGS = PredictSettings(device="cpu")
SHAPES: dict[str, dict[str, Any]] = {"tiny": {"features": 1, "depth": 2}, "default": {}}


def model_of(name: str) -> Model:
    """A model with freshly drawn parameters: what they are does not change what it takes."""
    settings = network_settings("unet", **SHAPES[name])
    card = ModelCard(name=name, network="unet", network_settings=settings)
    return Model(card, build_network("unet", settings).state_dict())


def megabytes() -> float:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def make_image(path: Path, side: int) -> None:
    """The same noise in every chunk, so that making it takes no time."""
    image = zarr.create_array(path, shape=(side,) * 2, dtype="u2", chunks=(CHUNK_PX,) * 2)
    noise = np.random.default_rng(0).integers(100, 4000, (CHUNK_PX,) * 2, dtype=np.uint16)
    for y in range(0, side, CHUNK_PX):
        for x in range(0, side, CHUNK_PX):
            image[y : y + CHUNK_PX, x : x + CHUNK_PX] = noise


def from_zarr(folder: Path, network: str) -> None:
    """Predict an image on the disk into an array on the disk."""
    image = zarr.open_array(folder / "image.zarr", mode="r")
    out = zarr.create_array(
        folder / "out.zarr",
        shape=(1, *image.shape),
        dtype="f4",
        chunks=(1, CHUNK_PX, CHUNK_PX),
        overwrite=True,
    )
    predict_into(image, out, model_of(network), SETTINGS)


def from_mapped(folder: Path, network: str) -> None:
    """Predict the last corner of a file that is mapped into memory."""
    image = tifffile.memmap(folder / "image.tif", mode="r")
    height, width = image.shape
    corner = (height - 2 * CHUNK_PX, width - 2 * CHUNK_PX, height, width)
    tiles = [
        event
        for event in predict_planes(model_of(network), [image], SETTINGS, region=corner)
        if isinstance(event, TileDone)
    ]
    if len(tiles) != 4:
        raise RuntimeError(f"{len(tiles)} tiles came instead of 4")


def child(folder: Path, network: str) -> None:
    """Predict what is in a folder, and print what that took."""
    memory.set_up()
    torch.set_num_threads(1)
    before = megabytes()
    start = process_time()
    (from_mapped if (folder / "image.tif").exists() else from_zarr)(folder, network)
    row = {"imports MiB": round(before), "peak MiB": round(megabytes()),
           "s": round(process_time() - start, 1)}  # fmt: skip
    print(json.dumps(row))


def measured(folder: Path, network: str) -> dict[str, Any]:
    """What a process of its own takes."""
    command = [sys.executable, "-m", "benchmarks.memory", "--child", str(folder)]
    run = subprocess.run(
        [*command, "--network", network], check=True, capture_output=True, text=True
    )
    return dict(json.loads(run.stdout.splitlines()[-1]))


def often(folder: Path, network: str, times: int) -> dict[str, Any]:
    """The row with the median peak of several processes, and the peaks of all."""
    rows = sorted((measured(folder, network) for _ in range(times)), key=itemgetter("peak MiB"))
    return {**rows[len(rows) // 2], "peaks MiB": [row["peak MiB"] for row in rows]}


def main() -> None:
    """Measure what the file does not hold yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sides", type=int, nargs="*")
    parser.add_argument("--network", choices=tuple(SHAPES), default="tiny")
    parser.add_argument("--mapped", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", type=Path)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.network)
        return
    found = json.loads(given.out.read_text()) if given.out.exists() else {}
    for side in [*given.sides, *["mapped"] * given.mapped]:
        key = f"{given.network} {side}"
        if key in found:
            continue
        with tempfile.TemporaryDirectory() as name:
            if side == "mapped":  # all zeros, which take no room on the disk
                tifffile.memmap(Path(name) / "image.tif", shape=MAPPED, dtype="u1").flush()
            else:
                make_image(Path(name) / "image.zarr", side)
            times = OFTEN if side == "mapped" or side <= QUICK_PX else 1
            found[key] = often(Path(name), given.network, times)
        given.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
