"""Whatever happens to the layers, the dock and the window, at whatever moment: nothing is lost."""

import gc
import tempfile
import threading
from weakref import ref

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers._layer_actions import _duplicate_layer
from qtpy.QtCore import QCoreApplication, QEvent, QObject
from qtpy.QtWidgets import QApplication

from napari_unet.session.history import History
from napari_unet.session.journal import all_journals, read
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.layers import role_of
from napari_unet.widgets.panel import Panel
from tests.session.fakes import FakeEngine, two_cells
from tests.widgets.hands import Hands

TITLE = "Segment, correct, fine-tune"
OURS = ("napari-unet", "journal")


@pytest.fixture(autouse=True)
def _quick(tmp_path, monkeypatch):
    (tmp_path / "spare").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spare"))
    monkeypatch.setattr("napari_unet.widgets.layers.flight.FLIGHT_MS", 1)


class Scene:
    """An image that has been segmented and corrected a little, at some moment of the work."""

    press = Hands.press
    plane = ()

    def __init__(self, viewer, desk, engine, qtbot):
        self.viewer, self.desk, self.engine, self.qtbot = viewer, desk, engine, qtbot
        self.image = viewer.add_image(two_cells(), name="cells")
        desk.segment("all")
        self.idle()
        self.work = desk.stage.work
        self.masks = self.work.results.masks
        self.masks.brush_size = 3
        self.masks.paint((35, 50), 7)
        self.masks.paint((35, 55), 8)
        self.masks.undo()
        self._finish = lambda: None

    def idle(self):
        desk = self.desk
        self.qtbot.waitUntil(lambda: desk.session.wanted is None and not desk.maker.busy)

    # the moments

    def begin(self, moment):
        getattr(self, moment)()
        return self

    def in_idle(self):
        pass

    def in_review(self):
        self.work.reviewer.start()
        self.qtbot.waitUntil(lambda: self.work.reviewer.stop is not None)
        self.work.reviewer.say_right()

    def while_fixing(self):
        self.in_review()
        self.work.reviewer.fix()

    def in_a_stroke(self):
        self.masks.mode, self.masks.selected_label = "paint", 9
        self._finish = self.press((36, 5), (36, 9))

    def in_a_line(self):
        self.work.corrector.toolbox.use("split")
        self._finish = self.press((16, 30), (34, 30))

    def in_a_run(self):
        self.engine.quick = False
        self.desk.segment("all")
        self._finish = self.engine.work

    def finish(self):
        """Let go of the mouse, let the engine answer, and wait until nothing runs."""
        self._finish()
        QApplication.processEvents()
        self.engine.quick = True
        self.idle()

    # what has to be so at the end

    def saved(self):
        """Whether a journal comes to the very labels and states that the work has."""
        specimen = self.work.specimen
        for journal in list(self.desk.stage.bench.keeper._all):
            assert journal.flush(5)
        for found in all_journals():
            identity, entries = read(found.path)
            history = History(identity.shape)
            same = np.array_equal(history.replay(entries), specimen.labels)
            if same and np.array_equal(history.states, specimen.history.states):
                return True
        return False


@pytest.fixture
def scene(viewer, desk, engine, qtbot):
    return Scene(viewer, desk, engine, qtbot)


@pytest.fixture
def no_error(caplog, said):
    """Nothing went wrong that nobody has thought of."""
    yield
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert not [sentence for sentence in said() if "went wrong" in sentence]


def delete(role):
    def act(scene):
        layer = scene.work.results.slots.find(role)
        if layer is not None:
            scene.viewer.layers.remove(layer)

    return act


def rename(scene):
    for i, layer in enumerate(scene.viewer.layers):
        layer.name = f"cells masks {i}"


def reorder(scene):
    scene.viewer.layers.reverse()
    scene.viewer.layers.move(0, len(scene.viewer.layers))


def delete_image(scene):
    scene.viewer.layers.remove(scene.image)


def delete_all(scene):
    scene.viewer.layers.clear()


def duplicate(scene):
    scene.viewer.layers.selection = set(scene.viewer.layers)
    _duplicate_layer(scene.viewer.layers)


def delete_and_add_again(scene):
    scene.viewer.layers.remove(scene.image)
    scene.viewer.layers.append(scene.image)


def delete_masks_and_add_them_again(scene):
    scene.viewer.layers.remove(scene.masks)
    scene.viewer.layers.append(scene.masks)


def replace_masks(scene):
    scene.masks.data = np.where(scene.masks.data == 7, 3, scene.masks.data)


def replace_masks_by_others_of_another_size(scene):
    scene.masks.data = np.zeros((7, 9), int)


def replace_image(scene):
    scene.image.data = 1 - two_cells()


