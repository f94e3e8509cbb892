"""How well masks of classes agree with the truth: IoU and Dice of each class, pixel accuracy.

All of it comes from one table that counts, for each class of the truth, as which classes its pixels
were found. Tables of several images add up, so that a class that is rare in each of them is judged
by all of its pixels. Where there is nothing to compare the agreement is perfect: 1.
"""

from __future__ import annotations

import numpy as np

from napari_unet.schema.class_scores import ClassScores


def confusion(
    labels: np.ndarray, truth: np.ndarray, classes: int, known: np.ndarray | None = None
) -> np.ndarray:
    """Count which class was taken for which.

    Parameters
    ----------
    labels, truth
        Integers of one shape, 0 to ``classes - 1``.
    classes
        How many classes there are, the first included.
    known
        Only where this is not 0 the pixels are looked at; None is everywhere.

    Returns
    -------
    int64, (class of the truth, class that was found): numbers of pixels.

    Raises
    ------
    ValueError
        If the shapes differ, or a value is no class.
    """
    labels, truth = np.asarray(labels), np.asarray(truth)
    if labels.shape != truth.shape or (known is not None and np.shape(known) != truth.shape):
        raise ValueError(
            f"The labels {labels.shape} have another shape than their truth {truth.shape} or the "
            "known pixels; compare masks of one and the same image."
        )
    if known is not None:
        labels, truth = labels[np.asarray(known) != 0], truth[np.asarray(known) != 0]
    for one in (labels, truth):
        if one.dtype.kind not in "bui" or (one.size and not 0 <= one.min() <= one.max() < classes):
            raise ValueError(
                f"Masks of {classes} classes hold whole numbers from 0 to {classes - 1}; compare "
                "masks whose labels are classes."
            )
    pairs = truth.ravel().astype(np.int64) * classes + labels.ravel()
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def class_scores(
    labels: np.ndarray, truth: np.ndarray, classes: int, known: np.ndarray | None = None
) -> ClassScores:
    """IoU and Dice of each class of one mask, their means, and pixel accuracy.

    Parameters are those of `confusion`; for several images, add up their tables and hand the sum
    to `scores_of`.
    """
    return scores_of(confusion(labels, truth, classes, known))


def scores_of(table: np.ndarray) -> ClassScores:
    """The scores that a table of `confusion`, or the sum of several, comes to."""
    right = np.diagonal(table)
    both = table.sum(axis=0) + table.sum(axis=1)
    iou = [int(r) / int(b - r) if b else None for r, b in zip(right, both, strict=True)]
    dice = [2 * int(r) / int(b) if b else None for r, b in zip(right, both, strict=True)]
    total = int(table.sum())
    return ClassScores(
        iou=tuple(iou),
        dice=tuple(dice),
        mean_iou=_mean(iou),
        mean_dice=_mean(dice),
        accuracy=int(right.sum()) / total if total else 1.0,
        pixels=tuple(table.sum(axis=1).tolist()),
    )


def _mean(values: list[float | None]) -> float:
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else 1.0
