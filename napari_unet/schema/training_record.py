"""What is remembered of a training, in the card of the model that it made."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from napari_unet.schema.proof import Proof
from napari_unet.schema.settings import Record


class Learnt(Record):
    """What one image plane gave a model to learn from and to be judged by."""

    image_id: str
    known_px: int = Field(ge=0)
    """Pixels that a person vouched for."""
    objects: int = Field(ge=0)
    """Objects among them, or classes where the mask holds classes."""


class Joined(Record):
    """What came of regions of a plane that a person confirmed while a model was learning."""

    kind: Literal["joined"] = "joined"
    image_id: str
    at: float
    """When it was handed over, in seconds since 1970."""
    regions: int = Field(1, ge=1)
    """So many at once."""
    step: int = Field(ge=0)
    """It is learnt from after this step."""
    known_px: int = Field(0, ge=0)
    """New pixels that are learnt from."""
    why_not: str = ""
    """Why none is, in one sentence: then it did not join, and counts next time."""


class TrainingRecord(Record):
    """One training: on what, how long, how it went, and what it proved.

    Curves are kept in short form: each point is a step, and the value there.
    """

    images: tuple[Learnt, ...] = ()
    """Empty where it was not trained on corrections."""
    joined: tuple[Joined, ...] = ()
    """Regions of these that joined while it was trained; what else is told holds them, too."""
    steps: int = Field(0, ge=0)
    seconds: float = Field(0.0, ge=0)
    """Of training alone, without preparing and judging."""
    loss: tuple[tuple[int, float], ...] = ()
    """The mean since the point before."""
    tests: tuple[tuple[int, float], ...] = ()
    """The score that says most, on held-out pixels."""
    chosen: str | None = None
    """The id of the model that it was compared with, where that is not its parent."""
    proof: Proof | None = None
