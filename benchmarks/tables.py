"""Write ``docs/measurements.md`` from the figures that the other scripts have measured.

``python -m benchmarks.tables`` reads the ``.json`` files of this folder and the cards of the starter
models; a test fails when the page is not what it would write.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from benchmarks.augmenting_tables import augmenting
from benchmarks.blocks_tables import blocks
from benchmarks.cluster_tables import cluster
from benchmarks.forgetting_tables import forgetting
from benchmarks.gate_tables import gate
from benchmarks.inputs_tables import inputs
from benchmarks.opening_tables import first_pixels, opening
from benchmarks.queue_tables import queue, ranking
from benchmarks.responsive_tables import budget, latency
from benchmarks.speed_tables import speed
from benchmarks.tiling_tables import memory, tiles
from benchmarks.weights_tables import weights
from napari_unet.models.library import list_models
from napari_unet.schema.model_card import Scores

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "measurements.md"

INTRODUCTION = """\
# Measurements

Every figure on this page was written by `python -m benchmarks.tables` from what the named command
measured, on two cores of a CPU with AMX (Intel Xeon; the gate and time budgets on an AMD EPYC with
AVX-512 BF16), without a GPU and with other work going on beside: times are upper bounds, and only
figures of one table can be compared. The data sets are not part of the package; `NAPARI_UNET_DATA`
names their folder.
"""

STARTERS = """\
## The starter models

`python -m benchmarks.starters NAME` trains on the train split of dsb2018 (531 images) and scores on
its val split (133), which `napari-unet evaluate` reproduces. IoU and Dice are of the foreground, mean
of images; F1 is of objects at IoU 0.5, all images together; mean AP is over IoU 0.5 to 0.95.
Published on the same kind of split (not the same one, and at 96 x 96 pixels): IoU 0.8347 (U-Net),
0.8321 (UNet++) and 0.8367 (UNet++ with deep supervision).

| model | images | IoU | Dice | F1 | mean AP |
|---|---|---|---|---|---|
"""

NORMALIZATION = """\
## Which normalisation

`python -m benchmarks.normalization`: the same U-Net (16 features) and budget (1000 steps on dsb2018)
for each, one seed; then 60 steps on one region of isbi2012, three times, batch norm with frozen
statistics, nothing replayed. Objects are plain components. *Tiled - whole* is the largest difference
of probabilities between tiles of 128 pixels and one tile. Standardised kernels are exact under
tiling, best before and after fine-tuning, and cost nothing when predicting: they are the default.

| normalisation | base IoU | base F1 | tuned F1: median, worst | old IoU | ms per tile | tiled - whole |
|---|---|---|---|---|---|---|
"""

FINE_TUNING = """\
## One corrected region

`python -m benchmarks.finetuning`: one region of 256 x 256 pixels of one training image is corrected,
the default model learns it with the default settings of that day (two minutes at most), and both are
scored on the data set's held-out images (isbi2012: sections 24-29; dic_hela: every fourth of frames
60-83, whose truth is most likely silver). The model has never seen either kind. *Old images* is the
IoU on every fifth val image of dsb2018. This was measured before models carried a replay pack, and
nothing was replayed: a model that learnt a new kind forgot the old one, which it does far less by
now (the next table). The old model always stays.

| data | seed | IoU | object F1 | mean AP | old images | steps | seconds |
|---|---|---|---|---|---|---|---|
"""

PAINTING_COST = """\
## What painting costs

`python -m benchmarks.painting`, with recorder, undo history and journal on: how much more processor time
an event of the mouse takes in the thread of the window than with napari alone. Strokes of 42 events with
a brush of 40 pixels, on both layers by turns, without a canvas; 100 strokes a row. What is written down
comes from napari's own event, so nothing scans the image; the end of a stroke pays for all of it. The
goal was under 2 ms: each press and move and the mean event keep it, letting go does not quite.

