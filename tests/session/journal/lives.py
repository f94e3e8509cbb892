"""Lives of a window that paints and is killed, one after the other, in processes of their own.

``python -m tests.session.journal.lives random|each|compact FOLDER [MODULE:PAINTER]`` says one line
of JSON for each life. A painter is made from the entries of a journal, has a `history`, and does
something at each `act(random)`; `acts` is how often where each operation on the disk is cut short:
`tests.session.journal.painting.Painter`, or one with real layers.
"""

import gc
import json
import os
import shutil
import signal
import struct
import sys
import tempfile
import time
from importlib import import_module
from itertools import count
from pathlib import Path
from random import Random

import numpy as np

from napari_unet import disk
from napari_unet.session.history import History
from napari_unet.session.journal import Journal, compact, compaction, file, find, read, shortening
from tests.session.journal import system_calls
from tests.session.journal.painting import SHAPE, identity, told

NUMBER = struct.Struct("q")
file.CHECKPOINT_PAGES = 4  # so that a short life sees checkpoints


def live(make, folder, seed, acts, acknowledge):
    """Restore what there is, paint, and close; `acknowledge` hears how much is surely saved."""
    entries, journals = [], find(identity(), folder)
    if journals:
        entries = read(journals[0].path)[1]
        journal = Journal.resume(journals[0], entries, identity(), folder)
    else:
        journal = Journal(identity(), folder)
    painter, random = make(entries), np.random.default_rng(seed)
    painter.history.entered.connect(journal.write)
    for _ in range(acts):
        painter.act(random)
        if random.random() < 0.5:
            journal.flush(5)
        acknowledge(journal.written)
    journal.close()
    acknowledge(journal.written)


def all_that_was_done(painter, entries, seed, acts, enough=sys.maxsize):
    """The entries of a life that nobody ends, or the first of them."""
    random, done = np.random.default_rng(seed), list(entries)
    painter.history.entered.connect(done.append)
    for _ in range(acts):
        if len(done) >= enough:
            break
        painter.act(random)
        random.random()
    return [without_time(entry) for entry in done]


def without_time(entry):
    parts = told(entry)
    return (parts[0], *parts[2:]) if isinstance(parts, tuple) else parts


def restored(folder):
    """What a person is offered next time."""
    journals = find(identity(), folder)
    return read(journals[0].path)[1] if journals else []


def end_at(operation, *, torn):
    """Kill this process at its n-th operation on the disk, or in the middle of it."""
    left = iter(range(operation, -1, -1))

    def before(_name, half=lambda: None):
        if next(left, 0) == 1:
            if torn:
                half()
            system_calls.die()

    disk.watch = before
    if system_calls.default_vfs():
        system_calls.watch(before)


def child(body, prepare=lambda: None, after=lambda _pid: None):
    """Run a life in a process of its own: how it ended, and what it acknowledged last."""
    gc.freeze()  # else each child, as it collects, copies all memory of its parent
    ears, mouth = os.pipe()
    if not (pid := os.fork()):
        os.close(ears)
        prepare()
        body(lambda number: os.write(mouth, NUMBER.pack(number)))
        os._exit(0)
    os.close(mouth)
    after(pid)
    with os.fdopen(ears, "rb") as heard:
        said = heard.read()
    _, status = os.waitpid(pid, 0)
    acknowledged = NUMBER.unpack(said[-NUMBER.size :])[0] if said else 0
    return -os.waitstatus_to_exitcode(status), acknowledged


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")


def report(ended, acknowledged, before, back, expected):
    kept = [without_time(entry) for entry in back]
    lost = max(acknowledged, len(before)) - len(back)
    right = kept == expected[: len(kept)]
    say(ended=ended, lost=max(0, lost), kept=len(kept), right=right)


def killed_at_random(make, folder, lives=20, acts=4000):
    random, before = Random(1), []
    for seed in range(lives):

        def kill(pid):
            time.sleep(random.uniform(0, 0.15))
            os.kill(pid, signal.SIGKILL)

        painter = make(before)  # before the fork, so that there is time to paint

        def body(acknowledge, seed=seed, painter=painter):
            live(lambda _: painter, folder, seed, acts, acknowledge)

        ended, acknowledged = child(body, after=kill)
        back = restored(folder)
        expected = all_that_was_done(painter, before, seed, acts, enough=len(back))
        report(ended, acknowledged, before, back, expected)
        before = back


def killed_at_each(make, folder):
    """From nothing, and from a journal whose writer was killed: whole and torn by turns."""
    cut = folder / "cut"
    child(lambda heard: live(make, cut, 5, 60, heard), lambda: end_at(70, torn=True))
    for origin, torn in ((None, False), (None, True), (cut, False), (cut, True)):
        before = restored(origin) if origin else []
        expected = all_that_was_done(make(before), before, 7, make.acts)
        painter = make(before)
        for operation in count(1):
            there = Path(tempfile.mkdtemp(dir=folder)) / "journals"
            if origin:
                shutil.copytree(origin, there)
            ended, acknowledged = child(
                lambda heard, there=there, painter=painter: live(
                    lambda _: painter, there, 7, make.acts, heard
                ),
                lambda operation=operation, torn=torn: end_at(operation, torn=torn),
            )
            report(ended, acknowledged, before, restored(there), expected)
            shutil.rmtree(there.parent)
            if not ended:
                break


def killed_while_compacting(make, folder):
    """Whatever is left, it replays to the same labels and states."""
    compaction.MAX_ENTRIES, shortening.UNDOABLE = 20, 10
    child(lambda heard: live(make, folder / "long", 3, 60, heard))
    wanted = replayed(restored(folder / "long"))
    for operation in count(1):
        there = Path(tempfile.mkdtemp(dir=folder)) / "journals"
        shutil.copytree(folder / "long", there)
        ended, _ = child(
            lambda _, there=there: compact(find(identity(), there)[0]),
            lambda operation=operation: end_at(operation, torn=operation % 2 > 0),
        )
        back = restored(there)
        say(ended=ended, kept=len(back), right=replayed(back) == wanted)
        shutil.rmtree(there.parent)
        if not ended:
            break


def replayed(entries):
    history = History(SHAPE)
    labels = history.replay(entries).astype(np.uint32)
    return labels.tobytes(), history.states.tobytes(), history.tally, history.regions


if __name__ == "__main__":
    how, where, *painter = sys.argv[1:]
    module, _, name = (painter or ["tests.session.journal.painting:Painter"])[0].partition(":")
    campaign = {
        "random": killed_at_random,
        "each": killed_at_each,
        "compact": killed_while_compacting,
    }[how]
    campaign(getattr(import_module(module), name), Path(where))
