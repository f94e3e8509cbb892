"""The tables of the queue: what it saves, and what it goes by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

HERE = Path(__file__).parent
ORDERS = ("queue", "random", "raster")
NAMES = {
    "dsb2018": "dsb2018",
    "forgotten": "dsb2018, forgotten",
    "dic_hela": "dic_hela",
}
SHARES = (0.25, 0.5, 0.75)
"""Of the way from the first F1 of the mask to the one when all objects were looked at."""
SEEDS = range(3)

QUEUE_MASK = """\
## What the queue saves: the mask

`python -m benchmarks.queue`: a simulated person looks at one object after the other, in the order
of the *queue* (every fifth is a random audit, which is counted too), at *random*, or as they lie
(*raster*), and repairs what is wrong there: true objects are painted, false ones deleted, what is
merged or cut is put right. A row says how many looks it took until the object F1 of all masks
together had come so far (a quarter, half, three quarters of the way that random comes); corrected
objects in brackets; mean of 3 seeds. *dsb2018*: the starter model on every other val image (upper
left 256 x 256 pixels). *Forgotten*: the same images, with a model that has forgotten them over
one region of dic_hela. *dic_hela*: the starter model sees next to nothing there, so it was first
tuned on one region of 256 x 256 pixels; seven frames of the train split. There most objects are
wrong at first, so that no order saves much after the first, worst ones. Per *corrected object*
all orders are much alike, as each one adds about as much to the F1 of a mask: what the queue
saves is looking at right ones.

| data | F1 of the masks | queue | random | raster | queue / random |
|---|---|---|---|---|---|
"""

QUEUE_TUNED = """\
## What the queue saves: the next model

The same: a model is tuned on what is known after so many looks (audits are kept apart and do not
count), with the same number of steps for all, and scored on other images: the other val images of
dsb2018, every fourth val frame of dic_hela. Object F1, mean of 3 seeds, lowest and highest;
corrected objects in brackets. With a model that has something to learn (*forgotten*), 20 looks in
the queue's order taught it as much as 80 at random; counted in corrected objects that is no
saving (54 and 43). *dsb2018* shows nothing: a model that knows its kind of image only loses by
being tuned on few objects, whatever their order (this was measured before models carried a replay
pack: nothing was replayed). On *dic_hela* the goal of 70 % was not reached: the seeds differ more
than the orders, and the mean of random is the better one.

Said for honesty: *forgotten* was added when the first two had shown no difference. In a first run
sizes were compared with the median area and worth grew with the fourth root of the area; it took
17, 28 and 43 % of random's looks on dsb2018, 54, 62 and 68 % on forgotten, 65, 85 and 96 % on
dic_hela, and its tuned models on forgotten scored 0.688 and 0.829. The change was chosen on
training images.

| data | looks | queue | random | raster |
|---|---|---|---|---|
"""

RANKING = """\
## What the queue goes by

`python -m benchmarks.ranking`: how well numbers tell wrong objects (no true one with an IoU above
0.5) from right ones, on the val images of dsb2018 (at most 384 x 384 pixels of each), fitted on
every fifth training image. AUROC, and the share of wrong ones in the first tenth. *Border*: how
near 0.5 the probability is in a band of two pixels on both sides of the outline. *Whole object*:
the same, of all its pixels. *All measures*: whole object, low against high threshold, size and
shape against the other objects, contact. *Flips*: difference from the predictions of the mirrored
image. *Heads*: difference between the two deepest heads. Disagreement is better than the border
alone, but adds next to nothing to all measures; so the queue goes without, and nothing is
predicted twice.

| ranking | U-Net: AUROC | first tenth | UNet++: AUROC | first tenth |
|---|---|---|---|---|
"""

Curve = Sequence[tuple[int, int, float]]


def queue() -> str:
    """Both tables of the queue."""
    rows: dict[str, Any] = json.loads((HERE / "queue.json").read_text())
    masks = [line for name in NAMES for line in _mask_lines(rows, name)]
    tuned = [line for name in NAMES for line in _tuned_lines(rows, name)]
    return QUEUE_MASK + "\n".join(masks) + "\n\n" + QUEUE_TUNED + "\n".join(tuned) + "\n"


def _mask_lines(rows: dict[str, Any], name: str) -> list[str]:
    curves = {o: [rows[f"{name} {seed} {o}"] for seed in SEEDS] for o in ORDERS}
    lines = []
    for share in SHARES:
        goals = [_goal(curve, share) for curve in curves["random"]]
        needed = {
            order: np.mean([_needed(c, g) for c, g in zip(of, goals, strict=True)], axis=0)
            for order, of in curves.items()
        }
        first = mean(curve[0][2] for curve in curves["random"])
        cells = " | ".join(f"{looks:.0f} ({done:.0f})" for looks, done in needed.values())
        ratio = needed["queue"][0] / needed["random"][0]
        lines.append(f"| {NAMES[name]} | {first:.3f} → {mean(goals):.3f} | {cells} | {ratio:.0%} |")
    return lines


def _goal(curve: Curve, share: float) -> float:
    first, last = curve[0][2], curve[-1][2]
    return first + share * (last - first)


def _needed(curve: Curve, f1: float) -> tuple[float, float]:
    """Looks and corrected objects until this F1 is reached."""
    looks, corrected, scores = np.array(curve, float).T
    best = np.maximum.accumulate(scores)
    at = np.interp(f1, best, np.arange(len(best)))
    index = np.arange(len(best))
    return float(np.interp(at, index, looks)), float(np.interp(at, index, corrected))


def _tuned_lines(rows: dict[str, Any], name: str) -> list[str]:
    start = [rows[f"{name} {seed}"]["f1_50"] for seed in SEEDS]
    lines = [f"| {NAMES[name]} | 0 |" + f" {_spread(start)} |" * len(ORDERS)]
    prefix = f"{name} 0 queue tuned "
    for looks in sorted(int(key.removeprefix(prefix)) for key in rows if key.startswith(prefix)):
        cells = []
        for order in ORDERS:
            found = [rows[f"{name} {seed} {order} tuned {looks}"] for seed in SEEDS]
            corrected = mean(row["corrected"] for row in found)
            cells.append(f"{_spread([r['held_out']['f1_50'] for r in found])} ({corrected:.0f})")
        lines.append(f"| {NAMES[name]} | {looks} | " + " | ".join(cells) + " |")
    return lines


def _spread(values: Sequence[float]) -> str:
    lowest, highest = min(values), max(values)
    if lowest == highest:
        return f"{lowest:.3f}"
    return f"{mean(values):.3f}, {lowest:.2f}–{highest:.2f}"


def ranking() -> str:
    """What tells wrong objects from right ones."""
    rows = json.loads((HERE / "ranking.json").read_text())
    unet, other = (rows[n]["rankings"] for n in ("nuclei-unet", "nuclei-unetplusplus"))
    lines = []
    for name, row in other.items():
        both = " | ".join(_rank(found) for found in (unet.get(name), row))
        lines.append(f"| {name} | {both} |")
    return RANKING + "\n".join(lines) + "\n"


def _rank(row: dict[str, Any] | None) -> str:
    return f"{row['auroc']:.3f} | {row['first_tenth']:.2f}" if row else "– | –"
