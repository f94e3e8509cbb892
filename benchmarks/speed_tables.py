"""The table of speed in ``docs/measurements.md``, from what `benchmarks.speed` has measured."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Row = dict[str, Any]

SPEED = """\
## How fast each network is

`python -m benchmarks.speed`: an image of 512 x 512 pixels in one tile, with what each network has
to be shown around it; normalisation folded in where it can be; median of {runs}, the networks by
turns. On the CPU it is the time of the processor in one thread, so that other work beside hardly
counts; more threads are faster. *Ratio* is to `unet` in our size. *Ours*: as the starter models,
16 features, for all (an FCN has 1024 channels in its deepest layers then). *Paper*: 64 features
(UNet++: 32, no normalisation, a head at every depth). A UNet++ that stops at a head leaves out
what lies deeper; all heads are their mean. The U-Net paper: less than a second on a GPU of 2015.

"""


def speed() -> str:
    """How long each network takes for an image."""
    found: dict[str, Any] = json.loads((HERE / "speed.json").read_text())
    devices = list(found)
    titles = [f"{found[device]['device']}, ms | ratio" for device in devices]
    head = ["network", "size", "parameters", *titles]
    lines = [f"| {' | '.join(head)} |", "|---|---|---|" + "---|---|" * len(devices)]
    tables = [found[device]["rows"] for device in devices]
    for rows in zip(*tables, strict=True):
        times = [
            f"{_ms(row):.0f} | {_ms(row) / _ms(table[0]):.1f}"
            for row, table in zip(rows, tables, strict=True)
        ]
        size = f"{rows[0]['parameters'] / 1e6:.1f} M"
        lines.append(f"| {' | '.join([_name(rows[0]), rows[0]['size'], size, *times])} |")
    runs = len(tables[0][0]["ms"])
    return SPEED.format(runs=runs) + "\n".join(lines) + "\n"


def _name(row: Row) -> str:
    deep = row["settings"].get("deep_supervision")
    heads = f", head L{row['level']}" if row["level"] else ", all heads" if deep else ""
    return f"`{row['network']}`{heads}"


def _ms(row: Row) -> float:
    return float(statistics.median(row["ms"]))
