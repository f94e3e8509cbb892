"""Take the pictures of the documentation from the running program.

``HOME=$(mktemp -d) xvfb-run -a -s "-screen 0 1600x1000x24 +extension GLX" python docs/pictures.py``
walks once around the loop, as somebody who has never changed a setting: it segments a stained
section, then corrects synthetic cells by their true labels, which stand for what a person would
paint, checks objects, fine-tunes, and opens the image again. What it sees is saved in
``docs/images``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import napari
import numpy as np
from napari.settings import get_settings
from qtpy.QtCore import QTimer

from napari_unet.session.runs import Runs
from napari_unet.session.verdicts import painted

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.widgets.loop_in_window import User

if TYPE_CHECKING:
    from napari_unet.schema.prediction import Box
    from napari_unet.widgets.bench import Work

PLUGIN = "napari-unet-finetune"
PICTURES = Path(__file__).parent / "images"
WINDOW_PX = (1440, 900)
REGION = (140, 130, 396, 386)
"""What is corrected, in pixels of the second sample: y and x of two corners."""
SECONDS = 60


def walk(user: User) -> Iterator[Callable[[], bool]]:
    """Open, segment, correct, fine-tune; a picture at each stop."""
    viewer = user.viewer
    viewer.window.resize(*WINDOW_PX)
    viewer.window.add_plugin_dock_widget(PLUGIN, "Segment, correct, fine-tune")
    viewer.open_sample(PLUGIN, "immunohistochemistry")
    from napari_unet.widgets.desk import desk_of
    from napari_unet.widgets.panel import Panel

    desk = desk_of(viewer)
    (panel,) = viewer.window._qt_window.findChildren(Panel)

    def idle() -> bool:
        return desk.session.wanted is None and not desk.maker.busy

    yield lambda: desk.session.device is not None and idle()
    viewer.reset_view()
    user.click(panel.segment.run)
    yield lambda: desk.stage.work is not None and idle()
    yield from picture(viewer, "panel")

    viewer.layers.clear()
    viewer.open_sample(PLUGIN, "synthetic_dic")
    truth = viewer.layers["true labels (dic)"].data
    yield idle
    user.click(panel.segment.run)
    yield lambda: desk.stage.work is not None and idle()
    viewer.reset_view()
    yield from picture(viewer, "wrong")
    y0, x0, y1, x1 = REGION
    camera = viewer.scene.camera
    camera.center = ((y0 + y1) / 2, (x0 + x1) / 2)
    camera.zoom = min(viewer.canvas.size[0] / (y1 - y0), viewer.canvas.size[1] / (x1 - x0))
    correct(desk.stage.work, truth, desk.stage.box_in_view)
    user.click(panel.correct.tools["paint"])
    user.click(panel.correct.confirm)
    yield panel.fine_tune.run.isEnabled
    yield from picture(viewer, "corrected")
    camera.center = (REGION[0], (x0 + x1) / 2)
    camera.zoom = 3
    user.click(panel.correct.tools["unsure"])
    desk.stage.work.results.masks.brush_size = 16
    yield from user.drag((y0 - 30, x0 + 30), (y0 - 50, x0 + 80))
    yield from picture(viewer, "states")

    user.click(panel.correct.review.start)
    yield lambda: desk.stage.work.reviewer.stop is not None
    for _ in range(5):
        yield from wait(0.6)
        user.click(panel.correct.review.answers["say_right"])
    yield from picture(viewer, "queue")
    user.click(panel.correct.review.end)

    panel.fine_tune.settings.editor("seconds").setValue(SECONDS)
    user.click(panel.fine_tune.run)
    yield lambda: len(desk.session.curves.tests) > 1 or idle()
    yield from picture(viewer, "learning")
    yield lambda: idle() and panel.fine_tune.card.isVisible()
    yield from picture(viewer, "verdict")
    viewer.reset_view()
    user.click(panel.fine_tune.comparison.show_masks)
    yield lambda: desk.comparison.shown and idle()
    yield from picture(viewer, "compared")
    user.click(panel.fine_tune.card.keep)
    yield lambda: desk.session.candidate is None
    yield idle
    yield from picture(viewer, "kept")

    viewer.layers.clear()
    viewer.open_sample(PLUGIN, "synthetic_dic")
    viewer.layers["true labels (dic)"].visible = False
    yield panel.correct.offer.isVisible
    yield from picture(viewer, "restore")


def correct(work: Work, truth: np.ndarray, seen: Box) -> None:
    """Put right what is wrong on the screen, as one stroke of a very good painter."""
    y0, x0, y1, x1 = seen
    labels = work.results.labels(())
    right = np.where(truth > 0, truth + 1000, 0).astype(np.uint32)
    wrong = np.zeros_like(labels, bool)
    wrong[y0:y1, x0:x1] = (labels != truth)[y0:y1, x0:x1]
    pixels = np.flatnonzero(wrong)
    runs = Runs.of_pixels(pixels, labels.ravel()[pixels].astype(np.uint32), right.ravel()[pixels])
    work.corrector.recorder.do(painted(work.specimen.history, "paint", runs))


def wait(seconds: float) -> Iterator[Callable[[], bool]]:
    """Let the window go on for a while."""
    ready = time.monotonic() + seconds
    yield lambda: time.monotonic() > ready


def picture(viewer: napari.Viewer, name: str) -> Iterator[Callable[[], bool]]:
    """Wait until the window has drawn everything, then keep what it shows."""
    yield from wait(2)
    viewer.window.screenshot(str(PICTURES / f"{name}.png"), flash=False, canvas_only=False)


def main() -> None:
    """Walk, then close."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as home:
        get_settings(Path(home) / "napari.yaml").application.gui_notification_level = "error"
        os.environ["NAPARI_UNET_HOME"] = home
        viewer = napari.Viewer()
        user = User(viewer, walk)
        QTimer.singleShot(600_000, viewer.close)
        napari.run()
    if user.problem:
        raise SystemExit(user.problem)


if __name__ == "__main__":
    main()
