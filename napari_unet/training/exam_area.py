"""How much of what is held out a judgement looks at: all of it, unless that takes too long."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_unet.images.boxes import bounding_box
from napari_unet.training.scoring import Exam

PROBE_PX = 256 * 256
"""So much is always looked at, and shows how long more would take."""
GRID_PX = 32
OBJECTS_COUNT = 4
"""A pixel of an object says more than so many of the background."""


def area(exams: Sequence[Exam]) -> int:
    """Pixels that have to be predicted for some exams."""
    boxes = [bounding_box(exam.counted) for exam in exams]
    return sum((bottom - top) * (right - left) for top, left, bottom, right in boxes)


def within(exams: Sequence[Exam], most_px: int) -> list[Exam]:
    """The same exams, each cut down to the window that says most, until they fit.

    Parameters
    ----------
    exams
        Nothing changes if they are small enough.
    most_px
        Pixels to predict, all exams together; each keeps at least one square of the grid.

    Returns
    -------
    As many exams, in the same order; what counts in them counted before, too.
    """
    if area(exams) <= most_px:
        return list(exams)
    share = most_px // len(exams)
    spare = sum(max(0, share - area([exam])) for exam in exams)
    large = sum(area([exam]) > share for exam in exams)
    side = max(GRID_PX, int((share + spare / large) ** 0.5))
    return [exam if area([exam]) <= share else _cut(exam, side) for exam in exams]


def _cut(exam: Exam, side_px: int) -> Exam:
    """What counts of an exam, in its densest square of a size."""
    worth = exam.counted * (1 + OBJECTS_COUNT * (exam.labels > 0))
    y, x = densest(worth, side_px)
    counted = np.zeros_like(exam.counted)
    window = np.s_[y : y + side_px, x : x + side_px]
    counted[window] = exam.counted[window]
    return exam._replace(counted=counted)


def densest(worth: np.ndarray, side_px: int) -> tuple[int, int]:
    """The corner of the square of a size, on a grid, that holds most.

    Parameters
    ----------
    worth
        (y, x): what each pixel counts.
    side_px
        Of the square; of a smaller image the whole.
    """
    span = max(1, side_px // GRID_PX)
    rows, columns = (np.arange(0, side, GRID_PX) for side in worth.shape)
    blocks = np.add.reduceat(np.add.reduceat(worth, rows, axis=0), columns, axis=1)
    sums = np.pad(blocks, ((1, span), (1, span))).cumsum(0).cumsum(1)
    within_each = sums[span:, span:] - sums[:-span, span:] - sums[span:, :-span]
    within_each = within_each + sums[:-span, :-span]
    y, x = np.unravel_index(int(within_each.argmax()), within_each.shape)
    return int(y) * GRID_PX, int(x) * GRID_PX
