"""What it costs to segment images by a cluster of two processes on one computer.

``python -m benchmarks.cluster --out benchmarks/cluster.json`` segments the same files in this
process, with one thread, and by two workers with one thread each, by turns. It takes the time on
the clock and the time of the processor in all processes: other work on the computer changes the
first far more than the second.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import tifffile
import torch
import zarr

from napari_unet.images.samples import cells
from napari_unet.inference.cluster import OnCluster, connected
from napari_unet.inference.files import Reading
from napari_unet.inference.worker import Work
from napari_unet.models.library import find
from napari_unet.schema.events import finish
from napari_unet.schema.input import InputSettings
from napari_unet.schema.settings import MaskSettings, PredictSettings

SIDE_PX, IMAGES = 512, 4
LARGE_PX = 1024
WORKERS = 2
RUNS = 3
Seconds = dict[str, float]


def taken(action: Callable[[], object], processor: Callable[[], float]) -> Seconds:
    """Seconds on the clock, and of the processor, that something takes."""
    clock, used = perf_counter(), processor()
    action()
    seconds = {"clock": perf_counter() - clock, "processor": processor() - used}
    return {name: round(value, 3) for name, value in seconds.items()}


def images(folder: Path) -> dict[str, list[Path]]:
    """Files that are a task each, and one of which each tile is a task."""
    files = [folder / f"{seed}.tif" for seed in range(IMAGES)]
    for seed, path in enumerate(files):
        tifffile.imwrite(path, cells((SIDE_PX, SIDE_PX), count=80, seed=seed)[0])
    large, times = folder / "large.zarr", LARGE_PX // SIDE_PX
    pixels = np.tile(tifffile.imread(files[0]), (times, times))
    zarr.create_array(large, data=pixels, chunks=(SIDE_PX, SIDE_PX))
    return {"files": files, "zarr": [large]}


def measure(folder: Path) -> dict[str, Any]:
    """The seconds of each run of both ways, and those of a worker until it had begun."""
    torch.set_num_threads(1)
    here, there = (_work(folder / name) for name in ("here", "there"))
    model = here.load()
    rows: dict[str, Any] = {}
    start = 0.0
    with connected(workers=WORKERS) as client:

        def everywhere() -> float:
            return process_time() + float(sum(client.run(process_time).values()))

        for name, paths in images(folder).items():

            def by_one(paths: list[Path] = paths) -> None:
                for path in paths:
                    finish(here.segmenting(model, path))

            def by_cluster(paths: list[Path] = paths) -> None:
                cluster = OnCluster(client, there, model, paths)
                for path in paths:
                    finish(cluster.segmenting(path))

            by_one()
            by_cluster()  # from now on each worker has all it needs
            start = start or sum(client.run(process_time).values()) / WORKERS
            runs = [
                (taken(by_one, process_time), taken(by_cluster, everywhere)) for _ in range(RUNS)
            ]
            one, many = zip(*runs, strict=True)
            rows[name] = {"one": one, "cluster": many}
    return {
        "rows": rows,
        "start": round(start, 2),
        "same": _contents(here.out) == _contents(there.out),
    }


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _work(out: Path) -> Work:
    out.mkdir()
    return Work(
        run=out.name,
        model=find("nuclei-unet"),
        seen_as=InputSettings(),
        out=out,
        settings=PredictSettings(device="cpu"),
        mask=MaskSettings(),
        reading=Reading(),
        with_probabilities=True,
    )


def main() -> None:
    """Measure on this computer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder))
    about = {"images": IMAGES, "side": SIDE_PX, "large": LARGE_PX, "workers": WORKERS}
    given.out.write_text(json.dumps(about | {"cores": os.cpu_count()} | found, indent=1) + "\n")


if __name__ == "__main__":
    main()
