"""Where the model is unsure is seen over the image, in a layer that goes when it is not wanted."""

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt

from napari_unet.images.entropy import entropy
from napari_unet.widgets.layers import role_of
from napari_unet.widgets.uncertainty import NOTHING_YET


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr("napari_unet.widgets.uncertainty._WAIT_MS", 1)


@pytest.fixture
def correct(panel):
    return panel.correct


def layer_of(viewer):
    found = [layer for layer in viewer.layers if role_of(layer) == "uncertainty"]
    assert len(found) <= 1
    return found[0] if found else None


def click(qtbot, box):
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))


def doubt(work, value):
    work.specimen.probabilities[..., 5:15, 5:15] = value


@pytest.fixture
def shown(viewer, correct, segmented, qtbot):
    doubt(segmented, 0.5)
    click(qtbot, correct.unsure)
    qtbot.waitUntil(lambda: layer_of(viewer) is not None)
    return layer_of(viewer)


def test_r14_3_the_layer_lies_on_the_image_also_when_that_moves(shown, image):
    image.scale, image.translate = (2, 3), (100, 0)
    assert np.allclose(shown.data_to_world((5, 7)), image.data_to_world((5, 7)))


def test_there_is_nothing_to_show_before_a_prediction(correct, image):
    assert not correct.unsure.isEnabled()
    assert correct.unsure.toolTip() == NOTHING_YET


def test_r11_4_the_layer_is_bright_where_the_model_is_unsure(shown, segmented, correct, viewer):
    assert (shown.data[5:15, 5:15] == 255).all()
    assert shown.data.sum() == 255 * 100
    assert "the less sure" in correct.unsure_means.text()
    assert viewer.layers.selection.active is not shown, "the user goes on with what they had"


def test_it_goes_when_it_is_no_longer_wanted(shown, correct, viewer, qtbot, desk):
    click(qtbot, correct.unsure)
    assert layer_of(viewer) is None
    assert not correct.unsure_means.isVisible()
    click(qtbot, correct.unsure)
    qtbot.waitUntil(lambda: layer_of(viewer) is not None)
    viewer.layers.remove(layer_of(viewer))
    assert not correct.unsure.isChecked(), "who deletes the layer does not want to see it"
    desk.segment("all")
    assert layer_of(viewer) is None


def test_each_prediction_shows_anew(shown, segmented, desk, settled, qtbot, viewer):
    desk.segment("all")
    settled()
    qtbot.waitUntil(lambda: not layer_of(viewer).data.any())


def test_another_image_has_a_layer_of_its_own(shown, segmented, desk, settled, qtbot, viewer):
    other = viewer.add_image(np.full((30, 30), 3.0, np.float32), name="other")
    desk.stage.choose(other)
    qtbot.waitUntil(lambda: layer_of(viewer) is None)
    desk.stage.choose(segmented.results.image)
    qtbot.waitUntil(lambda: layer_of(viewer) is not None)
    assert layer_of(viewer).data.shape == segmented.specimen.shape


def test_in_a_stack_it_is_the_plane_on_the_screen(viewer, desk, settled, correct, qtbot):
    viewer.add_image(np.random.default_rng(0).random((2, 20, 30), np.float32), name="stack")
    desk.segment("all")
    settled()
    specimen = desk.stage.work.specimen
    specimen.probabilities[...] = 0.25
    click(qtbot, correct.unsure)
    quarter = np.uint8(np.round(255 * entropy(np.full((1, 1, 1), 0.25, np.float32))))[0, 0]
    for plane in (1, 0):
        viewer.dims.set_point(0, plane)
        qtbot.waitUntil(
            lambda plane=plane: (
                layer_of(viewer) is not None and (layer_of(viewer).data[plane] == quarter).all()
            )
        )
