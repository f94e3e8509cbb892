"""Prints results as tables, and writes them as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from napari_unet import disk
from napari_unet.schema.model_card import Scores

SCORES = ("iou", "dice", "f1_50", "mean_ap")
"""The columns of scores, in this order."""


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under a header, numbers with three decimals, the first column to the left."""
    texts = [list(header), *([_text(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for first, *others in texts:
        cells = [text.rjust(width) for text, width in zip(others, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *cells]).rstrip())


def _text(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def score_row(name: str, scores: Scores | None) -> list[object]:
    """A row of a table of scores; dashes where there are none."""
    return [name, *(getattr(scores, column) if scores else "-" for column in SCORES)]


def write_json(path: Path | None, content: Any) -> None:
    """Write what was printed to a file, if there is to be one."""
    if path is not None:
        disk.write_text(path, json.dumps(content, indent=1) + "\n")
