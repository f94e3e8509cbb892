"""The part of ``docs/measurements.md`` that says whether the gate tells good models from bad."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent

GATE = """\
## Whether the gate tells good models from bad

`python -m benchmarks.gate --out benchmarks/gate.json`: a small U-Net that knows synthetic nuclei
(bright on black) learns one image of 256 x 256 pixels in 60 steps, each time another one. *Good*:
cells in phase contrast with right labels; *shuffled*: with the labels of another image; *strokes*:
with nothing but strokes on every other object. *Polarity*: nuclei, but what it learns from is shown
with dark and bright exchanged; *rate*: nuclei, at ten times the rate. F1 is that of three other
images, of the old model and of the trained one, whether accepted or not; median. Of the bad
trainings {bad} were refused (the goal was all), of the good ones {good} accepted (the goal was
nine of ten); the old parameters were {untouched} afterwards.

| training | accepted | F1 on other images: before | after |
|---|---|---|---|
"""
KINDS = ("good", "shuffled", "strokes", "polarity", "rate")
Rows = list[dict[str, Any]]


def gate() -> str:
    """What the gate said of each kind of training."""
    rows: Rows = list(json.loads((HERE / "gate.json").read_text()).values())
    good = [row for row in rows if row["kind"] == "good"]
    bad = [row for row in rows if row["kind"] != "good"]
    head = GATE.format(
        bad=f"{sum(not row['accepted'] for row in bad)} of {len(bad)}",
        good=_accepted(good),
        untouched="the same bit by bit"
        if all(row["untouched"] for row in rows)
        else "not the same",
    )
    kinds = ([row for row in rows if row["kind"] == kind] for kind in KINDS)
    return head + "\n".join(_line(kind) for kind in kinds) + "\n"


def _accepted(rows: Rows) -> str:
    return f"{sum(row['accepted'] for row in rows)} of {len(rows)}"


def _line(rows: Rows) -> str:
    before, after = (median(row["others_f1"][when] for row in rows) for when in ("before", "after"))
    return f"| {rows[0]['kind']} | {_accepted(rows)} | {before:.3f} | {after:.3f} |"
