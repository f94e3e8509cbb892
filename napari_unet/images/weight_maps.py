"""How much each pixel counts in training: borders between objects, and the balance of classes."""

from __future__ import annotations

import numpy as np

from napari_unet.images.border_weights import border_weights, border_weights_2019
from napari_unet.schema import catalog
from napari_unet.schema.catalog import Border
from napari_unet.schema.settings import LossSettings

MOST_BALANCE = 5.0
"""No class counts more than so many times what it would unbalanced: a speck must not rule."""


def border_of(loss: LossSettings) -> Border:
    """Which border weights are made: those asked for, or those that belong to the loss."""
    if loss.border != "auto":
        return loss.border
    return catalog.LOSSES[loss.loss].border if loss.loss in catalog.LOSSES else "none"


def make_weight_map(labels: np.ndarray, known: np.ndarray, loss: LossSettings) -> np.ndarray:
    """Say how much each pixel of an image of objects counts in training.

    Parameters
    ----------
    labels
        (y, x) integers, 0 is background; touching objects are separated (`targets.open_gaps`).
    known
        (y, x) bool: where somebody vouched for the label.
    loss
        Which border weights and their numbers, and whether classes are balanced.

    Returns
    -------
    float32, (y, x); 0 where nothing is known.
    """
    border = border_of(loss)
    weights = np.ones(labels.shape, np.float32)
    if border == "2015":
        weights = border_weights(labels, loss.w0, loss.sigma_px)
    elif border == "2019":
        weights = border_weights_2019(
            labels, loss.falk_background, loss.falk_w0, loss.falk_gap_px, loss.falk_rim_px
        )
    if border != "2019" and loss.balance:
        weights += class_balance(labels > 0, known) - 1
    return np.where(known, weights, np.float32(0))


def class_balance(target: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Let every class of an image count the same, however few pixels it has.

    Parameters
    ----------
    target
        (y, x): the class of each pixel, or whether it is object.
    known
        (y, x) bool: the pixels that are counted.

    Returns
    -------
    float32, (y, x): w_c, 1 on average over known pixels unless a class is so rare that it would
    count more than 5.

    Notes
    -----
    Ronneberger, Fischer and Brox (2015), w_c of equation 2, for which the paper gives no formula:
    here one over the number of classes and over the part of known pixels that the class covers.
    """
    values, where = np.unique(target, return_inverse=True)
    pixels = np.bincount(where.ravel(), weights=known.ravel(), minlength=len(values))
    present = max(1, np.count_nonzero(pixels))
    weights = np.minimum(known.sum() / (present * np.maximum(pixels, 1)), MOST_BALANCE)
    return np.asarray(weights[where].reshape(target.shape), np.float32)
