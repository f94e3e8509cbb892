"""A prediction that runs goes on where its user looks."""

import numpy as np
import pytest

from napari_unet.jobs.messages import Cancelled
from napari_unet.schema.requests import Looking
from tests.session.fakes import FakeEngine, two_cells


@pytest.fixture
def engine():
    """One that waits to be told what to say."""
    return FakeEngine()


def test_r6_3_tiles_follow_the_camera(desk, viewer, engine, image, qtbot):
    viewer.scene.camera.zoom = viewer.canvas.size[1] / 8
    viewer.scene.camera.center = (8, 8)
    desk.segment("plane")
    assert engine.words == []
    viewer.scene.camera.center = (30, 50)
    (word,) = engine.words
    assert isinstance(word, Looking)
    y0, x0, y1, x1 = word.box
    assert y0 <= 30 <= y1
    assert x0 <= 50 <= x1
    for x in range(40, 20, -1):
        viewer.scene.camera.center = (30, x)
    assert len(engine.words) == 1, "a drag is not told pixel by pixel"
    qtbot.waitUntil(lambda: len(engine.words) == 2)
    assert engine.words[-1].box == desk.stage.box_in_view


def test_r6_3_the_slice_on_the_screen_comes_first_wherever_the_user_goes(
    desk, viewer, engine, qtbot
):
    viewer.add_image(np.stack([two_cells()] * 7), name="stack")
    viewer.dims.set_current_step(0, 3)
    desk.segment("all")
    assert engine.requests[-1].look_first == Looking(plane=3)
    viewer.dims.set_current_step(0, 1)
    qtbot.waitUntil(lambda: engine.words != [])
    assert engine.words[-1] == Looking(plane=1)


def test_r6_3_where_one_slice_is_segmented_another_is_not_told(desk, viewer, engine, qtbot):
    viewer.add_image(np.stack([two_cells()] * 7), name="stack")
    desk.segment("plane")
    viewer.dims.set_current_step(0, 1)
    qtbot.wait(300)
    assert engine.words == []


def test_an_image_that_is_moved_out_of_sight_is_no_reason_to_complain(
    desk, viewer, engine, image, monkeypatch
):
    viewer.scene.camera.zoom = viewer.canvas.size[1] / 8
    viewer.scene.camera.center = (8, 8)
    desk.segment("plane")
    complaints = []
    monkeypatch.setattr("napari_unet.widgets.runner.report", complaints.append)
    viewer.scene.camera.center = (5000, 5000)
    assert engine.words == []
    assert complaints == []


def test_r6_3_nothing_is_told_where_nothing_runs(desk, viewer, engine, image, qtbot):
    viewer.scene.camera.zoom = viewer.canvas.size[1] / 8
    viewer.scene.camera.center = (8, 8)
    desk.segment("plane")
    engine.end(Cancelled())
    qtbot.waitUntil(lambda: desk.session.running is None)
    viewer.scene.camera.center = (30, 50)
    assert engine.words == []


def test_r6_3_another_image_is_not_where_the_user_looks(desk, viewer, engine, image):
    viewer.scene.camera.zoom = viewer.canvas.size[1] / 8
    viewer.scene.camera.center = (8, 8)
    desk.segment("plane")
    desk.stage.choose(viewer.add_image(image.data + 1))
    viewer.scene.camera.center = (30, 50)
    assert engine.words == []
