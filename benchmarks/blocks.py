"""What it costs to find touching objects block by block, against finding them all at once.

``python -m benchmarks.blocks --out benchmarks/blocks.json`` makes images of discs that touch at
random, up to 20,449 of them on 8192 x 8192 pixels, and finds them in three ways by turns, each time
in a process of its own:

- *skimage*: threshold, label, distance transform, `peak_local_max`, watershed on the whole image,
  as in scikit-image's documentation, and `remove_small_objects`;
- *once*: `napari_unet.images.instances.instances`, which also joins basins again;
- *blocks*: `instances_in_blocks`, from zarr to zarr.

Time is that of the processor, with reading and writing zarr where it is used. Memory is the peak
above what the process had before, in which *skimage* and *once* already hold the probabilities.
What was measured before is not measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import zarr
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.measure import label
from skimage.morphology import disk, remove_small_objects
from skimage.segmentation import watershed

from napari_unet.images.blocks import instances_in_blocks
from napari_unet.images.instances import instances
from napari_unet.schema.events import finish
from napari_unet.schema.settings import MaskSettings

SIDES = {2048: 3, 8192: 1}
"""Pixels, and how often."""
WAYS = ("skimage", "once", "blocks")
SPACING_PX, RADIUS_PX, JITTER_PX = 57, 20, 26
CHUNK_PX = 1024
Row = dict[str, Any]


def discs(side: int) -> np.ndarray:
    """Probabilities of discs on a grid, each a little away from its place."""
    random, disc = np.random.default_rng(0), disk(RADIUS_PX).astype(np.float32)
    image, last = np.zeros((1, side, side), np.float32), side - len(disc)
    for y in range(0, side - len(disc), SPACING_PX):
        for x in range(0, side - len(disc), SPACING_PX):
            top, left = np.minimum(random.integers((y, x), (y + JITTER_PX, x + JITTER_PX)), last)
            part = image[0, top : top + len(disc), left : left + len(disc)]
            np.maximum(part, disc, out=part)
    return image


def by_skimage(probabilities: np.ndarray, settings: MaskSettings) -> np.ndarray:
    """As in scikit-image's documentation of its watershed."""
    mask = probabilities[0] > settings.threshold
    components = label(mask, connectivity=1)
    distance = ndimage.distance_transform_edt(components > 0)
    peaks = peak_local_max(distance, footprint=np.ones((3, 3)), labels=mask)
    tops = np.zeros(mask.shape, bool)
    tops[tuple(peaks.T)] = True
    found = watershed(-distance, ndimage.label(tops)[0], mask=mask)
    return np.asarray(remove_small_objects(found, max_size=settings.min_size_px - 1))


def resident_mib(key: str = "VmRSS") -> float:
    """What the system says of this process's memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(key))) / 1024


def measure(folder: Path, way: str) -> Row:
    """Find the objects once, in this process, and leave the labels in the folder."""
    settings = MaskSettings()
    stored = zarr.open_array(folder / "probabilities.zarr", mode="r")

    def create(dtype: type[np.unsignedinteger]) -> Any:
        shape, chunks = stored.shape[1:], (CHUNK_PX, CHUNK_PX)
        place = folder / f"{way}.zarr"
        return zarr.create_array(place, shape=shape, chunks=chunks, dtype=dtype, overwrite=True)

    whole = stored[:] if way != "blocks" else np.zeros(0)
    before, begun = resident_mib(), process_time()
    if way == "blocks":
        objects = finish(instances_in_blocks(stored, settings, create))
        seconds = process_time() - begun
    else:
        found = by_skimage(whole, settings) if way == "skimage" else instances(whole, settings)
        seconds = process_time() - begun
    peak = resident_mib("VmHWM") - before
    if way != "blocks":
        objects = len(np.unique(found)) - 1
        create(np.uint32)[:] = found
    return {"way": way, "seconds": seconds, "peak_mib": peak, "objects": objects}


def is_same(folder: Path) -> bool:
    """Whether blocks gave every pixel the number that it has when all is found at once."""
    once, blocks = (zarr.open_array(folder / f"{way}.zarr", mode="r")[:] for way in WAYS[1:])
    return bool(np.array_equal(once, blocks))


def run(side: int, times: int, rows: list[Row], out: Path) -> None:
    """All ways by turns, each in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        zarr.save_array(folder / "probabilities.zarr", discs(side))
        for turn in range(times):
            for way in WAYS:
                command = [sys.executable, "-m", "benchmarks.blocks", "--in", name, "--way", way]
                said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
                rows.append({"side": side, "turn": turn} | json.loads(said.stdout))
            rows[-1]["same"] = is_same(folder)
            out.write_text(json.dumps(rows, indent=1) + "\n")
            print(json.dumps(rows[-3:], indent=1))


def main() -> None:
    """Measure what is missing, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--in", dest="folder", type=Path)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--sides", type=int, nargs="+", default=list(SIDES))
    given = parser.parse_args()
    if given.way:
        print(json.dumps(measure(given.folder, given.way)))
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    rows = json.loads(given.out.read_text()) if given.out.exists() else []
    for side in given.sides:
        if not any(row["side"] == side for row in rows):
            run(side, SIDES[side], rows, given.out)


if __name__ == "__main__":
    main()