| image | press, move: median, p95 | end of the stroke: median, p95 |
|---|---|---|
"""

PAINTING_SILENCE = """\
How long the thread of the window is silent at most, by a timer of 10 ms, on an image of 8192 x 8192
pixels with 20,449 objects. Somebody paints while the new mask is made in another thread. What a graphics
card needs to show the pixels is not in it. The first stroke makes the layer of states; the first of all
five also loads code.

| meanwhile | median of 5, ms | longest of 5, ms |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    sections = (
        starters,
        normalization,
        speed,
        tiles,
        memory,
        weights,
        augmenting,
        cluster,
        blocks,
        inputs,
        fine_tuning,
        forgetting,
        gate,
        queue,
        ranking,
        painting,
        latency,
        budget,
        opening,
        first_pixels,
    )
    return "\n".join([INTRODUCTION, *(section() for section in sections)])


def starters() -> str:
    """The scores of the starter models on images they were not trained on."""
    lines = []
    for entry in list_models():
        if not entry.shipped or entry.card.scores is None:
            continue
        lines.append(_scores(f"**{entry.card.name}** (`{entry.name}`)", entry.card.scores))
        for kind, scores in entry.card.scores_by_kind.items():
            lines.append(_scores(kind, scores))
    return STARTERS + "\n".join(lines) + "\n"


def _scores(name: str, scores: Scores) -> str:
    values = (scores.iou, scores.dice, scores.f1_50, scores.mean_ap)
    shown = ["-" if value is None else f"{value:.3f}" for value in values]
    return f"| {name} | {scores.images} | " + " | ".join(shown) + " |"


def normalization() -> str:
    """Why kernels are standardised."""
    rows = json.loads((HERE / "normalization.json").read_text())
    lines = []
    for name in ("kernel", "batch", "layer", "group"):
        row = rows[name]
        f1 = [scores["f1_50"] for scores in row["tuned_on_new"]]
        kept = statistics.mean(scores["iou"] for scores in row["tuned_on_old"])
        lines.append(
            f"| {name} | {row['base']['iou']:.3f} | {row['base']['f1_50']:.3f} "
            f"| {statistics.median(f1):.3f}, {min(f1):.3f} | {kept:.3f} "
            f"| {row['ms_per_tile']:.0f} | {row['tiled_minus_whole']:.0e} |"
        )
    return NORMALIZATION + "\n".join(lines) + "\n"


def fine_tuning() -> str:
    """What one corrected region teaches."""
    rows: dict[str, Any] = json.loads((HERE / "finetuning.json").read_text())
    return FINE_TUNING + "\n".join(fine_tuning_row(row) for row in rows.values()) + "\n"


def fine_tuning_row(row: dict[str, Any]) -> str:
    """One region of one data set."""

    def change(key: str, old: str = "before", new: str = "after") -> str:
        return f"{row[old][key]:.3f} → {row[new][key]:.3f}"

    forgot = change("iou", "old_before", "old_after")
    return (
        f"| {row['data']} | {row['seed']} | {change('iou')} | {change('f1_50')} "
        f"| {change('mean_ap')} | {forgot} | {row['steps']} | {row['seconds']:.0f} |"
    )


def painting() -> str:
    """Whether the window stays awake."""
    rows: dict[str, Any] = json.loads((HERE / "painting.json").read_text())
    costs = [
        f"| {side} x {side} | " + " | ".join(_pair(row[key]) for key in ("move", "end")) + " |"
        for side, row in rows["added"].items()
    ]
    silences = [
        f"| {name} | {statistics.median(ms):.0f} | {max(ms):.0f} |"
        for name, ms in rows["silence"].items()
    ]
    parts = (PAINTING_COST, *costs, "", PAINTING_SILENCE.rstrip("\n"), *silences)
    return parts[0] + "\n".join(parts[1:]) + "\n"


def _pair(ms: list[float]) -> str:
    middle, high = (round(value, 2) + 0.0 for value in ms)  # never "-0.00"
    return f"{middle:.2f} ms, {high:.2f} ms"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