def replace_image_by_a_larger_one(scene):
    scene.image.data = np.zeros((90, 80), np.float32)


def replace_image_by_a_stack(scene):
    scene.image.data = np.stack([two_cells()] * 7)


def put_the_same_image_in_again(scene):
    scene.image.data = scene.image.data.copy()


def transform(scene):
    for layer in scene.viewer.layers:
        layer.scale = (0.5, 2)
        layer.translate = (-30, 1e4)
        layer.rotate = 40


def hide(scene):
    for layer in scene.viewer.layers:
        layer.visible = False


def go_3d(scene):
    scene.viewer.dims.ndisplay = 3


def open_another(scene):
    scene.viewer.add_image(np.zeros((5, 30, 30)), name="cells")


def undo_all(scene):
    for _ in range(20):
        scene.work.corrector.recorder.undo()


def close_the_desk(scene):
    scene.desk.close()


ACTIONS = [
    rename,
    reorder,
    delete_image,
    delete_all,
    duplicate,
    delete_and_add_again,
    delete_masks_and_add_them_again,
    replace_masks,
    replace_masks_by_others_of_another_size,
    replace_image,
    replace_image_by_a_larger_one,
    replace_image_by_a_stack,
    put_the_same_image_in_again,
    transform,
    hide,
    go_3d,
    open_another,
    undo_all,
    close_the_desk,
]
MOMENTS = ["in_idle", "in_review", "while_fixing", "in_a_stroke", "in_a_line", "in_a_run"]


EVERY_THIRD = [
    pytest.param(action, moment, id=f"{action.__name__} {moment}")
    for i, action in enumerate(ACTIONS)
    for moment in (MOMENTS[i % 6], MOMENTS[(i + 3) % 6])
]
"""So that all moments come up with all kinds of actions, and the suite stays short."""


@pytest.mark.parametrize(("action", "moment"), EVERY_THIRD)
def test_nothing_goes_wrong_and_nothing_is_lost(scene, no_error, moment, action):
    scene.begin(moment)
    action(scene)
    scene.finish()
    assert scene.saved()


@pytest.mark.parametrize(
    ("role", "moment"),
    [
        *[("masks", moment) for moment in MOMENTS],
        ("known", "in_review"),
        ("known", "in_a_line"),
        ("probability", "in_a_run"),
    ],
)
def test_a_layer_of_ours_that_is_deleted(scene, no_error, moment, role):
    scene.begin(moment)
    delete(role)(scene)
    scene.finish()
    assert scene.saved()
    scene.desk.segment("all")
    scene.idle()
    assert scene.work.results.masks is not None
    np.testing.assert_array_equal(scene.work.results.masks.data, scene.work.specimen.labels)
    assert scene.work.results.masks.data[35, 50] == 7
    assert scene.saved()


def test_r14_1_a_copy_is_the_user_s_and_painting_in_it_is_no_correction(scene, no_error):
    duplicate(scene)
    copy = next(layer for layer in scene.viewer.layers if layer.name == "cells masks copy")
    assert role_of(copy) is None
    before = scene.work.specimen.history.version
    copy.data_setitem((np.array([0]), np.array([0])), 5)
    assert scene.work.specimen.history.version == before
    assert scene.masks.data[0, 0] == 0
    assert not any(str(key) == "J" for key in copy.keymap)


def test_r14_2_and_r14_5_other_pixels_are_another_image(scene, no_error, said):
    scene.begin("in_a_run")
    labels = scene.masks.data.copy()
    scene.image.data = 1 - two_cells()
    scene.finish()
    assert scene.desk.stage.work is None
    assert [layer.name for layer in scene.viewer.layers] == ["cells"], "no result of the former"
    assert any("dropped" in sentence for sentence in said())
    scene.image.data = two_cells()
    scene.qtbot.waitUntil(lambda: scene.desk.stage.offer is not None)
    scene.desk.stage.restore()
    scene.qtbot.waitUntil(lambda: scene.desk.stage.work is not None)
    np.testing.assert_array_equal(scene.desk.stage.work.results.masks.data, labels)


def test_pixels_that_are_the_same_are_the_same_image(scene):
    put_the_same_image_in_again(scene)
    assert scene.desk.stage.work is scene.work
    assert scene.masks in scene.viewer.layers


def test_an_image_of_another_shape_is_read_anew(scene, no_error):
    replace_image_by_a_stack(scene)
    assert scene.desk.stage.reading.axes == "ZYX"
    scene.desk.segment("all")
    scene.idle()
    assert scene.desk.stage.work.specimen.shape == (7, 40, 60)


# what is left behind


def children(desk):
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return len(desk.findChildren(QObject))


