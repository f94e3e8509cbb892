"""The one door to the disk: every write is whole or did not happen.

A file is written beside its place under another name, brought to the disk, and only then given its
name, in one step of the file system. Whoever reads at any moment, even after a crash or a power
cut, finds the old file or the new one.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

CHUNK = 1 << 20
"""Bytes written at a time."""

_NO_ROOM = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP}


class NotSaved(OSError):
    """A file could not be written; what it says is a sentence for people, without its full stop."""

    def __str__(self) -> str:
        return str(self.strerror)


def _nothing(operation: str) -> None:
    """Let every operation happen."""


watch: Callable[[str], None] = _nothing
"""Called before each operation with its name; tests fail or end the process in it."""


def write_bytes(path: str | Path, data: bytes | bytearray | memoryview) -> None:
    """Save a file so that it is whole or, if anything fails, what it was before.

    Parameters
    ----------
    path
        The file; its folder has to be there. A file of that name is replaced.
    data
        All that it will hold.

    Raises
    ------
    NotSaved
        If it could not be written; it says why in a sentence.
    """
    path = Path(path)
    temporary = path.with_name(f".{uuid4().hex}.tmp")
    try:
        _write_through(temporary, memoryview(data))
        give_name(temporary, path)
    except OSError as error:
        raise NotSaved(error.errno, _why(error, path, len(data)), str(path)) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Save a text file in UTF-8, whole or not at all; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def give_name(temporary: Path, path: Path) -> None:
    """Give a finished file its name, in one step; a file of that name is replaced."""
    watch("replace")
    temporary.replace(path)
    _sync_folder(path.parent)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and all above it that are missing, so that they outlive a power cut."""
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    for part in reversed(missing):
        watch("make folder")
        part.mkdir(mode, exist_ok=True)
        _sync_folder(part.parent)


def _write_through(temporary: Path, data: memoryview) -> None:
    """Write a new file, with the mode that the umask gives, down to the disk."""
    watch("open")
    with temporary.open("xb", buffering=0) as file:
        written = 0
        while written < len(data):
            watch("write")
            written += file.write(data[written : written + CHUNK])
        watch("sync")
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name outlive a power cut; some systems cannot, and need not be told."""
    watch("sync folder")
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


def _why(error: OSError, path: Path, size: int) -> str:
    if error.errno in _NO_ROOM:
        return (
            f"The disk of '{path.parent}' has no room for the {size / 1e6:.1f} MB of "
            f"'{path.name}'; free some or save elsewhere"
        )
    if not path.parent.is_dir():
        return f"There is no folder '{path.parent}'; make it first"
    return f"'{path.name}' could not be saved ({error.strerror}); choose another folder"
