"""Turn labels into what a network is taught."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage import segmentation

from napari_unet.images.weight_maps import class_balance, make_weight_map
from napari_unet.schema.settings import LossSettings


class Target(NamedTuple):
    """What a network is taught about one image."""

    target: np.ndarray
    """uint8, (y, x): 1 on objects, 0 on background and in the gaps between touching objects; or the
    class of each pixel."""
    weight_map: np.ndarray
    """float32, (y, x): how much each pixel counts; 0 where nothing is known."""


def open_gaps(labels: np.ndarray) -> np.ndarray:
    """Separate touching objects by a line of background one pixel wide.

    Parameters
    ----------
    labels
        (y, x) integers, 0 is background.

    Returns
    -------
    The labels, with 0 where a pixel touches (8 neighbours) an object of a higher number.

    Notes
    -----
    Ronneberger, Fischer and Brox (2015) separate touching cells by background before training.
    """
    highest = ndimage.maximum_filter(labels, size=3)
    return np.where((labels > 0) & (highest > labels), 0, labels).astype(labels.dtype)


def make_target(
    labels: np.ndarray,
    known: np.ndarray | None = None,
    loss: LossSettings = LossSettings(),  # noqa: B008 (frozen)
) -> Target:
    """Prepare the labels of one image for training.

    Parameters
    ----------
    labels
        (y, x) integers, 0 is background.
    known
        (y, x), 0 where nobody vouched for the label; None means that all is known.
    loss
        What the weight map is made for, see `make_weight_map`.
    """
    # skimage asks for arrays that may be written, which arrays from files often may not.
    compact = segmentation.relabel_sequential(np.require(labels, requirements="W"))[0]
    separated = open_gaps(compact)
    is_known = np.ones(labels.shape, bool) if known is None else np.asarray(known) > 0
    weight_map = make_weight_map(separated, is_known, loss)
    return Target((separated > 0).astype(np.uint8), weight_map)


def class_target(
    labels: np.ndarray,
    classes: int,
    known: np.ndarray | None = None,
    *,
    balance: bool = False,
) -> Target:
    """Prepare labels that are classes for training.

    Classes may touch, so there is no border weight: every known pixel counts 1, or as much as
    `class_balance` says.

    Parameters
    ----------
    labels
        (y, x) integers, 0 to ``classes - 1``.
    classes
        How many classes there are, the first included.
    known
        (y, x), 0 where nobody vouched for the label; None means that all is known.
    balance
        Let all classes count the same, however few pixels they have.

    Raises
    ------
    ValueError
        If a known pixel holds a value that is no class.
    """
    is_known = np.ones(labels.shape, bool) if known is None else np.asarray(known) > 0
    target = np.where(is_known, labels, 0)
    if target.size and not 0 <= target.min() <= target.max() < classes:
        raise ValueError(
            f"The labels hold the value {target.max()}, but {classes} classes are 0 to "
            f"{classes - 1}: paint it as one of them."
        )
    weight_map = is_known.astype(np.float32)
    if balance:
        weight_map *= class_balance(target, is_known)
    return Target(target.astype(np.uint8), weight_map)
