"""The replay pack of a model: small pictures of what it knows, so that it does not forget it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import Tensor

MOST_BYTES = 1_450_000
"""No pack is larger: 22 pictures of 128 x 128 pixels with one channel."""
PREFIX = "replay."
"""What the names of its tensors begin with in a model file."""


@dataclass(frozen=True)
class Pack:
    """Pictures of what a model knows already, shown to it again while it learns something new.

    Parameters
    ----------
    images
        float16, (picture, channel, y, x), normalised.
    targets
        uint8, (picture, y, x): 1 on objects, 0 on background and between touching objects; or the
        class of each pixel.
    confidence
        uint8, (picture, y, x): how sure the target is, from 0 (nothing is known) to 255.

    Raises
    ------
    ValueError
        If their shapes or dtypes are others.
    """

    images: Tensor
    targets: Tensor
    confidence: Tensor

    def __post_init__(self) -> None:
        plane = (len(self.images), *self.images.shape[2:])
        shapes_fit = self.images.ndim == 4 and self.targets.shape == self.confidence.shape == plane
        dtypes = (self.images.dtype, self.targets.dtype, self.confidence.dtype)
        if not shapes_fit or dtypes != (torch.float16, torch.uint8, torch.uint8):
            raise ValueError(
                "The pictures of a replay pack are float16 (picture, channel, y, x), its targets "
                "and their confidence uint8 (picture, y, x); convert them."
            )

    def __len__(self) -> int:
        return len(self.images)

    def tensors(self) -> dict[str, Tensor]:
        """Its tensors by the names that they have in a model file."""
        return {f"{PREFIX}{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, Tensor]) -> Self | None:
        """The pack among the tensors of a model file; None where there is none.

        Raises
        ------
        ValueError
            If parts of it are missing or are no pack.
        """
        mine = {n.removeprefix(PREFIX): v for n, v in tensors.items() if n.startswith(PREFIX)}
        if not mine:
            return None
        if mine.keys() != {field.name for field in fields(cls)}:
            raise ValueError("The replay pack of this model is incomplete; get the file again.")
        return cls(**mine)

    def some(self, count: int) -> Self:
        """So many of its pictures, evenly taken from first to last; all where it has no more."""
        chosen = torch.linspace(0, len(self) - 1, max(0, min(count, len(self)))).round().long()
        return type(self)(self.images[chosen], self.targets[chosen], self.confidence[chosen])


def joined(old: Pack | None, new: Pack | None) -> Pack | None:
    """Both packs in one that is not too large: all that is new, and of the old what has room.

    None where nothing is left. Pictures of other sizes or channels do not go together: then only
    the new ones are kept.
    """
    if new is None or not len(new):
        return old
    room = MOST_BYTES // (sum(part.nbytes for part in new.tensors().values()) // len(new))
    new = new.some(room)
    if old is not None and old.images.shape[1:] == new.images.shape[1:]:
        parts = old.some(room - len(new)).tensors().values(), new.tensors().values()
        new = Pack(*(torch.cat(pair) for pair in zip(*parts, strict=True)))
    return new if len(new) else None
