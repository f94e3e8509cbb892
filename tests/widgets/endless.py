"""A job that says which process it runs in, and never ends by itself."""

import os
import time

from napari_unet.schema.events import Notice, Progress


def perform(request, folder):
    yield Notice(text=str(os.getpid()))
    for done in range(10**9):
        time.sleep(0.01)
        yield Progress(phase="step", done=done, total=10**9)
