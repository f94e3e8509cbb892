"""Write ``docs/learning.md`` from the rows that `benchmarks.learning` has made.

``python -m benchmarks.learning_tables``; a test fails when the page is not what this would write.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.kinds import KINDS
from benchmarks.learning import CEILING_S, ROWS, SEEDS, WHO, cells

UNNAMED = "Intel Xeon with AMX"
"""Of rows that do not say on which processor they were made."""
PAGE = Path(__file__).parent.parent / "docs" / "learning.md"
Row = dict[str, Any]

INTRODUCTION = f"""\
# What corrections teach

Made by `python -m benchmarks.learning` (training, resumable, a file a row in `benchmarks/learning/`)
and `python -m benchmarks.learning_tables` (this page), with one thread of one core, without a GPU; both
processors below compute with bfloat16. Seconds of training are those of the processor: other work
beside does not count. **{{run}} of {{all}} rows have been run**; a line that is not here waits for a
machine, and the command makes it.

A simulated person corrects regions of 256 x 256 pixels, each in another training image:

- *dense*: draws the outline of every object. Seconds by hand: outlines at 400 pixels a second, read
  120 times a second, and 200 ms of searching for each.
- *strokes*: paints at most 20 strokes over what the base shows, the largest errors first, none
  within 2 pixels of a true edge (`benchmarks/strokes.py`). The label is the mask with the strokes,
  everywhere in the region. Searching costs 200 ms a stroke. Nobody thinks or hesitates in either.

*product* is `fine_tune` with its defaults and that many seconds. Where its gate refuses the new
model (*accepted*), the old one counts, as for a user who follows it; *anyway* is the AP50 of the new
ones, refused or not. It ends when its steps are done, which can be before the time is up. Beside it what somebody would do without it, on the same regions, in
the same time, from the same base, with the better of components and split objects for AP50 (the
product has to choose by itself):

- *input*: no training; only what the network is shown (polarity, scale) and whether objects are
  split, as the product finds them on one region.
- *plain*: AdamW at 3e-4, cross entropy and Dice, no border weights, nothing replayed.
- *only strokes*: loss on painted pixels alone as RootPainter masks it (logits multiplied by 0
  where nothing is labelled), Dice + 0.3 cross entropy, SGD with Nesterov 0.99 at 0.01.
- *scratch*: the product's loss and rate, from first parameters.
- *ceiling*: all training images with all their labels, {CEILING_S} seconds.

AP50 is TP / (TP + FP + FN) at an IoU of 0.5, all val objects together; IoU is of the foreground, mean
of images. Median of the seeds, and the *worst* one. *Old kinds*: change of the IoU on val images of
what the base knew, shown at the polarity and scale of the base; median. isbi2012 and dic_hela start
from the starter model (old kinds: every fifth val image of dsb2018), tissue and brightfield of dsb2018
from a model that knows fluorescence only (every fourth fluorescence val image). The truth of dic_hela
is most likely silver.
"""

GOALS_HEAD = """\
## Goals

What corrections by outlines are to reach, all five seeds; median, worst. `--who product --hands dense`
with `--kinds`, `--regions` and `--seconds` makes a line's rows.

