"""The tables of varied patches in ``docs/measurements.md``."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

FIGURES = Path(__file__).parent / "augmenting.json"
OURS = ("elastic and geometry", "reading")
"""What the ways of others are compared with."""
NAMES = {
    "draw 256": "a draw, images of 256 x 256",
    "draw 1024": "a draw, images of 1024 x 1024",
    "draw 4096": "a draw, images of 4096 x 4096",
    "elastic and geometry": "coordinates: elastic and geometry",
    "elastic": "elastic alone",
    "reading": "reading image, labels and weight map",
    "intensity": "intensity",
}

SHARE = """\
## What varying the patches costs

`python -m benchmarks.augmenting --out benchmarks/augmenting.json`: the batch of one step (four
patches of 128 x 128 pixels: elastic deformation, rotation, mirror, scale and intensity; image,
labels and weight map) against one step of the default U-Net on it ({step:.0f} ms); time of the
processor in one thread, median of {runs}, by turns. The goal was a tenth of the step at most.
Before, a draw converted the labels of the whole image for each patch: 10 % of a step at 512 x 512
pixels, 45 % at 2048 x 2048, 290 % at 4096 x 4096. The pixels drawn are the same bit by bit.

Patches are not prepared by a thread of their own: on a CPU it could save what the table says at
most, and only where a core is idle, which is the one that is left to the window. On a GPU, where it
could be worth more, it has not been measured.

| what | ms | of a step | lowest, highest |
|---|---|---|---|
"""

RIVALS = """\
Elastic deformation alone, of as many patches with their labels and weight maps. *Ours* also turns,
mirrors and scales. *scipy*: cubic splines and `map_coordinates`, turned, not mirrored or scaled.
*MONAI* (`Rand2DElasticd`) and *kornia* (`elastic_transform2d`, a dense field smoothed over 63
pixels) bend patches that were cut out before, so that what lies beyond their edges is made up.

| way | ms | ratio to ours |
|---|---|---|
"""


def augmenting() -> str:
    """The share of a step, and the time of others."""
    found: dict[str, list[float]] = json.loads(FIGURES.read_text())
    step = median(found["step"])
    text = SHARE.format(step=step, runs=len(found["step"]))
    shares = [_share(title, found[name], step) for name, title in NAMES.items()]
    ours = sum(median(found[part]) for part in OURS)
    others = {name: median(found[name]) for name in ("scipy", "MONAI", "kornia") if name in found}
    rivals = [
        f"| {name} | {ms:.1f} | {ms / ours:.1f} |" for name, ms in ({"ours": ours} | others).items()
    ]
    return text + "\n".join([*shares, "", RIVALS.rstrip("\n"), *rivals]) + "\n"


def share(name: str) -> float:
    """Which part of a step something takes."""
    found: dict[str, list[float]] = json.loads(FIGURES.read_text())
    return float(median(found[name]) / median(found["step"]))


def _share(title: str, ms: list[float], step: float) -> str:
    lowest, highest = (f"{one / step:.1%}" for one in (min(ms), max(ms)))
    return f"| {title} | {median(ms):.1f} | {median(ms) / step:.1%} | {lowest}, {highest} |"
