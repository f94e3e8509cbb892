"""Starts the engine: ``python -m napari_unet.jobs.engine FOLDER MODULE:FUNCTION``.

Only the standard library is imported before the streams are safe.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import BinaryIO


def main(folder: str, perform: str) -> None:
    """Serve the window at the other end of the pipes.

    Parameters
    ----------
    folder
        The private folder of the two processes.
    perform
        "module:function", what turns a request into a job.
    """
    reader, writer = take_streams()
    faulthandler.enable()
    be_modest()
    from napari_unet import memory
    from napari_unet.jobs.engine.child import Child

    memory.set_up()
    module, _, function = perform.partition(":")
    Child(Path(folder), getattr(import_module(module), function), reader, writer).serve()


def take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Take the two pipes for the frames alone.

    What a job prints, also from C, goes to the log; what it reads from the keyboard is nothing.
    """
    reader = os.fdopen(os.dup(0), "rb")
    writer = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return reader, writer


def be_modest() -> None:
    """Stand back behind the window: in computing time, and as the first to go for memory."""
    # Ctrl-C in the terminal of the window is for the window, which then ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(10)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


if __name__ == "__main__":
    main(*sys.argv[1:])
