"""The table of clusters in ``docs/measurements.md``."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

FIGURES = Path(__file__).parent / "cluster.json"
NAMES = {"files": "files", "zarr": "zarr, by tiles"}

CLUSTER = """\
## What a cluster costs

`python -m benchmarks.cluster --out benchmarks/cluster.json`: {images} images of {side} x {side}
pixels in files, with the starter U-Net, and an image of {large} x {large} in zarr, of which each
tile is a task; by this process with one thread, and by {workers} workers with one thread each on
the same computer of {cores} cores, by turns, median of {runs}. *s* is the time of the processor in
all processes together; each worker has spent {start:.0f} s of it before, on loading torch and the
model and on its first images. On the *clock* other work counts, which filled all cores while this
was measured, so nothing could be gained there. What both have written is {same}.

Tried before: workers that give back all memory at once, as distributed would have it, took 1.46
and 1.47 times the time of one process. A cluster is for several computers, or for many images on
one with many cores; for one image on one computer the network's own threads start at once.

| images | one process, s | cluster, s | ratio | lowest, highest | ratio on the clock |
|---|---|---|---|---|---|
"""


def cluster() -> str:
    """What sharing images among processes costs."""
    found: dict[str, Any] = json.loads(FIGURES.read_text())
    rows = found["rows"]
    text = CLUSTER.format(
        **{key: found[key] for key in ("images", "side", "large", "workers", "cores")},
        runs=len(rows["files"]["one"]),
        start=found["start"],
        same="the same to the bit" if found["same"] else "NOT the same",
    )
    return text + "\n".join(_line(name, row) for name, row in rows.items()) + "\n"


def ratio(row: dict[str, Any], clock: str = "processor") -> float:
    """How much more a cluster needs."""
    one, many = (median(run[clock] for run in row[way]) for way in ("one", "cluster"))
    return float(many / one)


def _line(name: str, row: dict[str, Any]) -> str:
    one = median(run["processor"] for run in row["one"])
    many = [run["processor"] for run in row["cluster"]]
    return (
        f"| {NAMES[name]} | {one:.2f} | {median(many):.2f} | {ratio(row):.2f} "
        f"| {min(many) / one:.2f}, {max(many) / one:.2f} | {ratio(row, 'clock'):.2f} |"
    )
