"""The tables of opening in ``docs/measurements.md``."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FIGURES = HERE / "opening.json"
Row = dict[str, Any]

OPENING = """\
## How long importing and opening take

`python -m benchmarks.opening`: `import napari_unet`, and the panel in a window of napari with an
image, from the click in the menu until it has been painted; {runs} processes each: least, median
and most. The goals were 0.1 s and 0.5 s. *Processor* is the time of it in the thread of the window,
about what a machine with nothing else to do would take; other work kept {load:.0%} of the two cores
busy. Beside other programs that fill the computer the panel took 0.56 s of the processor. None of
these processes had loaded torch, nor those parts of scipy and scikit-image that only a click needs;
that they did before took 0.1 to 0.2 s more. Of what is left, a fifth is Qt, another a round of
Python's memory management through all that napari holds.

| what | goal, s | processor, s | on the clock, s |
|---|---|---|---|
"""

FIRST = """\
## When the first pixels are shown

`python -m benchmarks.first_pixels`: from the click on Segment on an image of 16,384 x 16,384 pixels
(in memory) until the first tile of what is looked at is in the layer, without a canvas, beside the
time of the whole tiles that follow; medians of {runs}, by turns. The engine is warm. The goal was
twice the time of a tile. *Submitted* is what the window does, which is silent meanwhile (before,
0.4 to 0.8 s); the image is copied in a thread then, which is most of the time until the first tile,
and 0.1 s is building the network anew. Of the whole plane the first tile comes in quarters. What is
on the screen alone is cut into smaller tiles, and its ratio is larger. Seconds.

| image | segmented | submitted | first tile: processor, clock | a tile: processor, clock | ratio |
|---|---|---|---|---|---|
"""


def first_pixels() -> str:
    """When the first tile is shown."""
    rows: list[Row] = json.loads((HERE / "first_pixels.json").read_text())
    names = {"view": "what is on the screen", "plane": "the whole plane"}
    kinds = dict.fromkeys((row["dtype"], row["scope"]) for row in rows)
    lines = []
    for dtype, scope in kinds:
        alike = [row for row in rows if (row["dtype"], row["scope"]) == (dtype, scope)]
        clock, processor = (_median(alike, "first", which) for which in (0, 1))
        tile_clock, tile_processor = (_median(alike, "tile", which) for which in (0, 1))
        ratios = f"**{processor / tile_processor:.1f}**, {clock / tile_clock:.1f}"
        lines.append(
            f"| {dtype} | {names[scope]} | {_median(alike, 'submitted', 1):.2f} | {processor:.2f}, "
            f"{clock:.2f} | {tile_processor:.2f}, {tile_clock:.2f} | {ratios} |"
        )
    return FIRST.format(runs=len(rows) // len(kinds)) + "\n".join(lines) + "\n"


def _median(rows: list[Row], key: str, which: int) -> float:
    return float(statistics.median(row[key][which] for row in rows))


def opening() -> str:
    """How long importing the package and opening the panel take."""
    found: dict[str, list[Row]] = json.loads(FIGURES.read_text())
    if any(row["loaded"] for what in ("import", "panel") for row in found[what]):
        raise ValueError("Something slow was loaded with the panel: look into it.")
    machine = found["machine"][0]
    text = OPENING.format(runs=len(found["panel"]), load=machine["load"] / machine["cores"])
    names = {"import": ("`import napari_unet`", "0.1"), "panel": ("the panel", "0.5")}
    lines = [
        f"| {name} | {goal} | {_spread(found[what], 'processor_s')} | {_spread(found[what], 's')} |"
        for what, (name, goal) in names.items()
    ]
    return text + "\n".join(lines) + "\n"


def _spread(rows: list[Row], key: str) -> str:
    values = [row[key] for row in rows]
    return f"{min(values):.2f}, **{statistics.median(values):.2f}**, {max(values):.2f}"
