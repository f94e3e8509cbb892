"""The table of border weights in ``docs/measurements.md``."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

FIGURES = Path(__file__).parent / "weights.json"
Row = dict[str, Any]

WEIGHTS = """\
## How long border weights take

`python -m benchmarks.weights --out benchmarks/weights.json`: the border weights of the paper (w0 =
10, sigma = 5) of an image of 1024 x 1024 pixels, of which round objects cover {covered:.0%},
the smaller the more there are; time of the processor in one thread, median of {runs}, by turns.
Ratios are to *one transform*, scipy's distance transform of the whole image. *Ours* looks along
columns and rows for the two nearest objects of each pixel and knows no list of objects. *2019*:
those of U-Net's Fiji plugin, which reach farther and need one transform besides. *Crops*: a
distance transform of what is within reach of each object; *usual*: of the whole image for each
object (above 25 objects reckoned from 25). *Lowest, highest* are of single runs. *Difference* is
the largest one to the usual way (of 25 objects at most), which is in float64; ours are float32.

The goals were at most 3 transforms for 1000 objects ({thousand:.1f} were measured), a time that
differs by no more than 20 % from 10 to 5000 objects ({spread:.0%} were measured), and values equal
to 1e-6 ({error:.0e} at most). Tried before: the crops, which are quicker for few objects; and
choosing one of two distances by `np.where`, which doubles the time of ours.

| objects | one transform, ms | ours, ms | ratio | lowest, highest | 2019 | crops | usual |\
 difference |
|---|---|---|---|---|---|---|---|---|
"""


def weights() -> str:
    """The time for few objects and for many."""
    rows: list[Row] = json.loads(FIGURES.read_text())
    ours = [median(row["2015"]) for row in rows]
    text = WEIGHTS.format(
        covered=median(row["covered"] for row in rows),
        runs=len(rows[0]["2015"]),
        thousand=next(ratio(row, "2015") for row in rows if row["objects"] == 1000),
        spread=max(ours) / min(ours) - 1,
        error=max(row["difference"] for row in rows),
    )
    return text + "\n".join(_line(row) for row in rows) + "\n"


def ratio(row: Row, way: str) -> float:
    """How many distance transforms of the whole image one way costs."""
    return float(median(row[way]) / median(row["one transform"]))


def _line(row: Row) -> str:
    one = median(row["one transform"])
    others = " | ".join(f"{ratio(row, way):.1f}" for way in ("2019", "crops", "usual"))
    return (
        f"| {row['objects']} | {one:.0f} | {median(row['2015']):.0f} | {ratio(row, '2015'):.2f} "
        f"| {min(row['2015']) / one:.2f}, {max(row['2015']) / one:.2f} | {others} "
        f"| {row['difference']:.0e} |"
    )
