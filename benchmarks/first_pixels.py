"""How long after the click on Segment the first pixels of a large image are shown.

``python -m benchmarks.first_pixels --out benchmarks/first_pixels.json`` works with the desk of a
viewer that draws no image, and with the starter model in an engine that has segmented another
image before. Images of 16,384 x 16,384 pixels in memory, of which nobody has asked anything yet,
are looked at somewhere in the middle; the first tile there is in the layer when the window has
heard of it. Beside it stands the time that the next tiles take, one after the other; of a whole
plane, whose first tile comes in quarters, those after them. Both are noted on the clock and in time
of the processor, of window and engine together.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import psutil
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication

from benchmarks.latency import until
from benchmarks.written import measure_and_write
from napari_unet.images.samples import cells
from napari_unet.jobs.engine.client import Engine
from napari_unet.widgets.desk import Desk, Scope

SIDE, PATCH_PX = 16_384, 512
CENTER = (5000, 9000)
RUNS, TILES, QUARTERS = 5, 3, 4
PATIENCE_S = 60
"""A tile can take long where other programs fill the machine, and stopping waits for one."""
SCOPES: tuple[Scope, ...] = ("view", "plane")
DTYPES = (np.uint8, np.uint16)
Row = dict[str, Any]


class Clocks:
    """The clock, and the processor time of this process and the engine."""

    def __init__(self) -> None:
        here = psutil.Process()
        self._processes = [here, *here.children()]

    def read(self) -> np.ndarray:
        """Seconds since some time in the past: of the clock, of the processor."""
        used = [process.cpu_times() for process in self._processes]
        return np.array([perf_counter(), sum(one.user + one.system for one in used)])


class Scene:
    """A desk with an engine that is warm."""

    def __init__(self) -> None:
        patch = cells((PATCH_PX,) * 2, count=40, seed=1)[0].astype(np.uint16)
        self._patch = patch
        self.viewer = ViewerModel()
        self.desk = Desk(self.viewer, partial(Engine, grace_s=PATIENCE_S))
        settings = self.desk.predict_settings.model_copy(update={"device": "cpu"})
        self.desk.use_predict_settings(settings)
        self.desk.check_device()
        until(self._is_ready)
        self.viewer.add_image(patch)
        self.desk.segment("plane")
        until(self._is_idle)
        self.clocks = Clocks()

    def run(self, dtype: type, scope: Scope) -> Row:
        """Click on Segment, and wait for the first tiles of what is seen."""
        self.viewer.layers.clear()
        patch = (self._patch / self._patch.max() * 200).astype(dtype)
        image = self.viewer.add_image(np.tile(patch, (SIDE // PATCH_PX,) * 2), name="large")
        self.desk.stage.choose(image)
        self.viewer.scene.camera.center, self.viewer.scene.camera.zoom = CENTER, 1
        tiles: list[np.ndarray] = []
        note = lambda *_: tiles.append(self.clocks.read())  # noqa: E731
        self.desk.session.tile_written.connect(note, check_nargs=False)
        begun = self.clocks.read()
        self.desk.segment(scope)
        submitted = self.clocks.read() - begun
        small = QUARTERS - 1 if scope == "plane" else 0
        until(lambda: len(tiles) > small + TILES or self._is_idle())
        self.desk.session.tile_written.disconnect(note)
        self.desk.session.cancel()
        until(lambda: self.desk.session.wanted is None)
        self.desk.maker.drop()  # a mask of the tiles that came is not what is measured
        if "large probability" not in self.viewer.layers:
            raise RuntimeError("The tiles are not in the viewer: look into it.")
        between = np.diff(tiles[small:], axis=0)
        return {
            "dtype": np.dtype(dtype).name,
            "scope": scope,
            "submitted": submitted.tolist(),
            "first": (tiles[0] - begun).tolist(),
            "tile": np.median(between, axis=0).tolist(),
        }

    def _is_ready(self) -> bool:
        """Whether the engine is; it gets the priority of the foreground, or others starve it."""
        for engine in psutil.Process().children():
            with suppress(psutil.AccessDenied):
                engine.nice(0)
        return self._is_idle()

    def _is_idle(self) -> bool:
        return self.desk.session.wanted is None and not self.desk.maker.busy


def measure() -> list[Row]:
    """Every kind of click several times, by turns."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication([])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["NAPARI_UNET_HOME"] = folder
        scene = Scene()
        rows = [
            scene.run(dtype, scope) for _ in range(RUNS) for dtype in DTYPES for scope in SCOPES
        ]
        scene.desk.close()
    application.quit()
    return rows


if __name__ == "__main__":
    measure_and_write(str(__doc__), measure)