| goal | measured | rows |
|---|---|---|
"""

TABLE_HEAD = """\
| who | by hand | regions | training | AP50: median, worst | IoU: median, worst | old kinds | hand | accepted | anyway | seeds |
|---|---|---|---|---|---|---|---|---|---|---|
"""


class Outcome(NamedTuple):
    """What a user has after a row."""

    ap50: float
    iou: float
    forgot: float
    """Change of the IoU on old kinds."""


def page() -> str:
    """The whole page."""
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(ROWS.glob("*.json"))]
    counts = INTRODUCTION.replace("{run}", str(len(rows)))
    head = counts.replace("{all}", f"{len(list(cells())):,}")
    tables = [table(kind, [row for row in rows if row["kind"] == kind]) for kind in KINDS]
    return "\n".join([head, goals(rows), *tables, programs(rows), processors(rows)])


def outcome(row: Row, base: Row) -> Outcome:
    """What a user has after a row: the new model, or the base where the new one was refused."""
    if row["who"] not in ("product", "input"):
        best = max(row["new"]["ap50"][how] for how in ("components", "split"))
        return Outcome(best, row["new"]["iou"], row["old"]["iou"] - base["old"]["iou"])
    kept = row if row["who"] == "input" or row["proof"]["accepted"] else base
    forgot = kept["old"]["iou"] - base["old"]["iou"]
    return Outcome(kept["new"]["ap50"]["chosen"], kept["new"]["iou"], forgot)


def table(kind: str, rows: Sequence[Row]) -> str:
    """All that was run of one kind."""
    head = f"## {kind}\n\n{len(rows)} of {len(list(cells([kind])))} rows have been run.\n"
    base = next((row for row in rows if row["who"] == "base"), None)
    if base is None:
        return head
    alike = groupby(sorted(rows, key=_order), _what)
    return f"{head}\n{TABLE_HEAD}" + "".join(_line(list(group), base) for _, group in alike)


def _what(row: Row) -> tuple[int, str, int, int]:
    who = ("base", *WHO).index(row["who"])
    return who, row["hand"], row["regions"], row["seconds"]


def _order(row: Row) -> tuple[tuple[int, str, int, int], int]:
    return _what(row), row["seed"]


def _line(rows: Sequence[Row], base: Row) -> str:
    first, found = rows[0], [outcome(row, base) for row in rows]
    cells = [first["who"], "–", "–", "–"]
    if first["who"] != "base":
        count = first["regions"] or f"{first['images']} images"
        cells = [first["who"], first["hand"], f"{count}", f"{first['seconds']} s"]
    ap50, as_chosen = _spread([o.ap50 for o in found]), f"{base['new']['ap50']['chosen']:.3f}"
    if first is base and ap50 != as_chosen:
        ap50 += f" ({as_chosen} as the product divides objects)"
    cells += [ap50, _spread([o.iou for o in found])]
    cells.append("–" if first is base else f"{median(o.forgot for o in found):+.3f}")
    cells.append(f"{median(row['hand_s'] for row in rows):.0f} s" if "hand_s" in first else "–")
    cells += _accepted(rows)
    cells.append("–" if first is base else str(len(rows)))
    return "| " + " | ".join(cells) + " |\n"


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.3f}, {min(values):.3f}" if len(values) > 1 else f"{values[0]:.3f}"


def _accepted(rows: Sequence[Row]) -> list[str]:
    """How many the gate let through, and the AP50 of all, had it let all through."""
    if rows[0]["who"] != "product":
        return ["–", "–"]
    accepted = sum(row["proof"]["accepted"] for row in rows)
    return [f"{accepted} of {len(rows)}", _spread([row["new"]["ap50"]["chosen"] for row in rows])]


class Goal(NamedTuple):
    """What the product is to reach, by outlines."""

    text: str
    kind: str
    regions: int
    seconds: int
    value: Callable[[Outcome], float]
    who: str = "product"


GOALS = (
    Goal("isbi2012, 1 region, 20 s: AP50 0.43, worst 0.38", "isbi2012", 1, 20, lambda o: o.ap50),
    Goal("isbi2012, 4 regions, 20 s: AP50 0.50", "isbi2012", 4, 20, lambda o: o.ap50),
    Goal("dic_hela, 4 regions, 60 s: IoU 0.80", "dic_hela", 4, 60, lambda o: o.iou),
    Goal("tissue, input only: IoU 0.70", "tissue", 1, 0, lambda o: o.iou, "input"),
    Goal("tissue, 4 regions, 60 s: AP50 0.42", "tissue", 4, 60, lambda o: o.ap50),
    Goal("brightfield, 4 regions, 60 s: AP50 0.40", "brightfield", 4, 60, lambda o: o.ap50),
)


PACKS = {
    "old kinds with the user's own pack: IoU -0.02": "fluorescence",
    "old kinds with the synthetic pack: IoU -0.03": "starter",
}
"""What is not to be forgotten, and the model whose replay pack it is."""


def goals(rows: Sequence[Row]) -> str:
    """What was aimed at, and what is measured so far: median and worst."""
    bases = {row["kind"]: row for row in rows if row["who"] == "base"}
    done = [(row, outcome(row, bases[row["kind"]])) for row in rows]
    lines = [_goal_line(goal, done) for goal in GOALS]
    kept = [(row, after) for row, after in done if row["who"] == "product"]
    if kept:
        below = sum(o.ap50 < bases[row["kind"]]["new"]["ap50"]["chosen"] for row, o in kept)
        lines.append(
            f"| never below the base after the gate: AP50 | {below} below | {len(kept)} |\n"
        )
    lines += [
        f"| {text} | {_spread(forgot)} | {len(forgot)} |\n"
        for text, base in PACKS.items()
        if (forgot := [o.forgot for row, o in kept if KINDS[row["kind"]].base == base])
    ]
    return GOALS_HEAD + "".join(lines)


def _goal_line(goal: Goal, done: Sequence[tuple[Row, Outcome]]) -> str:
    wanted = (goal.who, "dense", goal.kind, goal.regions, goal.seconds)
    found = [
        goal.value(after)
        for row, after in done
        if (row["who"], row["hand"], row["kind"], row["regions"], row["seconds"]) == wanted
    ]
    said = _spread(found) if found else "not run"
    return f"| {goal.text} | {said} | {len(found)} of {len(SEEDS)} |\n"


def programs(rows: Sequence[Row]) -> str:
    """Which states of the package have made the rows."""
    found = Counter((row["program"], row["who"] == "product") for row in rows)
    lines = [
        f"- `{name}`: {count} {'of the product' if is_product else 'of the others'}\n"
        for (name, is_product), count in sorted(found.items())
    ]
    head = (
        "## Which state of the package made the rows\n\nBy the first digits of its sources' hash.\n"
    )
    return f"{head}\n{''.join(lines)}"


def processors(rows: Sequence[Row]) -> str:
    """On which processors the rows were made."""
    found = Counter(row.get("processor", UNNAMED) for row in rows)
    lines = [f"- {name}: {count}\n" for name, count in sorted(found.items())]
    return f"## On which processor\n\n{''.join(lines)}"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
