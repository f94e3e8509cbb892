"""Somebody who paints in napari's real layer, for `tests.session.journal.lives`."""

from napari.components import ViewerModel
from qtpy.QtCore import QCoreApplication

from napari_unet.session.specimen import Specimen
from napari_unet.widgets import recorder, runner
from tests.session.journal.painting import SHAPE, identity
from tests.widgets.hands import Hands

APP = QCoreApplication.instance() or QCoreApplication([])
VIEWER = ViewerModel()
"""Of all painters, one after the other: a process that is forked has it from the first moment."""


def fail(error):
    if not isinstance(error, ValueError):  # a sentence of ours: there was nothing to do
        raise error


runner.report = fail
recorder.monotonic = lambda: 0.0  # how long a stroke took is the same in each life


class Painter:
    """Paints, corrects, confirms, undoes and redoes with the mouse, as a seed says."""

    acts = 4

    def __init__(self, entries=()):
        VIEWER.layers.clear()
        specimen = Specimen.of(identity())
        self.history = specimen.history
        specimen.labels = self.history.replay(entries)
        self.hands = Hands(specimen, VIEWER)

    def act(self, random):
        self.hands.viewer.dims.set_current_step(0, int(random.integers(SHAPE[0])))
        ways = [self.paint, self.paint, self.erase, self.fill, self.repair, self.confirm, self.step]
        ways[random.integers(len(ways))](random)

    def paint(self, random):
        places, label = self.places(random, 3), int(random.integers(1, 9))
        self.hands.paint(*places, label=label, brush=int(random.integers(1, 9)))

    def erase(self, random):
        self.hands.paint(*self.places(random, 2), brush=5, mode="erase")

    def fill(self, random):
        self.hands.paint(*self.places(random, 1), label=int(random.integers(9)), mode="fill")

    def repair(self, random):
        tool = ("delete", "merge", "split", "holes", "encircle", "unsure")[random.integers(6)]
        self.hands.use(tool, self.places(random, 4))

    def confirm(self, random):
        self.hands.use("box", self.places(random, 2))

    def step(self, random):
        self.hands.masks.undo() if random.random() < 0.6 else self.hands.masks.redo()

    def places(self, random, count):
        height, width = SHAPE[1:]
        return [(int(random.integers(height)), int(random.integers(width))) for _ in range(count)]
