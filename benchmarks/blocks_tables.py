"""The table of finding objects in ``docs/measurements.md``, as `benchmarks.blocks` measured it."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WAYS = ("skimage", "once", "blocks")

BLOCKS = """\
## Finding objects block by block

`python -m benchmarks.blocks`: discs that touch at random, found and divided by *scikit-image* on
the whole image (threshold, label, distance transform, peaks, watershed, small ones removed), by
ours *at once*, and *in blocks* of 2048 pixels from zarr to zarr, each in a process of its own.
Seconds of the processor, with reading and writing zarr for blocks only; memory is the peak above
what the process held before, which for the first two includes the probabilities already. Median
of 3 turns, one turn of the larger image. The goals were twice the time of scikit-image at most,
memory that is bounded by the block, and the same objects: all pixels are numbered as they are at
once. *Ratio*: of the time in blocks to scikit-image's.

| image | objects | scikit-image: s, MiB | at once: s, MiB | blocks: s, MiB | ratio | same pixels |
|---|---|---|---|---|---|---|
"""


def blocks() -> str:
    """What it costs to find objects without the whole image."""
    rows = json.loads((HERE / "blocks.json").read_text())
    sides = sorted({row["side"] for row in rows})
    return BLOCKS + "".join(_line(side, rows) for side in sides)


def _line(side: int, rows: list[dict[str, Any]]) -> str:
    of_way = {way: [r for r in rows if (r["side"], r["way"]) == (side, way)] for way in WAYS}

    def middle(way: str, key: str) -> float:
        return float(statistics.median(row[key] for row in of_way[way]))

    costs = [f"{middle(way, 'seconds'):.1f}, {middle(way, 'peak_mib'):.0f}" for way in WAYS]
    ratio = middle("blocks", "seconds") / middle("skimage", "seconds")
    objects = of_way["blocks"][0]["objects"]
    same = "all" if all(row["same"] for row in of_way["blocks"]) else "**not all**"
    cells = [f"{side} x {side}", f"{objects:,}", *costs, f"{ratio:.2f}", same]
    return f"| {' | '.join(cells)} |\n"
