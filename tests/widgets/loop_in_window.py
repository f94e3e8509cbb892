"""The whole loop in a real window, with a mouse: sample, segment, paint, confirm, fine-tune, keep.

Run with the file of a model and a file for the answer; napari's process has no other code in it
that could import torch.
"""

import json
import sys
import time
from pathlib import Path

import napari
import numpy as np
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from skimage.measure import regionprops

PLUGIN = "napari-unet-finetune"
CENTER, HEIGHT = (255, 255), 150
"""What of the sample its user looks at and corrects."""
GENEROUS = 1.35
"""Its user draws cells larger than they are, so that even a good model has something to learn."""
STEPS = 24
"""Of the fine-tuning: enough for it to be seen, however fast the computer is."""
LEFT = Qt.MouseButton.LeftButton


class User:
    """Somebody with a mouse, who does one thing after another and waits for each."""

    def __init__(self, viewer, story):
        self.viewer = viewer
        self._story = story(self)
        self._condition = lambda: True
        self._patience = time.monotonic() + 200
        self.problem = ""
        self._clock = QTimer(interval=40)
        self._clock.timeout.connect(self._go_on)
        self._clock.start()

    def _go_on(self):
        try:
            if self._condition():
                self._condition = next(self._story)
            elif time.monotonic() > self._patience:
                raise TimeoutError("it took too long")
        except StopIteration:
            self._leave()
        except Exception as error:  # noqa: BLE001 (whatever it is, the window has to close)
            import traceback

            self.problem = "".join(traceback.format_exception(error))
            self._leave()

    def _leave(self):
        self._clock.stop()
        self.viewer.close()

    def click(self, widget):
        QTest.mouseClick(widget, LEFT)

    def drag(self, *places):
        """Press at the first place of the image, move over all others, let go at the last."""
        canvas = self.viewer.window._qt_viewer.canvas.native
        points = [self._on_canvas(place) for place in places]
        QTest.mousePress(canvas, LEFT, pos=points[0])
        for point in points[1:]:
            yield lambda: True  # a hand needs time
            self._move(canvas, point)
        yield lambda: True
        QTest.mouseRelease(canvas, LEFT, pos=points[-1])
        yield lambda: True

    def _move(self, canvas, point):
        at, none = QPointF(point), Qt.KeyboardModifier.NoModifier
        everywhere = QPointF(canvas.mapToGlobal(point))
        event = QMouseEvent(
            QEvent.Type.MouseMove, at, everywhere, Qt.MouseButton.NoButton, LEFT, none
        )
        QApplication.sendEvent(canvas, event)

    def _on_canvas(self, place):
        camera, size = self.viewer.scene.camera, np.array(self.viewer.canvas.size)
        y, x = (np.array(place) - camera.center[-2:]) * camera.zoom + size / 2
        return QPoint(round(x), round(y))


def loop(user, answer):
    viewer = user.viewer
    viewer.open_sample(PLUGIN, "synthetic_fluorescence")
    image, truth = viewer.layers
    viewer.window.add_plugin_dock_widget(PLUGIN, "Segment, correct, fine-tune")
    from napari_unet.widgets.desk import desk_of
    from napari_unet.widgets.panel import Panel

    desk = desk_of(viewer)
    (panel,) = viewer.window._qt_window.findChildren(Panel)
    idle = lambda: desk.session.wanted is None and not desk.maker.busy  # noqa: E731
    yield lambda: desk.session.device is not None and idle()
    answer["chosen"] = desk.session.model.card.name

    viewer.scene.camera.center = CENTER
    viewer.scene.camera.zoom = viewer.canvas.size[0] / HEIGHT
    y0, x0, y1, x1 = desk.stage.box_in_view
    seen = np.s_[y0:y1, x0:x1]
    user.click(panel.segment.run)
    yield lambda: desk.stage.work is not None and idle()
    first = what_it_says(desk, seen)

    user.click(panel.correct.tools["erase"])
    masks = desk.stage.work.results.masks
    masks.brush_size = 40
    lines = range(y0, y1 + 30, 30)
    yield from user.drag(
        *[(y, x) for i, y in enumerate(lines) for x in ((x0, x1), (x1, x0))[i % 2]]
    )
    for cell in regionprops(truth.data[seen]):
        user.click(panel.correct.tools["new"])
        masks.brush_size = max(2, round(GENEROUS * cell.equivalent_diameter_area))
        y, x = cell.centroid[0] + y0, cell.centroid[1] + x0
        yield from user.drag((y, x), (y + 1, x), (y, x))
    painted = masks.data[seen].copy()
    answer["painted"] = len(np.unique(painted)) - 1
    answer["painted_on_cells"] = iou(painted > 0, truth.data[seen] > 0)

    user.click(panel.correct.confirm)
    yield panel.fine_tune.run.isEnabled
    answer["button"] = panel.fine_tune.run.text()
    panel.fine_tune.settings.editor("seconds").setValue(120)
    desk.teacher.use(desk.teacher.settings.model_copy(update={"steps": STEPS}))
    user.click(panel.fine_tune.run)
    yield lambda: idle() and panel.fine_tune.card.isVisible()
    answer["steps"] = desk.session.candidate.steps
    answer["verdict"] = panel.fine_tune.card.verdict.text()
    yield lambda: True
    user.click(panel.fine_tune.card.keep)
    yield lambda: idle() and not panel.fine_tune.card.isVisible()
    answer["kept"] = desk.session.model.card.name
    user.click(panel.segment.run)
    yield idle
    answer["before"] = iou(first, painted > 0)
    answer["after"] = iou(what_it_says(desk, seen), painted > 0)
    answer["known_unchanged"] = bool((masks.data[seen] == painted).all())
    answer["image_untouched"] = image in viewer.layers


def what_it_says(desk, seen):
    """Where the model itself sees objects; corrections do not count."""
    return desk.stage.work.results.specimen.probabilities[0][seen] > 0.5


def iou(first, second):
    return float((first & second).sum() / (first | second).sum())


def main():
    viewer = napari.Viewer()
    viewer.window._qt_window.setGeometry(0, 0, 1200, 900)
    answer = {}
    user = User(viewer, lambda user: loop(user, answer))
    napari.run()
    answer["problem"] = user.problem
    answer["torch"] = "torch" in sys.modules
    Path(sys.argv[1]).write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
