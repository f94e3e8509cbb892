"""What somebody does to an image in the tests of the journal; it imports no napari and no scipy."""

import numpy as np

from napari_unet.schema.correction import State
from napari_unet.session.edits import Edit, Region
from napari_unet.session.history import History
from napari_unet.session.journal import Identity
from napari_unet.session.runs import Runs

SHAPE = (3, 24, 32)


def identity(path="/data/plate #3/zellkörper.tif", content="a digest", shape=SHAPE):
    return Identity(content, path, "ZYX", shape)


class Painter:
    """Paints, confirms, undoes and redoes, as a seed says, and holds the labels as a layer does."""

    acts = 8

    def __init__(self, entries=(), shape=SHAPE):
        self.history = History(shape)
        self.labels = self.history.replay(entries).astype(np.uint32)

    def act(self, random):
        roll = random.integers(10)
        if roll == 0:
            self.step(self.history.undo(), back=True)
        elif roll == 1:
            self.step(self.history.redo(), back=False)
        elif roll == 2:
            self.confirm(random)
        else:
            self.stroke(random)

    def step(self, edit, *, back):
        if edit is not None:
            (edit.labels.backwards() if back else edit.labels).write(self.labels)

    def stroke(self, random, kind="paint"):
        plane, (y0, x0, y1, x1) = self.place(random)
        before = self.labels[plane][y0:y1, x0:x1]
        after = np.where(random.random(before.shape) < 0.8, random.integers(70_000), before)
        after = after.astype(np.uint32)
        states = self.history.states[plane][y0:y1, x0:x1]
        known = np.where(before != after, states | np.uint8(State.CORRECTED), states)
        box = (y0, x0, y1, x1)
        labels = Runs.of_box(self.history.shape, plane, box, before, after)
        known = Runs.of_box(self.history.shape, plane, box, states, known)
        labels.write(self.labels)
        self.history.do(Edit(kind, labels, known, seconds=float(random.random())))

    def confirm(self, random):
        plane, box = self.place(random)
        states = self.history.states[plane][box[0] : box[2], box[1] : box[3]]
        known = Runs.of_box(self.history.shape, plane, box, states, states | State.CONFIRMED)
        region = Region(plane, box) if random.random() < 0.5 else None
        kind = "confirm" if region else "right"
        self.history.do(Edit(kind, states=known, region=region, audit=region is None))

    def place(self, random):
        planes, height, width = self.history.shape
        y0, x0 = int(random.integers(height - 2)), int(random.integers(width - 2))
        y1, x1 = y0 + 1 + int(random.integers(8)), x0 + 1 + int(random.integers(8))
        return (int(random.integers(planes)),), (y0, x0, min(y1, height), min(x1, width))


def told(entry):
    """All of an entry, so that two can be compared."""
    if not isinstance(entry, Edit):
        return entry
    runs = (getattr(r, c).tolist() for r in (entry.labels, entry.states) for c in COLUMNS)
    return (entry.kind, entry.at, entry.seconds, entry.region, entry.audit, *runs)


COLUMNS = ("start", "length", "before", "after")


def same(ones, others):
    return [told(e) for e in ones] == [told(e) for e in others]
