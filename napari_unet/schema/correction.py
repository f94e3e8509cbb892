"""A correction: the pixels of one image plane that a person has vouched for."""

from __future__ import annotations

from enum import IntFlag
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from napari_unet.schema.arrays import Array, ArrayRecord, LazyArray

ONLY_BACKGROUND = (
    "There is nothing but background to learn from: mark a region with at least one object as "
    "right, too."
)
"""Why nothing is taught; said before a training, which could not be judged by it."""


class State(IntFlag):
    """What a person has said about a pixel; several of these can hold at once."""

    MODEL = 0
    """Nobody looked: it is what the model showed."""
    CONFIRMED = 1
    """A person said that what the mask shows here is right."""
    CORRECTED = 2
    """A person painted or edited it."""
    UNKNOWN = 4
    """A person said that nobody can know: it never counts."""
    AUDITED = 8
    """Judged in a random audit: it counts in scores only, never in training."""


def learnable(states: np.ndarray) -> np.ndarray:
    """What training may learn from: confirmed pixels that are neither unknown nor audited.

    Edits outside of all that was confirmed are left out: they are one-sided (only what the model
    missed, or only what it found too much), and training on them alone ruins a model.

    Parameters
    ----------
    states
        uint8 of any shape, values of `State`.

    Returns
    -------
    uint8 of the same shape: CONFIRMED or CONFIRMED | CORRECTED, 0 elsewhere.
    """
    looked_at = np.uint8(State.CONFIRMED | State.UNKNOWN | State.AUDITED)
    counts = (states & looked_at) == np.uint8(State.CONFIRMED)
    return np.where(counts, states, np.uint8(0))


def kind_text(classes: int) -> str:
    """What labels hold, in words: "objects", or "3 classes"."""
    return "objects" if classes == 1 else f"{classes} classes"


class Correction(ArrayRecord):
    """The pixels of one image plane that a person has vouched for.

    Parameters
    ----------
    image_id
        What binds it to its image; held-out regions are fixed by it.
    image
        The whole plane as the user sees it, any real dtype, (y, x), (channel, y, x) or (y, x, 3).
    labels
        (y, x) integers: 0 is background, each other number one object; or the class of each pixel.
    known
        (y, x) values of `State`; any number above 0 counts in training.
    classes
        1 where the labels are objects; more where they are so many classes.
    pixel_size_um
        Side of a pixel in micrometres, if anybody knows.
    """

    image_id: str
    image: LazyArray
    labels: Array
    known: Array
    classes: int = Field(1, ge=1, le=255)
    pixel_size_um: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _same_plane(self) -> Self:
        if self.labels.shape != self.known.shape or self.labels.ndim != 2:
            raise ValueError(
                f"The labels {self.labels.shape} and the known pixels {self.known.shape} of "
                f"'{self.image_id}' have to be one plane of the same size."
            )
        return self
