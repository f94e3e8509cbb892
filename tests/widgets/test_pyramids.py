"""Pyramids are segmented and corrected at full resolution; results stay where their image is."""

import dask.array as da
import numpy as np
import pytest

from napari_unet.inference.predict import predict
from napari_unet.jobs.inline import InlineEngine
from napari_unet.models.archive import read_model, write_model
from napari_unet.widgets.desk import Desk
from tests.models_for_tests import tiny_model
from tests.widgets.hands import Hands, objects

PLACE = {"scale": (3, 0.5, 0.5), "translate": (1, 10, 20), "units": ("um",) * 3}


@pytest.fixture
def desk(viewer, library):
    """A desk whose jobs are the real ones, in this process."""
    (library / "one.safetensors").unlink()
    write_model(tiny_model(rgb="refuse"), library / "one.safetensors")
    desk = Desk(viewer, InlineEngine)
    yield desk
    desk.close()


def pyramid(planes=(), size=(96, 80)):
    """Three levels of an image, as readers of OME-Zarr give them."""
    finest = np.random.default_rng(0).random((*planes, *size)).astype(np.float32)
    return [da.from_array(finest[..., ::step, ::step]) for step in (1, 2, 4)]


def test_r8_3_a_pyramid_is_segmented_and_corrected_at_full_resolution(
    desk, viewer, library, settled, loud
):
    levels = pyramid((2,))
    image = viewer.add_image(levels, axis_labels=("z", "y", "x"), **PLACE)
    assert image.multiscale
    viewer.dims.set_current_step(0, 1)
    desk.segment("plane")
    settled()
    work = desk.stage.work
    assert work.specimen.shape == (2, 96, 80)
    masks, probability = (work.results.slots.find(role) for role in ("masks", "probability"))
    for layer in (masks, probability):
        assert not layer.multiscale
        assert layer.data.shape == (2, 96, 80)
        assert layer.units == image.units
        assert layer.axis_labels == ("z", "y", "x")
        for at in ((0, 0, 0), (1, 95, 40)):
            np.testing.assert_allclose(layer.data_to_world(at), image.data_to_world(at))
    model = read_model(library / "one.safetensors")
    expected = predict(levels[0][1].compute(), model).probabilities[0]
    np.testing.assert_array_equal(probability.data[1], expected)
    assert not probability.data[0].any()

    assert masks.editable
    before = work.results.labels((1,)).copy()
    masks.mode, masks.selected_label, masks.brush_size = "paint", 500, 1
    masks.paint((1, 95, 79), 500)
    settled()
    after = work.results.labels((1,))
    assert after[95, 79] == 500
    assert (after != before).sum() == 1
    assert work.specimen.history.states[1, 95, 79]


def test_r6_4_what_i_see_of_a_pyramid_is_counted_in_its_finest_pixels(desk, viewer, settled, loud):
    image = viewer.add_image(pyramid(size=(400, 600)), scale=(0.5, 0.5))
    viewer.scene.camera.center = image.data_to_world((200, 300))
    viewer.scene.camera.zoom = viewer.canvas.size[0] / (100 * 0.5)  # a hundred pixels high
    y0, x0, y1, x1 = desk.stage.box_in_view
    assert abs(y1 - y0 - 100) <= 2
    assert abs((x0 + x1) / 2 - 300) <= 1
    desk.segment("view")
    settled()
    seen = desk.stage.work.specimen.probabilities[0] > 0
    assert seen[y0:y1, x0:x1].all()
    assert seen.sum() == (y1 - y0) * (x1 - x0)


@pytest.mark.parametrize(
    "change",
    [
        {"scale": (0.5, 0.25)},
        {"translate": (7, -9)},
        {"rotate": 30},
        {"shear": (0.5,)},
        {"affine": [[1, 0.2, 3], [0, 2, 4], [0, 0, 1]]},
        {"units": ("um", "um"), "axis_labels": ("row", "column")},
    ],
)
def test_r14_3_results_follow_their_image(change, qapp, loud):
    hands = Hands.on((20, 30), objects())
    known = hands.results.slots.find("known")
    hands.results.show_tile(fresh=True)
    probability = hands.results.slots.find("probability")
    for name, value in change.items():
        setattr(hands.image, name, value)
    hands.paint((3, 3), label=1)
    known = hands.results.slots.find("known")
    for layer in (hands.masks, probability, known):
        assert layer.units == hands.image.units
        assert layer.axis_labels == hands.image.axis_labels
        for at in ((0, 0), (19, 7)):
            np.testing.assert_allclose(layer.data_to_world(at), hands.image.data_to_world(at))
