"""One thing that changed a mask, or what is known of it: what undo takes back in one go."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from time import time
from typing import Literal, NamedTuple

import numpy as np

from napari_unet.schema.prediction import Box
from napari_unet.session.runs import Runs

PlaneIndex = tuple[int, ...]
"""Where a plane is in a stack: one number for each axis but y and x; () for a single plane."""

Kind = Literal[
    "paint",
    "erase",
    "fill",
    "polygon",
    "edit",  # through napari, by a tool that is not one of these
    "encircle",
    "delete",
    "merge",
    "split",
    "fill holes",
    "tidy",
    "unsure",
    "confirm",  # a region
    "right",  # an object that was checked
    "wrong",  # an object that was checked and deleted
    "segment",  # a mask that a model made
    "import",
    "replace",  # the data of the layer, by somebody else
    "start",  # all that a journal held before it was made short; it cannot be undone
]
_NOT_BY_HAND = frozenset({"unsure", "confirm", "right", "segment", "import", "replace", "start"})


class Region(NamedTuple):
    """A rectangle of a plane that a person has confirmed as right."""

    plane: PlaneIndex
    box: Box


class Move(Enum):
    """A step back or forth in the history."""

    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True, eq=False)
class Edit:
    """What undo takes back in one go.

    Parameters
    ----------
    kind
        What was done.
    labels
        How the labels of the mask changed; places are those of the image without channels.
    states
        How what is known of the pixels changed: values of `State`.
    at
        When, in seconds since 1970.
    seconds
        How long the person took.
    region
        What was confirmed, if it was a rectangle.
    audit
        Whether the place was chosen at random, so that it counts in scores.
    classes
        What the labels hold from here on: 1 is objects, more are so many classes. None is what they
        held before.
    """

    kind: Kind
    labels: Runs = field(default_factory=Runs.none)
    states: Runs = field(default_factory=Runs.none)
    at: float = field(default_factory=time)
    seconds: float = 0.0
    region: Region | None = None
    audit: bool = False
    classes: int | None = None

    @property
    def by_hand(self) -> bool:
        """Whether a person changed objects with it."""
        return self.kind not in _NOT_BY_HAND

    @cached_property
    def touched(self) -> dict[int, int]:
        """The objects that it changed, each with one of its changed pixels."""
        ids = np.concatenate([self.labels.before, self.labels.after])
        middles = np.tile(self.labels.start + self.labels.length // 2, 2)
        found, counts = np.unique(ids, return_counts=True)
        order = np.argsort(ids, kind="stable")
        middle_of = order[np.cumsum(counts) - counts // 2 - 1]
        pairs = zip(found.tolist(), middles[middle_of].tolist(), strict=True)
        return {id_: pixel for id_, pixel in pairs if id_}


Entry = Edit | Move
"""What a journal holds: an edit, or a step back or forth."""
