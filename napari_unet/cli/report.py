"""Prints results as tables, and writes them as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from napari_unet import disk
from napari_unet.schema.class_scores import ClassScores
from napari_unet.schema.membrane_scores import MembraneScores
from napari_unet.schema.model_card import Scores
from napari_unet.schema.proof import Proof

SCORES = ("iou", "dice", "f1_50", "mean_ap")
"""The columns of scores, in this order."""
ALL_SCORES = (*SCORES, "pixel_error", "aji", "hausdorff_95_px")
"""The same and those that take longer."""
MEANS = ("mean_iou", "mean_dice", "accuracy")
"""The columns of scores of classes, over all of them."""
CLASS_SCORES = ("class", "iou", "dice", "pixels")
"""The columns of a table of classes."""


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under a header, numbers with three decimals, the first column to the left."""
    texts = [list(header), *([_text(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for first, *others in texts:
        cells = [text.rjust(width) for text, width in zip(others, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *cells]).rstrip())


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def score_row(name: str, scores: Scores | None, columns: Sequence[str] = SCORES) -> list[object]:
    """A row of a table of scores; dashes where there are none."""
    return [name, *(getattr(scores, column) if scores else "-" for column in columns)]


def scores_text(scores: Scores) -> str:
    """The scores that say most, in one line."""
    name, value = scores.headline
    return f"{name} {value:.3f}" if scores.classes else f"IoU {scores.iou:.3f}, {name} {value:.3f}"


def print_scores(
    first: str,
    named: Sequence[tuple[str, Scores]],
    classes: Sequence[str] = (),
    columns: Sequence[str] = SCORES,
) -> None:
    """Print scores as a table; of a model of classes also the last ones class by class.

    Parameters
    ----------
    first
        The header of the first column.
    named
        Scores, each with what it is the score of.
    classes
        What the classes are called.
    columns
        The scores that are printed, of a model that finds objects.
    """
    last = named[-1][1].classes
    if last is None:
        print_table([first, *columns], [score_row(*one, columns) for one in named])
        return
    found = [(name, scores.classes) for name, scores in named]
    means = [[name, *(getattr(one, column) for column in MEANS)] for name, one in found]
    print_table([first, *MEANS], means)
    print_table(CLASS_SCORES, _class_rows(classes, last))


def print_proof(proof: Proof, classes: Sequence[str]) -> None:
    """Print the scores before and after a fine-tuning, and the verdict."""
    columns = (*SCORES, "ap50", "boundary_f1", "touching_pairs", "merged_pairs")
    print_scores("", [("before", proof.before), ("after", proof.after)], classes, columns)
    print(proof.sentence)


def proof_content(proof: Proof) -> dict[str, Any]:
    """A verdict for a JSON file; its reason is the whole sentence."""
    content = proof.model_dump(exclude={"sentence"})
    return content | {"reason": proof.sentence}


def print_membrane_scores(first: str, named: Sequence[tuple[str, MembraneScores]]) -> None:
    """Print the scores of images that membranes divide; those of topology are small."""
    scores = [name for name in MembraneScores.model_fields if name not in ("threshold", "sections")]
    rows = [[name, *(f"{getattr(one, score):.6f}" for score in scores)] for name, one in named]
    print_table([first, *scores], rows)


def _class_rows(names: Sequence[str], scores: ClassScores) -> list[list[object]]:
    columns = zip(names, scores.iou, scores.dice, scores.pixels, strict=True)
    rows: list[list[object]] = [[*row] for row in columns]
    of_all = f"mean of {len(names)} classes"
    return [*rows, [of_all, scores.mean_iou, scores.mean_dice, sum(scores.pixels)]]


def write_json(path: Path | None, content: Any) -> None:
    """Write what was printed to a file, if there is to be one."""
    if path is not None:
        disk.write_text(path, json.dumps(content, indent=1) + "\n")
