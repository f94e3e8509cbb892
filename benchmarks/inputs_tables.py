"""The table of what the right input is worth."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

INPUTS = """\
## The right input, without training

`python -m benchmarks.inputs`: the program looks at one corrected region of 256 x 256 pixels of a
training image (the held-out quarter left out), tries the image and its negative at four to seven
scales, with objects as connected components or split at their waists, and the model is scored with
what was found on all held-out images of the kind: median and worst of three regions. *Fluorescence
only* is the default U-Net after 500 steps of four patches of 128 pixels of dsb2018's fluorescence
images; the starter has learnt all kinds of dsb2018. AP50 is TP / (TP + FP + FN) of all objects.

The negative is worth .5 to .6 of IoU on stained tissue; with this base it stays below the goal of
.70. What the model had wins unless one object more is right, which keeps the starter nearly as it
was where it knows the kind; a region of unusual nuclei can still cost it some AP50. Brightfield
stays out of reach without training. Of isbi2012 the starter finds little in any input.

| model | kind | images | IoU as it is | IoU: median, worst | AP50 as it is | \
AP50: median, worst | found | s |
|---|---|---|---|---|---|---|---|---|
"""


def inputs() -> str:
    """The whole section."""
    rows: dict[str, Any] = json.loads((HERE / "inputs.json").read_text())
    return INPUTS + "\n".join(map(_row, rows.values())) + "\n"


def _row(row: dict[str, Any]) -> str:
    found = row["found"]

    def both(key: str) -> str:
        values = [one[key] for one in found]
        return f"{row['as it is'][key]:.3f} | {statistics.median(values):.3f}, {min(values):.3f}"

    choices = "; ".join(dict.fromkeys(_choice(one) for one in found))
    seconds = max(one["seconds"] for one in found)
    return (
        f"| {row['model']} | {row['kind']} | {row['images']} | {both('iou')} | {both('ap50')} "
        f"| {choices} | {seconds:.1f} |"
    )


def _choice(found: dict[str, Any]) -> str:
    polarity = "negative" if found["inverted"] else "as it is"
    return f"{polarity} x {found['scale']:g}, {'split' if found['split'] else 'components'}"
