"""How requests and messages cross between two processes: frames of JSON, arrays as files.

A frame is its length (4 bytes, little endian) and as many bytes. An array is written as a
``.npy`` file into the private folder of the two processes, and the JSON holds its name: nothing
is pickled, and gigabytes never go through a pipe.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from pydantic import ConfigDict, TypeAdapter

from napari_unet.jobs.messages import Message
from napari_unet.schema.arrays import arrays_of
from napari_unet.schema.requests import Request, Word

CANCEL, WARM_UP = b"cancel", b"warm up"
"""Frames to the engine that are orders; every other frame is a request, or begins as below."""

WORD = b"word"
"""Begin of a frame to the engine: what follows is said to the job that runs."""

HEARD = b"heard"
"""Frame from the engine: the job was asked to end, and is about to; every other is a message."""

_AT_ONCE_BYTES = 1 << 25
"""Arrays of so many bytes are copied in some hundredths of a second."""
_LENGTH = struct.Struct("<I")
# A loss that has become NaN has to arrive as NaN; JSON's null would not be a number.
_CONFIG = ConfigDict(ser_json_inf_nan="constants")
_REQUEST: TypeAdapter[Request] = TypeAdapter(Request, config=_CONFIG)
_WORD: TypeAdapter[Word] = TypeAdapter(Word)
_MESSAGE: TypeAdapter[Message] = TypeAdapter(Message, config=_CONFIG)


def send(stream: BinaryIO, frame: bytes) -> None:
    """Write a frame and do not keep it waiting."""
    stream.write(_LENGTH.pack(len(frame)) + frame)
    stream.flush()


def frames(stream: BinaryIO) -> Iterator[bytes]:
    """Read frames until the other process closes its end, or dies in the middle of one."""
    while len(head := stream.read(_LENGTH.size)) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        frame = stream.read(length)
        if len(frame) < length:
            return
        yield frame


def takes_long(said: Request | Word) -> bool:
    """Whether copying its arrays would stop a window for longer than it may."""
    size = 0
    for array in arrays_of(said):
        if not isinstance(array, np.ndarray):
            return True
        size += array.nbytes
    return size > _AT_ONCE_BYTES


def pack_request(request: Request, folder: Path, check: Callable[[], None] = lambda: None) -> bytes:
    """Write a request; its arrays are copied to files now, so later painting cannot reach them.

    Between them, and between their parts, ``check`` may end that by an error.
    """
    return _REQUEST.dump_json(request, context={"folder": folder, "check": check})


def unpack_request(frame: bytes, folder: Path) -> Request:
    """Read a request; its arrays stay in their files and are mapped into memory."""
    return _REQUEST.validate_json(frame, context={"folder": folder})


def pack_word(word: Word, folder: Path) -> bytes:
    """Write what is said to the job that runs; its arrays are copied to files now."""
    return WORD + _WORD.dump_json(word, context={"folder": folder})


def unpack_word(frame: bytes, folder: Path) -> Word:
    """Read what is said to the job that runs; its arrays are mapped into memory."""
    return _WORD.validate_json(frame.removeprefix(WORD), context={"folder": folder})


def pack_message(message: Message, folder: Path) -> bytes:
    """Write a message of a job."""
    return _MESSAGE.dump_json(message, context={"folder": folder})


def unpack_message(frame: bytes, folder: Path) -> Message:
    """Read a message of a job; its arrays are read whole and their files deleted.

    So the folder does not grow while a large image is segmented.
    """
    message = _MESSAGE.validate_json(frame, context={"folder": folder})
    taken = {name: _take(value) for name, value in message if isinstance(value, np.memmap)}
    return message.model_copy(update=taken) if taken else message


def _take(mapped: np.memmap) -> np.ndarray:
    whole = np.array(mapped)
    if mapped.filename is not None:
        Path(mapped.filename).unlink()
    return whole
