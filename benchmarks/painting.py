"""Whether the window stays awake: painting, undo and new masks at 8192 x 8192 pixels.

``python -m benchmarks.painting --out benchmarks/painting.json`` needs no window: it moves a mouse
over napari's layers, which have no canvas here. It measures

- what each event of the mouse costs more with the recorder and the journal than with napari alone,
  at two sizes: strokes on both layers by turns, compared event for event. It is the time of the
  processor in the thread of the window, so that other work on the machine does not count.
- for how long the thread of the window is silent, by a timer of 10 ms, while a stroke is saved and
  taken back, and while a mask of 20,000 objects is made, taken over, taken back and done again.
  Somebody paints while it is made.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import repeat
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time
from types import SimpleNamespace
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtCore import QEventLoop, QTimer
from qtpy.QtWidgets import QApplication
from skimage.morphology import disk

from napari_unet.schema.events import TileDone
from napari_unet.session.journal import Journal
from napari_unet.session.specimen import Specimen
from napari_unet.widgets.corrector import Corrector
from napari_unet.widgets.layers import Results, origin_of
from napari_unet.widgets.mask_maker import MaskMaker

SIDES = (1024, 8192)
RUNS = 5
STROKES, MOVES = 20, 40
BEAT_MS, PAUSE_BEATS, REST_BEATS = 10, 200, 20
BRUSH_PX = 40
SPACING_PX, RADIUS_PX = 57, 20
"""Of the discs: 143 x 143 of them on the larger side."""
Row = dict[str, Any]


class Scene:
    """An image with masks, a recorder and a journal, in a viewer that draws nothing."""

    def __init__(self, side: int, folder: Path) -> None:
        self.viewer = ViewerModel()
        image = self.viewer.add_image(np.zeros((side, side), np.uint8), name="large")
        identity = origin_of(image).identity("YX")
        self.specimen = Specimen.of(identity)
        self.journal = Journal(identity, folder)
        self.specimen.history.entered.connect(self.journal.write)
        self.results = Results(self.viewer, image, self.specimen)
        self.recorder = Corrector(self.viewer, self.results).recorder
        self.recorder.changed.connect(self._on_changed)
        self.maker = MaskMaker()
        self.masks = self.results.show_masks()

    def _on_changed(self) -> None:
        """What the panel asks for after each edit."""
        self.tally = self.specimen.history.tally

    def see(self) -> None:
        """Let a model have seen discs everywhere."""
        side = self.specimen.shape[0]
        seen = np.zeros((side, side), np.float32)
        disc = disk(RADIUS_PX).astype(np.float32)
        for y in range(0, side - len(disc), SPACING_PX):
            for x in range(0, side - len(disc), SPACING_PX):
                seen[y : y + len(disc), x : x + len(disc)] = disc
        self.specimen.write((), TileDone(plane=0, box=(0, 0, side, side), probabilities=seen[None]))


def drag(layer: Labels, start: tuple[float, float]) -> Iterator[None]:
    """Press the mouse, move it, let go: one event after each `next`."""
    layer.mode, layer.brush_size = "paint", BRUSH_PX
    layer.selected_label = layer.selected_label % 9 + 1  # so that a stroke on another changes it
    event = SimpleNamespace(type="mouse_press", button=1, modifiers=(), handled=False)
    event.view_direction, event.dims_displayed, event.position = None, [0, 1], start
    made = [callback(layer, event) for callback in list(layer.mouse_drag_callbacks)]
    gestures = [gesture for gesture in made if hasattr(gesture, "__next__")]
    for gesture in gestures:
        next(gesture, None)
    yield
    for move in range(1, MOVES + 1):
        event.type, event.position = "mouse_move", (start[0] + move, start[1] + 5 * move)
        for gesture in gestures:
            next(gesture, None)
        yield
    event.type = "mouse_release"
    for gesture in gestures:
        next(gesture, None)
    yield


def starts(side: int, seed: int) -> Iterator[tuple[float, float]]:
    """Where strokes begin."""
    random = np.random.default_rng(seed)
    while True:
        y, x = random.integers(BRUSH_PX, side - BRUSH_PX - 6 * MOVES, 2)
        yield float(y), float(x)


# what an event costs


def timed(events: Iterator[None]) -> list[float]:
    """Milliseconds of each event."""
    times: list[float] = []
    while True:
        begun = thread_time()
        if next(events, "over") == "over":
            return times
        times.append((thread_time() - begun) * 1000)


def added(side: int, folder: Path) -> Row:
    """What an event costs more than in a layer of napari's own, in ms."""
    scene = Scene(side, folder)
    alone = ViewerModel().add_labels(np.zeros((side, side), np.uint16))
    settle = QEventLoop()
    moves: list[float] = []
    ends: list[float] = []
    for run in range(RUNS):
        at = starts(side, run)
        for _ in range(STROKES):
            place = next(at)
            pairs = zip(timed(drag(scene.masks, place)), timed(drag(alone, place)), strict=True)
            more = [ours - theirs for ours, theirs in pairs]
            moves += more[:-1]
            ends.append(more[-1])
            QTimer.singleShot(0, settle.quit)
            settle.exec()
    scene.journal.close()
    return {
        "move": [median(moves), float(np.percentile(moves, 95))],
        "end": [median(ends), float(np.percentile(ends, 95))],
    }


