"""What counts most in training is seen over the image, set by two dials, and learnt as set."""

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtCore import Qt

from napari_unet.images.targets import make_target
from napari_unet.schema.catalog import LOSSES
from napari_unet.schema.requests import FineTuneRequest
from napari_unet.session.weighing import NO_OBJECTS
from napari_unet.widgets.layers import role_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr("napari_unet.widgets.weigher._LOOK_MS", 1)


@pytest.fixture
def counts(panel):
    panel.fine_tune.what_counts.fold.click()
    return panel.fine_tune.what_counts


@pytest.fixture
def close_cells(segmented):
    """Two cells with one pixel between them, confirmed."""
    labels = segmented.results.labels(()).copy()
    labels[...] = 0
    labels[4:30, 4:20] = 1
    labels[4:30, 21:37] = 2
    segmented.results.masks.data_setitem(np.nonzero(labels), labels[labels > 0])
    segmented.results.masks.data_setitem(np.nonzero(labels == 0), 0)
    segmented.corrector.confirm_view()
    return segmented


def weights_of(viewer):
    found = [layer for layer in viewer.layers if role_of(layer) == "border weights"]
    assert len(found) <= 1
    return found[0] if found else None


@pytest.fixture
def shown(viewer, counts, close_cells, qtbot):
    counts.shown.click()
    qtbot.waitUntil(lambda: weights_of(viewer) is not None)
    return weights_of(viewer)


def expected(work, desk):
    return make_target(work.results.labels(()), None, desk.teacher.settings.loss).weight_map


def test_it_is_folded_until_asked_for(panel, close_cells, viewer):
    counts = panel.fine_tune.what_counts
    assert not counts.weight.isVisible()
    counts.fold.click()
    assert counts.weight.isVisible()
    assert weights_of(viewer) is None


def test_the_layer_is_what_training_weighs_by(shown, close_cells, desk):
    np.testing.assert_array_equal(shown.data, expected(close_cells, desk))
    assert shown.data[10, 20] > 9


def test_turning_a_dial_shows_at_once_and_is_what_is_learnt(
    shown, counts, close_cells, desk, engine, panel, qtbot, settled
):
    before = shown.data.copy()
    counts.weight.setValue(25)
    counts.reach.setValue(2)
    qtbot.waitUntil(lambda: not np.array_equal(shown.data, before), timeout=2000)
    qtbot.waitUntil(lambda: np.array_equal(shown.data, expected(close_cells, desk)))
    panel.fine_tune.settings.editor("seconds").setValue(30)
    desk.teacher.teach()
    settled()
    (asked,) = [one.settings for one in engine.requests if isinstance(one, FineTuneRequest)]
    assert (asked.loss.w0, asked.loss.sigma_px, asked.seconds) == (25, 2, 30)


def test_all_values_on_the_way_are_seen_while_a_dial_is_turned(shown, counts, desk, qtbot):
    drawn = []
    shown.events.data.connect(lambda: drawn.append(float(shown.data.max())))
    for value in range(11, 41):
        counts.weight.setValue(value)
        qtbot.wait(10)
    qtbot.waitUntil(lambda: drawn and drawn[-1] > 30)
    assert len(drawn) > 3, "not only where the dial came to rest"
    assert drawn == sorted(drawn)


def test_what_is_painted_is_weighed_anew(shown, close_cells, desk, qtbot):
    close_cells.results.masks.data_setitem(np.nonzero(close_cells.results.labels(()) == 2), 0)
    qtbot.waitUntil(lambda: shown.data.max() == 1)


def test_objects_that_touch_are_counted_and_a_reach_is_suggested(counts, close_cells, desk, qtbot):
    qtbot.waitUntil(lambda: counts.touching.text() == "Touching pairs: 1, merged now: 0")
    assert counts.suggested.text() == "Suggested: 4 px"
    counts.suggested.click()
    assert desk.teacher.settings.loss.sigma_px == 4
    assert counts.reach.value() == 4


def test_it_is_taken_away_when_switched_off_and_by_closing_the_panel(
    shown, counts, viewer, desk, qtbot
):
    counts.shown.click()
    assert weights_of(viewer) is None
    assert desk.weigher.shows is False
    counts.shown.click()
    qtbot.waitUntil(lambda: weights_of(viewer) is not None)
    desk.close()
    assert weights_of(viewer) is None


def test_who_deletes_the_layer_has_switched_it_off(shown, counts, viewer):
    viewer.layers.remove(shown)
    assert not counts.shown.isChecked()
    assert not counts._weigher.shows


