"""Watching a network learn: a layer of its own, gone at the end, and nothing else is touched."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_unet.jobs.messages import Cancelled, Failed
from napari_unet.schema.events import Glimpse
from napari_unet.widgets import layers
from napari_unet.widgets.desk import Desk
from tests.session.fakes import FakeEngine, two_cells


class Lesson:
    """A fine-tuning under way, on a slice of a stack."""

    def __init__(self, qtbot, folder):
        self.viewer, self.engine = ViewerModel(), FakeEngine(folder=folder)
        self.desk = Desk(self.viewer, lambda: self.engine)
        self._qtbot = qtbot
        stack = np.zeros((7, 40, 60), np.float32)
        stack[1] = two_cells()
        self.image = self.viewer.add_image(stack, name="cells", scale=(2, 3, 3))
        self.viewer.dims.set_current_step(0, 1)
        self.desk.segment("plane")
        self.engine.work()
        self.wait(lambda: self.desk.session.wanted is None and not self.desk.maker.busy)
        self.desk.stage.work.corrector.confirm_view()

    def wait(self, condition):
        self._qtbot.waitUntil(lambda: bool(condition()))

    def glimpse(self, value=1.0):
        seen = np.zeros((1, 20, 30), np.float32)
        seen[:, 5:10, 5:10] = value
        self.engine.say(Glimpse(step=3, box=(10, 20, 30, 50), probabilities=seen, seconds=0.1))
        self._qtbot.wait(5)

    @property
    def layer(self):
        ours = [one for one in self.viewer.layers if layers.role_of(one) == "learning"]
        return ours[0] if ours else None


@pytest.fixture
def lesson(qapp, qtbot, tmp_path):
    lesson = Lesson(qtbot, tmp_path)
    yield lesson
    lesson.desk.close()


def test_what_the_network_finds_is_outlined_where_it_is(lesson):
    lesson.desk.teacher.teach()
    request = lesson.engine.requests[-1]
    np.testing.assert_array_equal(request.view.plane, two_cells())
    assert request.view.box == lesson.desk.stage.box_in_view
    lesson.glimpse()
    shown = lesson.layer
    assert shown.contour > 0
    assert not shown.editable
    assert np.argwhere(shown.data).min(axis=0).tolist() == [1, 15, 25]
    assert (shown.data > 0).sum() == 25
    np.testing.assert_allclose(
        shown.data_to_world((1, 2, 3)), lesson.image.data_to_world((1, 2, 3))
    )
    lesson.glimpse(0.4)
    assert lesson.layer is shown
    assert not shown.data.any()


@pytest.mark.parametrize("end", ["done", "failed", "cancelled", "closed"])
def test_the_layer_goes_at_the_end_and_the_mask_was_never_touched(lesson, end):
    work = lesson.desk.stage.work
    masks, states = work.results.masks.data.copy(), work.specimen.history.states.copy()
    others, selected = list(lesson.viewer.layers), set(lesson.viewer.layers.selection)
    learned = len(list(lesson.desk.stage.bench.corrections()))
    lesson.desk.teacher.teach()
    lesson.glimpse()
    assert lesson.layer is not None
    assert set(lesson.viewer.layers.selection) == selected
    assert lesson.desk.stage.images == [lesson.image]
    assert len(list(lesson.desk.stage.bench.corrections())) == learned
    endings = {"failed": Failed(sentence="No.", details=""), "cancelled": Cancelled()}
    if end == "done":
        lesson.engine.work()
    elif end == "closed":
        lesson.desk.close()
    else:
        lesson.engine.end(endings[end])
    lesson.wait(lambda: lesson.desk.session.wanted is None)
    assert lesson.layer is None
    assert list(lesson.viewer.layers) == others
    np.testing.assert_array_equal(work.results.masks.data, masks)
    np.testing.assert_array_equal(work.specimen.history.states, states)


def test_who_does_not_want_to_watch_does_not(lesson):
    lesson.desk.watcher.want(False)
    lesson.desk.teacher.teach()
    assert lesson.engine.requests[-1].view is None
    lesson.glimpse()
    assert lesson.layer is None


def test_looking_away_and_back_while_it_learns(lesson):
    lesson.desk.teacher.teach()
    lesson.glimpse()
    lesson.desk.watcher.want(False)
    assert lesson.layer is None
    lesson.glimpse()
    assert lesson.layer is None
    lesson.desk.watcher.want(True)
    lesson.glimpse()
    assert lesson.layer is not None


def test_what_is_out_of_view_or_gone_is_not_watched(lesson):
    lesson.desk.teacher.teach()
    lesson.viewer.layers.remove(lesson.image)
    lesson.glimpse()
    assert lesson.layer is None
    lesson.engine.end(Cancelled())
    lesson.wait(lambda: lesson.desk.session.wanted is None)
    assert lesson.desk.watcher.view() is None
    lesson.viewer.add_image(two_cells())
    lesson.viewer.scene.camera.center = (1e5, 1e5)
    assert lesson.desk.watcher.view() is None