# how long the window is silent


class Heart(QTimer):  # type: ignore[misc]
    """Beats as often as the window's thread lets it; each beat can move the hand on."""

    def __init__(self) -> None:
        super().__init__(interval=BEAT_MS)
        self.timeout.connect(self._on_beat)
        self._loop = QEventLoop()

    def silence(
        self, start: Callable[[], Any], is_over: Callable[[], bool], hand: Iterator[None]
    ) -> float:
        """The longest time between two beats while something goes on, in ms."""
        self._is_over, self._hand, self._rest = is_over, hand, REST_BEATS
        self._last, self._longest = perf_counter(), 0.0
        self.start()
        QTimer.singleShot(2 * BEAT_MS, start)
        self._loop.exec()
        self.stop()
        return self._longest * 1000

    def _on_beat(self) -> None:
        now = perf_counter()
        self._longest, self._last = max(self._longest, now - self._last), now
        if next(self._hand, "over") == "over" and self._is_over():
            self._rest -= 1  # what comes just after it counts too
            if not self._rest:
                self._loop.quit()


def silences(folder: Path, seed: int) -> dict[str, float]:
    """The longest silence of each thing that can go on, once, on an image that was just opened."""
    scene, heart = Scene(SIDES[-1], folder), Heart()
    scene.see()
    at, recorder = starts(SIDES[-1], seed), scene.recorder

    def is_over() -> bool:
        return not scene.maker.busy and not recorder.busy and scene.journal.flush(0)

    def silence(start: Callable[[], Any], hand: Iterable[None] = ()) -> float:
        return heart.silence(start, is_over, iter(hand))

    def painting() -> Iterator[None]:
        yield from drag(scene.masks, next(at))
        while scene.maker.busy:
            yield from drag(scene.masks, next(at))
            yield from repeat(None, PAUSE_BEATS)

    found = {
        "nothing": silence(_nothing),
        "the first stroke": silence(_nothing, drag(scene.masks, next(at))),
        "a stroke": silence(_nothing, drag(scene.masks, next(at))),
        "undo of it": silence(recorder.undo),
        "a new mask": silence(partial(scene.maker.make, recorder, [()]), painting()),
        "undo of the mask": silence(recorder.undo),
        "redo of the mask": silence(recorder.redo),
    }
    scene.journal.close()
    return found


def _nothing() -> None:
    """What starts by itself."""


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        rows: Row = {"added": {s: added(s, Path(folder, f"{s} px")) for s in SIDES}}
        runs = [silences(Path(folder, f"run {run}"), run) for run in range(RUNS)]
    rows["silence"] = {name: [run[name] for run in runs] for name in runs[0]}
    out.write_text(json.dumps(rows, indent=1))
    print(json.dumps(rows, indent=1))
    application.quit()


if __name__ == "__main__":
    main()
