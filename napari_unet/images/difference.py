"""Where two masks of one plane differ, so that a person sees it at a glance."""

from __future__ import annotations

import numpy as np

ONLY_OLD, ONLY_NEW, DIFFER = 1, 2, 3


def difference(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Say of each pixel which of two masks has something there, or whether they differ.

    Parameters
    ----------
    old, new
        Unsigned integers of one shape: classes, or objects of which those that are the same in
        both have the same number, see `napari_unet.images.instances.carry_ids`.

    Returns
    -------
    np.ndarray
        uint8: 0 where both say the same, ``ONLY_OLD``, ``ONLY_NEW``, or ``DIFFER`` where both have
        something but not the same.

    Raises
    ------
    ValueError
        If their shapes differ.
    """
    if old.shape != new.shape:
        raise ValueError(
            f"Masks of {old.shape} and {new.shape} cannot be compared: make both of one plane."
        )
    found = np.where(old != new, DIFFER, 0).astype(np.uint8)
    found[(old > 0) & (new == 0)] = ONLY_OLD
    found[(old == 0) & (new > 0)] = ONLY_NEW
    return found
