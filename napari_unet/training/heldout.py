"""Which known pixels a model is never trained on, so that it can be judged by them."""

from __future__ import annotations

import hashlib

import numpy as np

TILE_PX = 96


def held_out(shape: tuple[int, int], image_id: str) -> np.ndarray:
    """Where an image is held out from training: the same quarter of it in every round.

    The plane is cut into squares of 96 pixels; of any two by two neighbours exactly one is held
    out. It depends on the position and the image alone, never on what has been corrected, so
    adding corrections moves no pixel from one side to the other.

    Parameters
    ----------
    shape
        Height and width of the plane, in pixels.
    image_id
        What identifies the image; shifts the pattern.

    Returns
    -------
    bool, (y, x).
    """
    shift = hashlib.sha256(image_id.encode()).digest()[0]
    rows = (np.arange(shape[0]) // TILE_PX + shift) % 4
    columns = -2 * (np.arange(shape[1]) // TILE_PX) % 4
    pattern: np.ndarray = rows[:, None] == columns
    return pattern
