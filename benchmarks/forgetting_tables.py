"""The part of ``docs/measurements.md`` that says what a fine-tuned model forgets."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent

FORGETTING = """\
## What a fine-tuned model forgets

`python -m benchmarks.forgetting --out benchmarks/forgetting.json`: the default model learns one
region of 256 x 256 pixels in 60 steps, without a replay pack (*none*), with the *synthetic* one
that ships in it, and with one of 22 pictures of dsb2018's train split, as a user's *own* model has
it. With a pack, three of the six patches of a step are replayed; without one a step has four
patches. *Old* is the IoU on every fifth val image of dsb2018, {before:.3f} before; *new* is on
held-out images of the data set. The input is left as it is. Median of all runs with one's own pack:
{own:+.3f} (the goal was -0.02), with the synthetic one: {synthetic:+.3f} (the goal was -0.03).

| data | pack | new: IoU | new: F1 | old: change of IoU: median, worst | runs |
|---|---|---|---|---|---|
"""
Rows = list[dict[str, Any]]


def forgetting() -> str:
    """What each pack is worth."""
    rows = json.loads((HERE / "forgetting.json").read_text())
    before = rows.pop("before")["iou"]
    runs: Rows = [row | {"change": row["old"]["iou"] - before} for row in rows.values()]
    head = FORGETTING.format(
        before=before, **{pack: median(_changes(runs, pack)) for pack in ("own", "synthetic")}
    )
    lines = [
        _line([run for run in runs if (run["data"], run["pack"]) == (data, pack)])
        for data in ("isbi2012", "dic_hela")
        for pack in ("none", "synthetic", "own")
    ]
    return head + "\n".join(lines) + "\n"


def _changes(runs: Rows, pack: str) -> list[float]:
    return [run["change"] for run in runs if run["pack"] == pack]


def _line(runs: Rows) -> str:
    iou, f1 = (median(run["new"][score] for run in runs) for score in ("iou", "f1_50"))
    change = [run["change"] for run in runs]
    return (
        f"| {runs[0]['data']} | {runs[0]['pack']} | {iou:.3f} | {f1:.3f} "
        f"| {median(change):+.3f}, {min(change):+.3f} | {len(runs)} |"
    )
