"""What a job tells its listener: its events, and then how it ended."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from napari_unet.schema.events import Event
from napari_unet.schema.requests import Result
from napari_unet.schema.settings import Record


class Done(Record):
    """The job reached its end; this is what it made."""

    kind: Literal["done"] = "done"
    result: Result


class Failed(Record):
    """The job could not reach its end; nothing of the user's was changed.

    Parameters
    ----------
    sentence
        What happened and what helps, in one sentence for people.
    details
        For the button "copy details": the traceback, or what the engine wrote before it died.
    """

    kind: Literal["failed"] = "failed"
    sentence: str
    details: str


class Cancelled(Record):
    """The job ended because a person asked for it."""

    kind: Literal["cancelled"] = "cancelled"


Ending = Done | Failed | Cancelled
"""How a job ended: exactly one of these is the last message of every job."""

Message = Annotated[Event | Done | Failed | Cancelled, Field(discriminator="kind")]
"""All that a listener can receive."""
