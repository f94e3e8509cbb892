"""Turns an error, or a death, into one sentence for people and the details for a report."""

from __future__ import annotations

import errno
import signal
import traceback

from pydantic import ValidationError

from napari_unet import memory
from napari_unet.disk import NotSaved
from napari_unet.jobs.messages import Failed

_OUT_OF_MEMORY = (
    "The memory did not suffice: choose a smaller tile, segment a smaller region or close other "
    "programs, then try again."
)


def failed(error: BaseException) -> Failed:
    """Say in one sentence what went wrong in a job.

    A ValueError speaks for itself: its sentence is written for people where it is raised.
    """
    return Failed(sentence=_sentence(error), details="".join(traceback.format_exception(error)))


def died(code: int, last_words: str) -> Failed:
    """Say why the engine's process died, from its exit status and what it wrote last."""
    return Failed(sentence=_cause(code), details=f"exit status {code}\n{last_words}")


def _sentence(error: BaseException) -> str:
    if memory.has_ended(error):
        return _OUT_OF_MEMORY
    if isinstance(error, ValueError) and not isinstance(error, ValidationError):
        return str(error)
    if isinstance(error, NotSaved):
        return f"{error}."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full: free some space, then try again."
    if isinstance(error, OSError):
        return f"A file could not be read or written ({error}): check it, then try again."
    return (
        f"The job met an error that is our fault ({type(error).__name__}): copy the details into "
        "a report; your image and your corrections are unchanged."
    )


def _cause(code: int) -> str:
    # Windows has no SIGKILL; an exit status there is never negative.
    if code < 0 and -code == getattr(signal, "SIGKILL", None):
        return (
            "The engine was ended by the system, most likely for want of memory: close other "
            "programs, or where it segmented choose a smaller tile; the next click starts it anew."
        )
    how = f"crashed ({signal.strsignal(-code)})" if code < 0 else f"ended (exit status {code})"
    return (
        f"The engine {how}: your image and your corrections are unchanged, and the next click "
        "starts it anew."
    )
