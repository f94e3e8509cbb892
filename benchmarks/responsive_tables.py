"""The tables of budgets and latencies in ``docs/measurements.md``."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
STROKES, EVENTS_PER_STROKE = 16, 42
Row = dict[str, Any]

BUDGET = """\
## Whether fine-tuning ends in time

`python -m benchmarks.budget`: seconds on the clock from the request to the answer, in the engine of
the window, with more steps asked for than any time allows; all of a synthetic image is confirmed.
The goal is to end within 5 % of what was asked for. The time in which the new model is judged is
kept back, and where judging all that is held out would take too long, the part of it with the most
objects is judged. The engine had its own, low priority, and the machine one other training to do,
on its other core; UNet++ takes steps of a second or two there, and begins none that ends late.
Where two other trainings filled both cores, 20 s became 41 s (U-Net, 256 x 256; also the first job
of a new engine) and 60 s became 90 s (UNet++, 1024 x 1024): nobody knows before how much of the
machine other programs will leave for the verdict.

| model | image | asked for, s | took, s | difference | steps |
|---|---|---|---|---|---|
"""

LATE = """\
Late: {late}. There the network took one step between two judgements; what comes before, finding the
input and weighing the borders, had used up the time.
"""

STOPS = """\
*Stop* at {stops} random seconds up to {latest:.0f}, the engine at its own priority: a model
predicted after each. {new} it was a new one, {median:.1f} s later in the middle and
{longest:.1f} s at most; {none} nothing was learnt yet, and the old one stayed.
"""

LATENCY = """\
## What fine-tuning costs the painter

`python -m benchmarks.latency`: every 10 ms an event of the mouse is due on the Labels layer, with
the panel, recorder, history and journal on, without a canvas; its latency is the time from then
until it has been dealt with. {events} events a run with an idle engine, and as many while it
fine-tunes, which goes first taking turns. The goal is that the 95th percentile grows by less than
10 ms. The engine had its own, low priority, and two cores with nothing else to do.

| run | idle: median, p95, ms | fine-tuning: median, p95, ms | p95 added, ms |
|---|---|---|---|
"""


def budget() -> str:
    """Whether time budgets are kept, and what Stop leaves."""
    found: dict[str, list[Row]] = json.loads((HERE / "budget.json").read_text())
    lines = [
        f"| {row['model']} | {row['side']} x {row['side']} | {row['asked']} | {row['took']:.1f} "
        f"| {100 * (row['took'] / row['asked'] - 1):+.1f} % | {row['steps']} |"
        for row in sorted(found["kept"], key=_order)
    ]
    return BUDGET + "\n".join(lines) + "\n\n" + _late(found["kept"]) + _stops(found["stopped"])


def _late(rows: list[Row]) -> str:
    late = [row for row in rows if row["took"] > 1.05 * row["asked"]]
    if not late:
        return ""
    named = [
        f"{row['model']} with {row['side']} x {row['side']} in {row['asked']} s" for row in late
    ]
    return LATE.format(late="; ".join(named)) + "\n"


def _order(row: Row) -> tuple[str, int, int]:
    return row["model"], row["side"], row["asked"]


def _stops(rows: list[Row]) -> str:
    if not all(row["predicts"] for row in rows):
        raise ValueError("After a stop there was no model that predicts: look into it.")
    new = [row["after"] for row in rows if row["steps"] is not None]
    return STOPS.format(
        stops=len(rows),
        latest=max(row["at"] for row in rows),
        new=_times(len(new)).capitalize(),
        none=_times(len(rows) - len(new)),
        median=statistics.median(new),
        longest=max(new),
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def latency() -> str:
    """What a fine-tuning adds to the latency of painting."""
    rows: list[Row] = json.loads((HERE / "latency.json").read_text())
    lines = []
    for number, row in enumerate(rows, start=1):
        idle, learning = row["idle"], row["learning"]
        cells = [f"{one['median']:.1f}, {one['p95']:.1f}" for one in (idle, learning)]
        lines.append(f"| {number} | {' | '.join(cells)} | {learning['p95'] - idle['p95']:+.1f} |")
    added = [row["learning"]["p95"] - row["idle"]["p95"] for row in rows]
    lines.append(f"| median | | | **{statistics.median(added):+.1f}** |")
    return LATENCY.format(events=STROKES * EVENTS_PER_STROKE) + "\n".join(lines) + "\n"
