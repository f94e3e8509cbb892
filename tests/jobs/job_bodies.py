"""Jobs for the tests, chosen by the name of the model: good, stuck and deadly ones."""

import ctypes
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import numpy as np

from napari_unet.schema.events import Notice, Progress, StepDone, StopEarly, TileDone
from napari_unet.schema.requests import Predicted

_seen = []


class Big:
    """Something that a job holds, and that a weak reference can follow."""


def perform(request, folder):
    body = globals()["do_" + request.model.replace("-", "_")]
    extra = yield from body(request, folder)
    return Predicted(model_id=extra or request.model, settings=request.settings)


def do_count(request, folder):
    for done in range(1, 4):
        yield Progress(phase="step", done=done, total=3)


def do_echo(request, folder):
    time.sleep(0.2)
    for index, plane in enumerate(request.planes):
        yield TileDone(plane=index, box=(0, 0, 1, 1), probabilities=plane)


def do_endless(request, folder):
    yield Notice(text=str(os.getpid()))
    for done in range(10**9):
        time.sleep(0.01)
        yield Progress(phase="step", done=done, total=10**9)


def do_endless_tiles(request, folder):
    yield Notice(text=str(os.getpid()))
    while True:
        yield TileDone(plane=0, box=(0, 0, 1, 1), probabilities=np.zeros((1, 500, 500)))


def do_keeps_the_best(request, folder):
    try:
        yield from do_endless(request, folder)
    except StopEarly:
        yield Notice(text="stopped")
        time.sleep(0.5)
        return "best so far"


def do_never_winds_up(request, folder):
    try:
        yield from do_endless(request, folder)
    except StopEarly:
        time.sleep(600)


def do_winds_up_slowly(request, folder):
    try:
        yield from do_endless(request, folder)
    except StopEarly:
        for done in range(12):
            time.sleep(0.1)
            yield Progress(phase="step", done=done, total=12)
        return "best so far"


def do_stuck(request, folder):
    yield Notice(text=str(os.getpid()))
    # PyDLL keeps the interpreter's lock: not even another thread of the process can do anything.
    ctypes.PyDLL(None).sleep(600)


def do_pid(request, folder):
    yield Notice(text=str(os.getpid()))


def do_prints(request, folder):
    print("printed by Python")  # noqa: T201
    os.write(1, b"\x05\x00\x00\x00written past Python")
    subprocess.run([sys.executable, "-c", "print('printed by a child')"], check=True)
    try:
        input()
    except EOFError:
        yield Notice(text="nobody to ask")


def do_value_error(request, folder):
    yield Notice(text="so far so good")
    raise ValueError("The image is empty: choose another.")


def do_memory_error(request, folder):
    yield Notice(text="so far so good")
    raise MemoryError


def do_segfault(request, folder):
    yield Notice(text="so far so good")
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(10)


def do_killed(request, folder):
    yield Notice(text="so far so good")
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(10)


def do_dies_idle(request, folder):
    yield Notice(text=str(os.getpid()))
    threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGKILL]).start()


def do_not_a_number(request, folder):
    yield StepDone(step=1, loss=float("nan"), learning_rate=float("inf"))


def do_holds_memory(request, folder):
    big = Big()
    big.itself = big
    _seen.append(weakref.ref(big))
    yield Notice(text="holding")
    raise RuntimeError("with a traceback that holds it")


def do_memory_is_back(request, folder):
    gc.disable()
    yield Notice(text=str([reference() is None for reference in _seen]))


def do_surroundings(request, folder):
    yield Notice(
        text=json.dumps(
            {
                "nice": os.nice(0),
                "threads": os.environ["OMP_NUM_THREADS"],
                "wait": os.environ["OMP_WAIT_POLICY"],
                "huge pages": os.environ["THP_MEM_ALLOC_ENABLE"],
                "oom": int(Path("/proc/self/oom_score_adj").read_text()),
                "torch": "torch" in sys.modules,
                "folder": folder.is_dir(),
            }
        )
    )


def do_torch(request, folder):
    import torch

    yield Notice(text=torch.__version__)
