"""A prediction that runs goes on where its user looks."""

import pytest

from napari_unet.jobs.messages import Cancelled
from napari_unet.schema.requests import Looking
from tests.session.fakes import FakeEngine


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