def threads():
    return {thread for thread in threading.enumerate() if thread.name.startswith(OURS)}


def work_and(end, scene):
    """Work on one more image, and let it go."""
    image = scene.viewer.add_image(np.random.default_rng().random((40, 60)), name="one more")
    scene.desk.segment("all")
    scene.idle()
    work = scene.desk.stage.work
    work.results.masks.paint((5, 5), 3)
    work.reviewer.start()
    scene.qtbot.waitUntil(lambda: work.reviewer.stop is not None)
    end(scene, image)
    scene.idle()
    scene.viewer.layers.selection.active = scene.image  # napari holds the last one
    return ref(work.specimen)


def leave_and_close(scene, image):
    scene.desk.leave(image)
    scene.viewer.layers.remove(image)


def close_all_its_layers(scene, image):
    layers = [layer for layer in scene.viewer.layers if layer.name.startswith("one more")]
    for layer in layers:
        scene.viewer.layers.remove(layer)


def close_its_masks_first(scene, image):
    layers = [layer for layer in scene.viewer.layers if layer.name.startswith("one more")]
    for layer in reversed(layers):
        scene.viewer.layers.remove(layer)


def close_its_masks_later(scene, image):
    scene.viewer.layers.remove(image)
    del image
    gc.collect()
    scene.idle()
    close_all_its_layers(scene, None)


@pytest.mark.parametrize(
    "end",
    [leave_and_close, close_all_its_layers, close_its_masks_first, close_its_masks_later],
    ids=lambda end: end.__name__,
)
def test_images_that_were_closed_leave_nothing_in_memory(scene, no_error, end):
    work_and(end, scene)  # what is made once
    gc.collect()
    QApplication.processEvents()
    before, threads_before = children(scene.desk), len(threads())
    specimens = [work_and(end, scene) for _ in range(2)]

    def is_gone():
        gc.collect()
        now = children(scene.desk)
        return now == before and not any(specimen() for specimen in specimens)

    scene.qtbot.waitUntil(is_gone)
    scene.qtbot.waitUntil(lambda: len(threads()) <= threads_before)


def test_the_desk_that_is_closed_leaves_no_thread(qtbot, tmp_path):
    before = threads()

    def sit():
        viewer = ViewerModel()
        engine = FakeEngine(quick=True, folder=tmp_path)
        desk = Desk(viewer, lambda: engine)
        scene = Scene(viewer, desk, engine, qtbot)
        scene.in_review()
        desk.close()
        return ref(viewer)

    viewers = [sit() for _ in range(2)]

    def is_gone():
        gc.collect()
        return not any(viewer() for viewer in viewers)

    qtbot.waitUntil(is_gone)
    qtbot.waitUntil(lambda: not {t for t in threads() - before if t.name == "journal"})


# in a window


@pytest.fixture
def real_scene(real_viewer, engine, qtbot):
    desk = Desk(real_viewer, lambda: engine)
    panel = Panel(real_viewer, desk)
    real_viewer.window.add_dock_widget(panel, name=TITLE)
    scene = Scene(real_viewer, desk, engine, qtbot)
    scene.panel = panel
    yield scene
    desk.close()


@pytest.mark.parametrize("moment", ["in_review", "in_a_stroke", "in_a_run"])
def test_the_dock_is_closed_and_opened_again(real_scene, no_error, moment, qtbot):
    scene, gone = real_scene, []
    scene.begin(moment)
    scene.panel.destroyed.connect(lambda: gone.append(1))
    scene.viewer.window.remove_dock_widget(scene.panel)
    qtbot.waitUntil(lambda: gone == [1])
    if moment == "in_a_run":
        scene._finish = lambda: None
    again = Panel(scene.viewer, scene.desk)
    scene.viewer.window.add_dock_widget(again, name=TITLE)
    scene.finish()
    assert scene.saved()
    assert not scene.work.reviewer.active
    assert again.correct.undo.isEnabled()
    scene.masks.paint((2, 2), 5)
    assert scene.saved(), "what is painted afterwards is saved too"


@pytest.mark.parametrize("moment", ["in_review", "in_a_run"])
def test_the_window_is_closed(real_viewer, engine, qtbot, no_error, moment):
    desk = Desk(real_viewer, lambda: engine)
    real_viewer.window.add_dock_widget(Panel(real_viewer, desk), name=TITLE)
    scene = Scene(real_viewer, desk, engine, qtbot).begin(moment)
    real_viewer.show()
    QApplication.processEvents()
    real_viewer.close()
    qtbot.waitUntil(lambda: engine.closed)
    assert scene.saved()
    qtbot.waitUntil(lambda: not any(thread.name == "journal" for thread in threads()))