def test_the_layer_is_never_the_image_and_never_a_correction(shown, desk, viewer, image):
    assert desk.stage.image is image
    assert shown not in desk.stage.images
    assert isinstance(shown, Image)
    (correction,) = desk.stage.bench.corrections()
    assert correction.image.shape == image.data.shape
    assert viewer.layers.selection != {shown}


def test_r14_3_the_layer_lies_on_the_image_also_when_that_moves(shown, image, desk, qtbot):
    image.scale, image.translate, image.rotate = (2, 3), (100, 0), 30
    assert_lies_on(shown, image)
    desk.weigher.refresh()
    qtbot.wait(20)
    assert_lies_on(shown, image)


def assert_lies_on(layer, image):
    """A layer of every pixel lies on the image."""
    assert layer.data.shape == image.data.shape
    assert np.allclose(layer.data_to_world((5, 7)), image.data_to_world((5, 7)))


def test_another_image_takes_the_layer_with_it(shown, desk, viewer, qtbot, settled, counts):
    other = viewer.add_image(np.roll(viewer.layers["cells"].data, 3, 1), name="others")
    qtbot.waitUntil(lambda: weights_of(viewer) is None)
    assert not counts.shown.isEnabled()
    assert counts.why.text() == NO_OBJECTS
    desk.stage.choose(other)
    desk.segment("all")
    settled()
    qtbot.waitUntil(lambda: weights_of(viewer) is not None)
    assert weights_of(viewer).name == "others border weights"


def test_of_every_loss_the_dials_can_be_turned_or_say_why_not(counts, close_cells, desk):
    for name, entry in LOSSES.items():
        loss = desk.teacher.settings.loss.model_copy(update={"loss": name})
        desk.teacher.use(desk.teacher.settings.model_copy(update={"loss": loss}))
        desk.changed.emit()
        weighted = entry.border != "none"
        assert counts.weight.isEnabled() is counts.reach.isEnabled() is weighted, name
        assert counts.shown.isEnabled() is weighted, name
        assert (entry.title in counts.why.text()) is not weighted, name
        if entry.border == "2019":
            counts.weight.setValue(20)
            assert desk.teacher.settings.loss.falk_w0 == 20
            assert desk.teacher.settings.loss.w0 == 10


def test_in_a_stack_it_lies_on_the_plane_on_the_screen(viewer, desk, counts, settled, qtbot):
    stack = np.zeros((7, 40, 60), np.float32)
    stack[1, 5:15, 5:15] = stack[1, 5:15, 16:26] = stack[2, 20:30, 20:40] = 1
    image = viewer.add_image(stack, scale=(4, 2, 2))
    viewer.dims.set_current_step(0, 1)
    desk.segment("all")
    settled()
    counts.shown.click()
    qtbot.waitUntil(lambda: weights_of(viewer) is not None)
    shown = weights_of(viewer)
    assert shown.data.shape == (1, 40, 60)
    assert shown.data[0, 10, 15] > 9
    np.testing.assert_allclose(shown.data_to_world((0, 7, 8)), image.data_to_world((1, 7, 8)))
    viewer.dims.set_current_step(0, 2)
    qtbot.waitUntil(lambda: shown.data.max() == 1)
    np.testing.assert_allclose(shown.data_to_world((0, 7, 8)), image.data_to_world((2, 7, 8)))


def test_of_a_large_plane_what_is_on_the_screen_is_weighed(
    viewer, desk, counts, qtbot, monkeypatch
):
    monkeypatch.setattr("napari_unet.session.weighing.WHOLE_PX", 500)
    viewer.add_image(np.zeros((400, 600), np.float32))
    work = desk.stage.begin()
    masks = work.results.show_masks()
    masks.data_setitem(np.nonzero(np.tile(np.arange(600) % 20 > 0, (400, 1))), 1)
    viewer.canvas.size = (40, 60)
    viewer.scene.camera.center, viewer.scene.camera.zoom = (100, 200), 2
    counts.shown.click()
    qtbot.waitUntil(lambda: weights_of(viewer) is not None)
    shown = weights_of(viewer)
    assert shown.data.shape[0] <= 22
    first = shown.data_to_world((0, 0))
    viewer.scene.camera.center = (300, 400)
    qtbot.waitUntil(lambda: shown.data_to_world((0, 0)) != first)
    assert shown.data_to_world((0, 0)) == pytest.approx((290, 385), abs=2)
    viewer.scene.camera.center = (9000, 9000)
    qtbot.waitUntil(lambda: weights_of(viewer) is None)
    viewer.scene.camera.center = (100, 200)
    qtbot.waitUntil(lambda: weights_of(viewer) is not None)
