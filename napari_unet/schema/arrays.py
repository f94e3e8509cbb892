"""Arrays inside records, and how they cross from one process to another.

In a record an array is just an array. When a record is written as JSON, pydantic hands over a
``context`` with a folder: each array becomes a ``.npy`` file there and the JSON holds its name.
Nothing is ever pickled. What only can be sliced, such as a plane of a zarr array, is read while it
is written, part by part; after each, a function ``check`` of the context may end that by an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar
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

_PART_PX = 1 << 22
"""So many pixels are read at a time of what can be sliced only."""


class ArrayLike(Protocol):
    """Anything with a shape that can be sliced: numpy, dask, zarr, a memory-mapped file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its size along each axis."""

    @property
    def dtype(self) -> Any:
        """The type of its pixels."""

    def __getitem__(self, key: Any, /) -> Any:
        """What `numpy.asarray` turns into the pixels of those slices."""


def _read(value: Any, info: ValidationInfo) -> np.ndarray:
    if isinstance(value, str):
        folder = Path((info.context or {})["folder"])
        # Mapped copy on write: scikit-image refuses read-only arrays, and the file stays as it is.
        array: np.ndarray = np.load(folder / Path(value).name, mmap_mode="c", allow_pickle=False)
        return array
    return np.asarray(value)


def _read_or_leave(value: Any, info: ValidationInfo) -> Any:
    return (
        value if hasattr(value, "__getitem__") and hasattr(value, "dtype") else _read(value, info)
    )


def _write(array: np.ndarray | ArrayLike, info: SerializationInfo) -> str:
    name = f"{uuid4().hex}.npy"
    context = info.context or {}
    path, check = Path(context["folder"]) / name, context.get("check", _nothing)
    check()
    if isinstance(array, np.ndarray):
        np.save(path, array, allow_pickle=False)
    else:
        _write_parts(array, path, check)
    return name


def _nothing() -> None:
    """What is done after each part if nobody asked for anything."""


def _write_parts(array: ArrayLike, path: Path, check: Callable[[], None]) -> None:
    """Write what can be sliced only, by parts along its longest axis that are whole chunks."""
    written = np.lib.format.open_memmap(path, "w+", np.dtype(array.dtype), array.shape)
    axis = int(np.argmax(array.shape))
    chunks = getattr(array, "chunks", None)
    chunk = chunks[axis] if chunks and isinstance(chunks[axis], int) else 1
    step = chunk * max(1, _PART_PX * array.shape[axis] // written.size // chunk)
    for start in range(0, array.shape[axis], step):
        part = tuple(
            slice(start, min(start + step, size)) if at == axis else slice(0, size)
            for at, size in enumerate(array.shape)
        )
        written[part] = np.asarray(array[part])
        check()
    written.flush()


Array = Annotated[
    np.ndarray, PlainValidator(_read), PlainSerializer(_write, return_type=str, when_used="json")
]
"""A numpy array as the field of a record (not compared by ``==`` of the record)."""

LazyArray = Annotated[
    np.ndarray | ArrayLike,
    PlainValidator(_read_or_leave),
    PlainSerializer(_write, return_type=str, when_used="json"),
]
"""The same, or what only can be sliced: it is not read until the record is written."""


class ArrayRecord(Record):
    """A record with fields that are arrays."""

    model_config = ConfigDict(arbitrary_types_allowed=True)


def arrays_of(record: Record) -> Iterator[np.ndarray | ArrayLike]:
    """All arrays of a record, and of the records in it."""
    for _, value in record:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Record):
                yield from arrays_of(one)
            elif hasattr(one, "dtype"):
                yield one


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
