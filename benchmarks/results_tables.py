"""Write ``docs/results.md`` from the rows that `benchmarks.results` has made.

``python -m benchmarks.results_tables``; a test fails when the page is not what this would write.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.results import ROWS

PAGE = Path(__file__).parent.parent / "docs" / "results.md"
Row = dict[str, Any]

INTRODUCTION = """\
# Results beside the literature's

Made by `python -m benchmarks.results` (training, resumable, a file a row in `benchmarks/results/`) and
`python -m benchmarks.results_tables` (this page) on one core of a CPU with AMX (Intel Xeon, bfloat16 in
training), without a GPU and with other work beside: times are upper bounds. A row that says *not run*
is waiting for a machine; the command makes it. The data sets are not part of the package.
"""

NUCLEI = """\
## Nuclei: dsb2018, 96 x 96 pixels

The recipe `nested-unet`: Adam 3e-4, batch 16, half the BCE plus Dice, no variation, ended after 20 epochs
without progress. All images are resized to 96 x 96; 531 train, 133 judge. As in the
re-implementation, the judging images also end the training and choose the parameters, and IoU is that
of batches of 16, then their mean. There images were taken in the order of their file system, here in
that of their names, so the parts differ. *Ours, own size* is what the program does: the starter
model (`python -m benchmarks.starters`, trained on the same 531 images) sees the images as they are, and its
masks are resized and judged like all others. *Ours* is our recipe on the small images: AdamW with a
cosine, each image in its eight flips and quarter turns, 13 times. They are made before it is resized,
since resizing shifts the mask against the image by a part of a pixel, always to the same side, and a
mirrored small image teaches the opposite of that. *Bent* is our recipe for larger images (100 epochs,
group norm, turns by any angle, scale, light bending, brightness, blur and noise), which is far worse
where nuclei are a few pixels wide. The FCNs take the recipe `nested-unet`, batch norm like the U-Nets,
and 16 features (the paper: 64, and parameters of VGG-16).

| network | literature: IoU | here: IoU | lowest, highest | seeds | epochs | minutes |
|---|---|---|---|---|---|---|
"""
LITERATURE = {
    "unet": ("U-Net", "0.8347"),
    "unet++": ("UNet++", "0.8321"),
    "unet++ ds": ("UNet++, deep supervision", "0.8367"),
    "unet own size": ("U-Net, our recipe, own size", "–"),
    "unet ours": ("U-Net, our recipe", "–"),
    "unet ours bent": ("U-Net, our recipe, bent", "–"),
    "fcn-32s": ("FCN-32s", "–"),
    "fcn-16s": ("FCN-16s", "–"),
    "fcn-8s": ("FCN-8s", "–"),
}

MEMBRANES = """\
## Membranes: isbi2012

A U-Net with 32 features and our recipe on sections 0 to 23, scored on 24 to 29, which it never saw;
nothing was chosen by them but the threshold, as in the challenge. The challenge's test sections are hidden, so
the figures of the paper are **of other sections** and only tell the order of magnitude. *Averaged*:
over the eight flips and quarter turns (the paper: seven turns). V_rand and V_info are with membranes
thinned, 1 is perfect; the errors are without, 0 is perfect.

| score | U-Net, 2015 | here, once | here, averaged |
|---|---|---|---|
"""
MEMBRANE_SCORES = {
    "v_rand": ("V_rand", "–"),
    "v_info": ("V_info", "–"),
    "rand_error": ("Rand error", "0.0382"),
    "split_merge_error": ("warping error: splits and mergers, as the challenge counts", "0.000353"),
    "warping_error": ("warping error: all mistakes of topology", "–"),
    "pixel_f_error": ("pixel error: 1 - F, as the challenge counts", "0.0611"),
    "pixel_error": ("pixel error: share of wrong pixels", "–"),
}

CELLS = """\
## Cells: dic_hela

A U-Net with 32 features and our recipe on frames 0 to 59, scored on 60 to 83 of the same film.
The truth is most likely a vote of algorithms (silver truth), not a person's drawing, and neighbouring
frames show the same cells; the paper's 0.7756 is on another, hidden film.

| literature: IoU | here: mean of frames | of all pixels | seeds |
|---|---|---|---|
"""

TISSUE = """\
## Five classes: vnc_em

A U-Net with 32 features, softmax and our recipe on sections 0 to 15, scored on 16 to 19. IoU of each class.

| inside of cells | membrane | glia and outside | mitochondria | synapse | mean | pixels right |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, nuclei(), membranes(), cells(), tissue()])


def rows_of(name: str) -> list[Row]:
    """Every row of an experiment, by seed."""
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(ROWS.glob("*.json"))]
    return [row for row in rows if row["name"] == name]


def nuclei() -> str:
    """U-Net, UNet++ and FCN as the re-implementation of UNet++ measured them."""
    return NUCLEI + "".join(_nuclei_row(*item) for item in LITERATURE.items())


def _nuclei_row(name: str, said: tuple[str, str]) -> str:
    rows = rows_of(f"dsb2018 {name}")
    if not rows:
        return f"| {said[0]} | {said[1]} | not run | | | | |\n"
    ious = [row["iou"] for row in rows]
    spread = f"{min(ious):.4f}, {max(ious):.4f}" if len(ious) > 1 else ""
    epochs = f"{mean(row['epochs'] for row in rows):.0f}" if "epochs" in rows[0] else ""
    minutes = mean(row["seconds"] for row in rows) / 60
    return (
        f"| {said[0]} | {said[1]} | **{mean(ious):.4f}** | {spread} | {len(rows)} | {epochs} "
        f"| {minutes:.0f} |\n"
    )


def membranes() -> str:
    """The challenge's scores."""
    rows = rows_of("isbi2012")
    if not rows:
        return MEMBRANES + "| all | | not run | |\n"
    lines = [
        f"| {name} | {said} | "
        + " | ".join(_short(mean(row[how][key] for row in rows)) for how in ("once", "averaged"))
        + " |\n"
        for key, (name, said) in MEMBRANE_SCORES.items()
    ]
    return MEMBRANES + "".join(lines)


def _short(value: float) -> str:
    return f"{value:.4f}" if value >= 0.005 else f"{value:.6f}"


def cells() -> str:
    """The IoU of cells."""
    rows = rows_of("dic_hela")
    if not rows:
        return CELLS + "| 0.7756 | not run | | |\n"
    frames, pixels = (mean(row[key] for row in rows) for key in ("iou", "iou of all pixels"))
    return CELLS + f"| 0.7756 | **{frames:.4f}** | {pixels:.4f} | {len(rows)} |\n"


def tissue() -> str:
    """The IoU of each class."""
    rows = rows_of("vnc_em")
    if not rows:
        return TISSUE + "| not run | | | | | | |\n"
    each = [mean(row["iou"][i] for row in rows) for i in range(5)]
    more = [mean(row[key] for row in rows) for key in ("mean_iou", "accuracy")]
    return TISSUE + "| " + " | ".join(f"{value:.3f}" for value in [*each, *more]) + " |\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
