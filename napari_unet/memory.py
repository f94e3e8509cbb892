"""The memory of a process that runs networks: how it is taken, and that it is given back."""

from __future__ import annotations

import ctypes
import os
import re

_HUGE_PAGES = "THP_MEM_ALLOC_ENABLE"
"""Torch reads it when it first needs memory; Linux only. A network on the CPU is a fifth faster by
it, and its answers are the same."""
_LARGE_BYTES = 10 << 20
"""The features of a tile are larger than this, those of the patches of a training are not."""
_KEPT_BYTES = 16 << 20
"""What the end of the heap may keep; 128 KiB once the other is set, which slows all else down."""
_TRIM, _MMAP = "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"
_NUMBERS = {_TRIM: -1, _MMAP: -3}
"""Of malloc.h."""
_ENDED = re.compile(r"out of memory|not enough memory|can't allocate memory|ALLOC_FAILED", re.I)
"""What torch says of the CPU, Apple's GPU and NVIDIA's libraries, with no error of its own."""


def set_up(large_bytes: int = _LARGE_BYTES) -> None:
    """Before torch is loaded: memory comes in huge pages, and large parts go back when free.

    What the user has set in the environment stays.
    """
    os.environ.setdefault(_HUGE_PAGES, "1")
    for name, value in {_MMAP: large_bytes, _TRIM: _KEPT_BYTES}.items():
        if name not in os.environ:
            _c_library("mallopt", _NUMBERS[name], value)


def give_back() -> None:
    """Give the memory that is free to the system, so that a long run takes as much as a short one.

    What is freed part by part the C library keeps, and it is more the longer a network runs.
    """
    _c_library("malloc_trim", 0)


def has_ended(error: BaseException) -> bool:
    """Whether an error says that there was not enough memory, that of a GPU or of the computer.

    Torch's own error is known by its name, so that nobody has to load torch to ask.
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    said = isinstance(error, RuntimeError) and _ENDED.search(str(error))
    return bool({"MemoryError", "OutOfMemoryError"} & names or said)


def _c_library(name: str, *arguments: int) -> None:
    """Call what only the C library of Linux (glibc) has; elsewhere do nothing."""
    try:
        function = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):  # another C library; Windows
        return
    function(*arguments)
