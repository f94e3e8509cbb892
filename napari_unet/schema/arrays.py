"""Arrays inside records, and how they cross from one process to another.

In a record an array is just an array. When a record is written as JSON, pydantic hands over a
``context`` with a folder: each array becomes a ``.npy`` file there and the JSON holds its name.
Nothing is ever pickled.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import uuid4

import numpy as np
from pydantic import (
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    SerializationInfo,
    ValidationInfo,
)

from napari_unet.schema.settings import Record


def _read(value: Any, info: ValidationInfo) -> np.ndarray:
    if isinstance(value, str):
        folder = Path((info.context or {})["folder"])
        # Mapped copy on write: scikit-image refuses read-only arrays, and the file stays as it is.
        array: np.ndarray = np.load(folder / Path(value).name, mmap_mode="c", allow_pickle=False)
        return array
    return np.asarray(value)


def _write(array: np.ndarray, info: SerializationInfo) -> str:
    name = f"{uuid4().hex}.npy"
    folder = Path((info.context or {})["folder"])
    np.save(folder / name, array, allow_pickle=False)
    return name


Array = Annotated[
    np.ndarray, PlainValidator(_read), PlainSerializer(_write, return_type=str, when_used="json")
]
"""A numpy array as the field of a record (not compared by ``==`` of the record)."""


class ArrayRecord(Record):
    """A record with fields that are arrays."""

    model_config = ConfigDict(arbitrary_types_allowed=True)


R = TypeVar("R", bound=Record)


def detached(record: R) -> R:
    """A record with copies of its arrays, so that it can wait while somebody changes them.

    Arrays of the records in its fields are not copied.
    """
    copies = {name: copy for name, value in record if (copy := _copied(value)) is not None}
    return record.model_copy(update=copies)


def _copied(value: Any) -> Any:
    """A copy of an array or of a list of arrays; None of all else."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list) and any(isinstance(one, np.ndarray) for one in value):
        return [one.copy() for one in value]
    return None
