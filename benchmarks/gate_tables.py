"""The table of the gate in ``docs/measurements.md``, from what `benchmarks.gate` has measured."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Row = dict[str, Any]

TITLES = {
    "good": "right",
    "shuffled": "labels of another image",
    "strokes": "only objects painted, no background",
    "polarity": "dark and bright exchanged in what it learns from",
    "rate": "ten times the learning rate",
}

GATE = """\
## Whether bad models are kept out

`python -m benchmarks.gate`: a small U-Net that knows synthetic nuclei (bright on black) is tuned on
one image of 256 x 256 pixels, a quarter of it held out, {steps} steps, other images each time. The
gate sees the held-out part alone, with the labels that it was given. *Other images*: the object F1
on three more of the kind, with right labels, median of the trainings, lowest and highest: what the
models are worth in truth. The old model's parameters were the same bit by bit after each. A small
gain of the mask alone (less than 0.02 of the correlation with the truth) no longer counts since a
first run, on other images, in which one of 20 bad models had got in by it.

| training | accepted | other images, old model | other images, new model |
|---|---|---|---|
"""


def gate() -> str:
    """Which of the models were accepted, and what they were worth."""
    rows: dict[str, Row] = json.loads((HERE / "gate.json").read_text())
    lines = [_line(title, of_kind(rows, kind)) for kind, title in TITLES.items()]
    return GATE.format(steps=next(iter(rows.values()))["steps"]) + "\n".join(lines) + "\n"


def of_kind(rows: dict[str, Row], kind: str) -> list[Row]:
    """All trainings of one kind."""
    return [row for row in rows.values() if row["kind"] == kind]


def _line(title: str, rows: list[Row]) -> str:
    old, new = ([row["others_f1"][when] for row in rows] for when in ("before", "after"))
    accepted = sum(row["accepted"] for row in rows)
    spread = f"{statistics.median(new):.2f}, {min(new):.2f}–{max(new):.2f}"
    return f"| {title} | {accepted} of {len(rows)} | {statistics.median(old):.2f} | {spread} |"
