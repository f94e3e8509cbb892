"""The engine's real jobs, but where the model's folder asks for it the process dies in training."""

import os
import signal
from pathlib import Path

from napari_unet.jobs import perform as real
from napari_unet.schema.events import StepDone

DIES_AT = 7


def perform(request, folder):
    from napari_unet.training import train

    train.CHECKPOINT_EVERY_S = 0
    wish = Path(request.model).with_name("die")
    job = real.perform(request, folder)
    try:
        while True:
            event = next(job)
            if isinstance(event, StepDone) and event.step == DIES_AT and wish.exists():
                wish.unlink()
                os.kill(os.getpid(), signal.SIGKILL)
            yield event
    except StopIteration as end:
        return end.value
