"""Old and new mask as layers that are there for a while, and change nothing that is the user's."""

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt

from napari_unet.images.difference import ONLY_OLD
from napari_unet.jobs.messages import Failed
from napari_unet.schema.requests import CompareRequest
from napari_unet.widgets import layers
from napari_unet.widgets.comparison import ROLES
from napari_unet.widgets.comparison_row import ComparisonRow
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.finetune_section import FineTuneSection
from napari_unet.widgets.theme import colours
from tests.session.fakes import FakeEngine, two_cells


@pytest.fixture
def tuned(desk, segmented, settled):
    """A desk on which a fine-tuning has ended."""
    segmented.corrector.confirm_view()
    desk.teacher.teach()
    settled()
    assert desk.session.candidate is not None
    return desk


@pytest.fixture
def row(tuned, qtbot):
    row = ComparisonRow(tuned)
    qtbot.addWidget(row)
    row.show()
    return row


def roles(viewer):
    return [role for role in map(layers.role_of, viewer.layers) if role in ROLES]


def layer(viewer, role):
    return next(one for one in viewer.layers if layers.role_of(one) == role)


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_r13_4_a_click_shows_before_and_after_and_another_one_hides_them(
    row, viewer, settled, qtbot, engine
):
    selected = set(viewer.layers.selection)
    click(qtbot, row.show_masks)
    settled()
    assert isinstance(engine.requests[-1], CompareRequest)
    assert sorted(roles(viewer)) == sorted(ROLES)
    assert set(viewer.layers.selection) == selected
    shown = layer(viewer, "difference")
    assert shown.visible
    assert not shown.editable
    assert np.unique(shown.data).tolist() == [0, ONLY_OLD]
    assert not layer(viewer, "old mask").visible
    assert all(entry.isVisible() for entry in row.legend)
    click(qtbot, row.toggles["old mask"])
    assert layer(viewer, "old mask").visible
    assert row.show_masks.text() == "Hide masks"
    click(qtbot, row.show_masks)
    assert roles(viewer) == []
    assert not row.legend[0].isVisible()


@pytest.mark.parametrize("end", ["keep", "discard", "close"])
def test_the_layers_go_with_the_decision_and_touch_nothing(tuned, viewer, settled, end):
    masks = tuned.stage.work.results.masks
    before, known = masks.data.copy(), tuned.stage.work.specimen.history.states.copy()
    corrections = len(list(tuned.stage.bench.corrections()))
    images, others = tuned.stage.images, list(viewer.layers)
    tuned.comparison.show(tuned.predict_settings)
    settled()
    assert len(roles(viewer)) == 3
    assert tuned.stage.images == images
    assert len(list(tuned.stage.bench.corrections())) == corrections
    np.testing.assert_array_equal(masks.data, before)
    np.testing.assert_array_equal(tuned.stage.work.specimen.history.states, known)
    getattr(tuned if end == "close" else tuned.session, end)()
    assert roles(viewer) == []
    assert all(one in viewer.layers for one in others)


def test_a_slice_of_a_stack_is_compared_where_it_is(desk, viewer, settled):
    stack = np.zeros((7, 40, 60), np.float32)
    stack[4] = two_cells()
    viewer.add_image(stack, scale=(3, 2, 2), translate=(1, 5, 9))
    viewer.dims.set_current_step(0, 4)
    desk.segment("plane")
    settled()
    desk.stage.work.corrector.confirm_view()
    desk.teacher.teach()
    settled()
    desk.comparison.show(desk.predict_settings)
    settled()
    shown = layer(viewer, "difference")
    assert [int(plane.max()) for plane in shown.data] == [0, 0, 0, 0, ONLY_OLD, 0, 0]
    np.testing.assert_allclose(
        shown.data_to_world((4, 3, 2)), viewer.layers[0].data_to_world((4, 3, 2))
    )


def test_of_a_large_plane_only_what_is_on_the_screen_is_compared(
    tuned, viewer, engine, monkeypatch
):
    monkeypatch.setattr("napari_unet.widgets.comparison.WHOLE_PX", 100)
    viewer.scene.camera.center, viewer.scene.camera.zoom = (10, 10), viewer.canvas.size[1] / 16
    tuned.comparison.show(tuned.predict_settings)
    assert engine.requests[-1].region == tuned.stage.box_in_view


def test_layers_that_their_user_deletes_are_simply_gone(tuned, viewer, settled):
    tuned.comparison.show(tuned.predict_settings)
    settled()
    viewer.layers.remove(layer(viewer, "new mask"))
    tuned.comparison.set_visible("new mask", True)
    viewer.layers.remove(tuned.stage.image)
    assert not tuned.comparison.shown
    assert roles(viewer) == []
    assert tuned.comparison.why_not().startswith("No image is open")


@pytest.fixture
def slow(qapp):
    viewer, engine = ViewerModel(), FakeEngine()
    desk = Desk(viewer, lambda: engine)
    yield desk, viewer, engine
    desk.close()


def test_what_comes_for_a_model_that_was_discarded_is_not_shown(slow, qtbot, tmp_path, said):
    desk, viewer, engine = slow
    engine.folder = tmp_path
    viewer.add_image(two_cells())
    posted = lambda: qtbot.waitUntil(lambda: desk.session.wanted is None)  # noqa: E731
    desk.segment("all")
    engine.work()
    posted()
    qtbot.waitUntil(lambda: not desk.maker.busy)
    desk.stage.work.corrector.confirm_view()
    desk.teacher.teach()
    engine.work()
    posted()
    desk.comparison.show(desk.predict_settings)
    assert desk.comparison.why_not() == "Comparing …"
    section = FineTuneSection(desk, colours("dark"))
    qtbot.addWidget(section)
    assert not section.running.isHidden()
    section.running.stop.click()
    assert engine.cancelled == 1
    desk.session.discard()
    engine.work()
    posted()
    assert roles(viewer) == []
    engine.work()  # how long the next one takes is found out
    qtbot.waitUntil(lambda: bool(section.estimate.text()))
    desk.teacher.teach()
    engine.work()
    posted()
    desk.comparison.show(desk.predict_settings)
    engine.end(Failed(sentence="The disk is full.", details=""))
    posted()
    assert "The disk is full." in said()
