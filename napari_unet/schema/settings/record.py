"""The base of all records."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen record: two that hold the same values are the same thing."""

    model_config = ConfigDict(frozen=True, extra="forbid")
