"""How long importing the package and opening the panel take.

``python -m benchmarks.opening --out benchmarks/opening.json`` (without a display: under
``xvfb-run``) starts processes of their own: some import ``napari_unet``, the others open a window
of napari with an image and then the panel in it, as its menu does. It notes the time on the clock
and that of the processor in the thread of the window, until the panel has been painted. The code
is compiled before, as it is after an installation; a process that is not counted does so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from time import perf_counter, thread_time
from typing import Any

from benchmarks.written import measure_and_write

RUNS = 5
SIDE_PX, REST_MS = 1024, 1500
PLUGIN, TITLE = "napari-unet-finetune", "Segment, correct, fine-tune"
SLOW = "torch", "scipy.spatial", "scipy.linalg", "skimage.morphology"
IMPORT = """
import sys, time
clock, processor = time.perf_counter(), time.thread_time()
import napari_unet
row = {"s": time.perf_counter() - clock, "processor_s": time.thread_time() - processor}
import json
print(json.dumps(row | {"loaded": sorted({"torch", "numpy", "napari"} & {*sys.modules})}))
"""
Row = dict[str, Any]


def opening() -> Row:
    """Open the panel in a window that has been idle for a while."""
    import napari
    import numpy as np
    from qtpy.QtCore import QEvent, QEventLoop, QObject, QTimer

    class Watch(QObject):  # type: ignore[misc]
        """Ends a loop once a widget has been painted."""

        def __init__(self, loop: QEventLoop) -> None:
            super().__init__()
            self._loop = loop

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            """See it being painted."""
            if event.type() == QEvent.Type.Paint:
                QTimer.singleShot(0, self._loop.quit)
            return False

    viewer = napari.Viewer()
    viewer.add_image(np.zeros((SIDE_PX, SIDE_PX), np.uint8))
    loop = QEventLoop()
    QTimer.singleShot(REST_MS, loop.quit)
    loop.exec()
    watch = Watch(loop)
    clock, processor = perf_counter(), thread_time()
    _, panel = viewer.window.add_plugin_dock_widget(PLUGIN, TITLE)
    panel.segment.run.installEventFilter(watch)
    loop.exec()
    row: Row = {"s": perf_counter() - clock, "processor_s": thread_time() - processor}
    row["loaded"] = sorted({*SLOW} & {*sys.modules})
    viewer.close()
    return row


def measured(what: str, compiled: str) -> Row:
    """What a process of its own says."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "NAPARI_UNET_HOME": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, *CHILDREN[what]]
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return dict(json.loads(run.stdout.splitlines()[-1]))


def measure() -> dict[str, list[Row]]:
    """Each several times."""
    rows: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as compiled:
        for what in CHILDREN:
            measured(what, compiled)
            rows[what] = [measured(what, compiled) for _ in range(RUNS)]
    return rows | {"machine": [{"load": os.getloadavg()[0], "cores": os.cpu_count()}]}


CHILDREN = {"import": ("-c", IMPORT), "panel": ("-m", "benchmarks.opening", "--child")}


def main() -> None:
    """Measure, or be one of the processes."""
    if "--child" in sys.argv:
        print(json.dumps(opening()))
    else:
        measure_and_write(str(__doc__), measure)


if __name__ == "__main__":
    main()
