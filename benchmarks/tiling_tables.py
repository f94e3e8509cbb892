"""The tables of tiles and memory in ``docs/measurements.md``."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Row = dict[str, Any]

TILES = """\
## What tiles cost

`python -m benchmarks.tiling --side SIDE`: the default network over an image (uint16, from grey
values to probabilities, percentiles included), in one thread, by the time of the processor.
*Beside the bare* network: speed of a tile, halo counted, against the network alone on pixels of
the very same shape, one after the other; median (least, most) of the tiles. The goal was 0.95.
*Without halo*: pixels of the image that are answered in a second against those of the bare network
on its best size: what the halo costs. *MONAI*: how many times as long its sliding window (gaussian,
overlap 0.25) takes with the same folded network, in windows as large as what a tile shows the
network (*same*), and in windows of *512*, its best here; their edge is nearer than the network
looks, so that its answers depend on where the windows lie, as ours do not. The goal was 1.3, which
is reached in windows of the same size only. Three turns each, all with memory in huge pages, ours
as the program has it, the others without giving parts of 10 to 32 MiB back to the system. (With
`THP_MEM_ALLOC_ENABLE=0` tiles took a fifth longer.) Reading and normalising a tile of 736 x 736
pixels takes 3 ms of its 495 ms.

| image | way | seconds | shown per pixel | beside the bare | without halo | MONAI: same | 512 |
|---|---|---|---|---|---|---|---|
"""

MEMORY = """\
## How much memory a large image takes

`python -m benchmarks.memory`: the most memory that a process had which read a zarr array (uint16)
and wrote its probabilities into another by `napari_unet.predict_into`, tiles of 512 pixels, in
one thread; Python, torch and napari_unet take {imports} MiB of it. The goal was under 2 GiB, and
the same within 5 % for every size. With *tiny*, a network of the same way, the same tiles and
chunks with next to no arithmetic, the most is {tiny:.1f} % above the least; with the default one
{default:.1f} %. Its peak goes by chance, too: five times 2048 x 2048 took {least} to {most} MiB
(below: the median). Before (707 to 789 MiB, 11.6 %) the C library kept ever more of what was freed:
now parts above 10 MiB go back when they are free, and the rest while tiles are predicted
(`napari_unet/memory.py`); its pages have to be taken anew.
*mapped* is the last corner of a TIFF of 20,000 x 30,000 pixels, mapped into memory, with the
percentiles of the whole; it is constant, so that all of it is read, and 572 MiB of the peak are
pages of the file itself.

| network | image | peak, MiB | seconds of the processor |
|---|---|---|---|
"""


def tiles() -> str:
    """What the halo, reading and normalising cost beside the network."""
    found: dict[str, Row] = json.loads((HERE / "tiling.json").read_text())
    lines = [line for side, ways in found.items() for line in _tiles_rows(int(side), ways)]
    return TILES + "\n".join(lines) + "\n"


def _tiles_rows(side: int, found: Row) -> list[str]:
    fastest, theirs = max(found["bare"].values()), found["monai"]
    sizes = dict.fromkeys(row["tile"] for row in found["tiled"])
    turns = [[row for row in found["tiled"] if row["tile"] == px] for px in sizes]
    return [_tiles_row(rows, fastest, theirs) for rows in turns]


def _tiles_row(turns: list[Row], fastest: float, theirs: dict[str, list[float]]) -> str:
    ratios = [bare / s for row in turns for s, bare, _ in row["tile, bare, pixels"]]
    side, seconds = turns[0]["side"], statistics.median(row["s"] for row in turns)
    return (
        f"| {side} x {side} | tiles of {turns[0]['tile']} | {seconds:.1f} "
        f"| {turns[0]['seen'] / side**2:.2f} | {_spread(ratios)} "
        f"| {side**2 / seconds / fastest:.2f} "
        f"| {_faster(theirs, str(turns[0]['window']), turns)} | {_faster(theirs, '512', turns)} |"
    )


def _faster(theirs: dict[str, list[float]], window: str, turns: list[Row]) -> str:
    """How much longer MONAI takes, turn by turn."""
    if not theirs.get(window):
        return "not measured"
    return _spread([s / row["s"] for s, row in zip(theirs[window], turns, strict=True)])


def _spread(ratios: list[float]) -> str:
    return f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f}, {max(ratios):.2f})"


def memory() -> str:
    """Whether memory grows with the image."""
    rows: dict[str, Row] = json.loads((HERE / "memory.json").read_text())
    lines = []
    for key, row in rows.items():
        network, _, side = key.partition(" ")
        image = "20,000 x 30,000, mapped" if side == "mapped" else f"{side} x {side}"
        lines.append(f"| {network} | {image} | {row['peak MiB']} | {row['s']:.0f} |")
    imports = max(row["imports MiB"] for row in rows.values())
    often = rows["default 2048"]["peaks MiB"]
    more = {network: 100 * (growth(rows, network) - 1) for network in ("tiny", "default")}
    head = MEMORY.format(imports=imports, least=min(often), most=max(often), **more)
    return head + "\n".join(lines) + "\n"


def growth(rows: dict[str, Row], network: str) -> float:
    """The most memory that an image on the disk took, beside the least, whatever its size."""
    peaks = [
        row["peak MiB"]
        for key, row in rows.items()
        if key.startswith(network) and not key.endswith("mapped")
    ]
    return float(max(peaks) / min(peaks))
