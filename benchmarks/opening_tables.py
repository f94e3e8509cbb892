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
about what a machine with nothing else to do would take; on the clock trainings and tests are in it
that overbooked the two cores {load:.0f} times. None of these processes had loaded torch, nor those
parts of scipy and scikit-image that only a click needs; that they did before took 0.1 to 0.2 s
more. Of what is left, a fifth is Qt, 0.1 s is a round of Python's memory management through all
that napari holds, and napari searching for the settings of plugins takes 0.05 s or more.

| what | goal, s | processor, s | on the clock, s |
|---|---|---|---|
"""

FIRST = """\
## When the first pixels are shown

`python -m benchmarks.first_pixels`: from the click on Segment on an image of 16,384 x 16,384 pixels
(uint8, in memory) until the first tile of what is looked at is in the layer, without a canvas,
beside the time of the tiles that follow. The engine is warm. The goal was twice the time of a tile
of the whole plane; what is on the screen alone is cut into smaller tiles. One run: the two cores
were four times overbooked, and the runs that were to follow did not end. *Submitted* is what the
window does (of the processor), which is silent meanwhile: it copies the image once. Before, it
copied it twice, which took about 0.6 s, and the first tile waited for 0.2 s more. The whole plane
keeps the goal; what is on the screen takes no longer, but three of its own, smaller tiles.

| segmented | submitted, s | first tile, s: processor, clock | a tile, s: processor, clock | ratio |
|---|---|---|---|---|
"""


def first_pixels() -> str:
    """When the first tile is shown."""
    rows: list[Row] = json.loads((HERE / "first_pixels.json").read_text())
    names = {"view": "what is on the screen", "plane": "the whole plane"}
    lines = []
    for row in rows:
        (clock, processor), (tile_clock, tile_processor) = row["first"], row["tile"]
        ratios = f"**{processor / tile_processor:.1f}**, {clock / tile_clock:.1f}"
        lines.append(
            f"| {names[row['scope']]} | {row['submitted'][1]:.2f} | {processor:.2f}, {clock:.1f} "
            f"| {tile_processor:.2f}, {tile_clock:.1f} | {ratios} |"
        )
    return FIRST + "\n".join(lines) + "\n"


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
