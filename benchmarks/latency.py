"""Whether painting stays smooth while a model is fine-tuned in the engine.

``python -m benchmarks.latency --out benchmarks/latency.json`` works with the panel of a viewer that
draws no image, and moves a mouse over its Labels layer, as `benchmarks.painting` does, with
recorder, history and journal on. Every 10 ms an event of the mouse is due; from then until it has
been dealt with is its latency. The same strokes are painted with an idle engine and while it
fine-tunes and the panel shows how that goes; which comes first takes turns.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QEventLoop, Qt, QTimer
from qtpy.QtWidgets import QApplication

from benchmarks.painting import drag, starts
from napari_unet.images.samples import cells
from napari_unet.session.runs import Runs
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.panel import Panel

SIDE = 512
RUNS, STROKES = 5, 16
DUE_MS, LOOK_MS = 10, 50
TRAINING_S, ENDLESS = 120.0, 100_000
FIRST_STEPS = 3
PERCENTILES = {"median": 50, "p95": 95, "p99": 99, "longest": 100}
Row = dict[str, Any]


class Hand(QTimer):  # type: ignore[misc]
    """Paints: an event of the mouse is due every so often, and comes when the window is free."""

    def __init__(self) -> None:
        super().__init__(interval=DUE_MS)
        self.setTimerType(Qt.TimerType.PreciseTimer)
        self.timeout.connect(self._on_due)
        self._loop = QEventLoop()

    def paint(self, events: Iterator[None]) -> list[float]:
        """The latency of each event in ms."""
        self._events, self._late = events, list[float]()
        self._due = perf_counter() + DUE_MS / 1000
        self.start()
        self._loop.exec()
        self.stop()
        return self._late

    def _on_due(self) -> None:
        begun = perf_counter()
        if next(self._events, "over") == "over":
            self._loop.quit()
            return
        over = perf_counter()
        self._late.append((over - min(self._due, begun)) * 1000)
        self._due = max(self._due + DUE_MS / 1000, over)


class Scene:
    """A panel, and an image with a mask that is confirmed as a whole."""

    def __init__(self) -> None:
        image, labels = cells((SIDE, SIDE), look="phase", seed=0)
        viewer = ViewerModel()
        viewer.add_image(image, name="cells")
        self.desk = Desk(viewer)
        settings = self.desk.teacher.settings
        self.desk.teacher.settings = settings.model_copy(
            update={"seconds": TRAINING_S, "steps": ENDLESS, "device": "cpu"}
        )
        self.panel = Panel(viewer, self.desk)
        self.panel.show()
        work = self.desk.stage.begin()
        self.masks = work.results.show_masks()
        none = np.zeros_like(labels)
        runs = Runs.of_box(labels.shape, (), (0, 0, SIDE, SIDE), none, labels)
        work.corrector.recorder.accept((), labels, runs, "segment")
        work.corrector.confirm_view()
        self.desk.check_device()
        until(lambda: self.desk.session.wanted is None)

    def learn(self) -> None:
        """Begin to fine-tune, and wait until the first steps are taken."""
        self.desk.teacher.teach()
        until(lambda: len(self.desk.session.curves.steps) >= FIRST_STEPS)

    def rest(self) -> int:
        """End it; how many steps it has taken."""
        if self.desk.session.wanted is None:
            raise RuntimeError("The fine-tuning ended while somebody painted: give it more time.")
        self.desk.session.cancel()
        until(lambda: self.desk.session.wanted is None)
        return len(self.desk.session.curves.steps)


def until(is_so: Callable[[], bool]) -> None:
    """Let the window work until something is so."""
    loop, clock = QEventLoop(), QTimer(interval=LOOK_MS)
    clock.timeout.connect(lambda: loop.quit() if is_so() else None)
    clock.start()
    loop.exec()
    clock.stop()


def strokes(scene: Scene, seed: int) -> Iterator[None]:
    """Many strokes, one after the other."""
    at = starts(SIDE, seed)
    for _ in range(STROKES):
        yield from drag(scene.masks, next(at))


def run(scene: Scene, hand: Hand, seed: int) -> Row:
    """Paint with an idle engine and with one that learns."""
    row: Row = {}
    for when in ("idle", "learning") if seed % 2 else ("learning", "idle"):
        if when == "learning":
            scene.learn()
        late = hand.paint(strokes(scene, seed))
        row[when] = {name: float(np.percentile(late, q)) for name, q in PERCENTILES.items()}
        if when == "learning":
            row["steps"] = scene.rest()
    return row


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication([])
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_UNET_HOME"] = folder
        scene, hand = Scene(), Hand()
        hand.paint(drag(scene.masks, (100.0, 100.0)))  # the first stroke loads code
        for seed in range(RUNS):
            rows.append(run(scene, hand, seed))
            print(json.dumps(rows[-1]), flush=True)
        scene.desk.close()
    out.write_text(json.dumps(rows, indent=1))
    application.quit()


if __name__ == "__main__":
    main()
