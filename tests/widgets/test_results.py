import numpy as np
import pytest

from napari_unet.schema.correction import Known
from napari_unet.schema.events import TileDone
from napari_unet.session.repairs import Repair
from napari_unet.widgets import layers
from napari_unet.widgets.layers import Results, role_of
from napari_unet.widgets.layers.results import STROKE


@pytest.fixture
def results(viewer, image):
    return Results(viewer, image, layers.specimen_of(image, "YX"))


def tile(shape=(40, 60), value=0.5, classes=1):
    full = np.full((classes, *shape), value, np.float32)
    return TileDone(plane=0, box=(0, 0, *shape), probabilities=full)


def painted(labels, value=1):
    labels = labels.copy()
    labels[3:9, 3:9] = value
    return labels


def test_tiles_appear_without_copying_the_probabilities(viewer, results):
    results.specimen.write((), tile())
    results.show_tile(fresh=True)
    layer = viewer.layers["cells probability"]
    assert role_of(layer) == "probability"
    results.specimen.write((), tile((20, 20), 0.9))
    results.show_tile(fresh=False)
    assert layer.data[5, 5] == np.float32(0.9)
    assert layer.data[30, 30] == 0.5
    assert len(viewer.layers) == 2


def test_several_classes_show_the_probability_of_any_object(viewer, results):
    results.specimen.write((), tile(classes=3, value=0.25))
    results.show_tile(fresh=True)
    layer = viewer.layers["cells probability"]
    assert layer.data.shape == (40, 60)
    assert np.allclose(layer.data, 0.5)
    results.specimen.write((), tile(classes=1, value=0.7))
    results.show_tile(fresh=True)
    assert np.allclose(layer.data, 0.7)


def test_r6_1_masks_have_two_bytes_until_ids_need_more(viewer, results):
    results.show_masks((), painted(results.labels(()), 65_535))
    assert results.masks.data.dtype == np.uint16
    results.show_masks((), painted(results.labels(()).astype(np.uint32), 65_536))
    assert results.masks.data.dtype == np.uint32
    assert results.labels(()).max() == 65_536


def test_r11_3_results_change_nothing_of_the_view(viewer, image, results):
    image.contrast_limits = (0.2, 0.7)
    viewer.scene.camera.zoom, viewer.scene.camera.center = 3.3, (0, 11, 12)
    image.mode = "transform"

    def view():
        camera = viewer.scene.camera
        shown = (image.visible, image.mode, tuple(image.contrast_limits))
        selected = (viewer.layers.selection.active, set(viewer.layers.selection))
        return camera.zoom, camera.center, viewer.dims.point, shown, selected, viewer.layers[0]

    before = view()
    results.specimen.write((), tile())
    results.show_tile(fresh=True)
    results.show_masks((), painted(results.labels(())))
    results.show_known((), np.ones((40, 60), np.uint8))
    assert len(viewer.layers) == 4
    assert view() == before


def test_r11_3_a_new_mask_leaves_tool_and_label_as_they_are(results):
    results.show_masks((), painted(results.labels(())))
    results.masks.mode, results.masks.selected_label, results.masks.brush_size = "paint", 7, 22
    results.show_masks((), painted(results.labels(()), 2))
    masks = results.masks
    assert (masks.mode, masks.selected_label, masks.brush_size) == ("paint", 7, 22)


def test_r2_5_undo_does_not_reach_behind_a_new_mask(results):
    results.show_masks((), painted(results.labels(())))
    masks = results.masks
    masks.paint((20, 20), 5)
    masks.paint((5, 5), 0)
    results.show_masks((), painted(results.labels(()), 2))
    shown = results.labels(()).copy()
    for _ in range(3):
        masks.undo()
        np.testing.assert_array_equal(results.labels(()), shown)
    masks.redo()
    np.testing.assert_array_equal(results.labels(()), shown)


def test_r11_1_a_repair_is_one_step_back_and_forth(results):
    results.show_masks((), painted(results.labels(())))
    before = results.labels(()).copy()
    rows, columns = np.nonzero(before == 1)
    results.apply((), Repair(rows, columns, np.arange(len(rows)) + 3))
    after = results.labels(()).copy()
    assert after[3, 3] == 3
    results.masks.undo()
    np.testing.assert_array_equal(results.labels(()), before)
    results.masks.redo()
    np.testing.assert_array_equal(results.labels(()), after)


def test_r14_1_renamed_moved_and_deleted_layers(viewer, results):
    results.show_masks((), painted(results.labels(())))
    masks = results.masks
    masks.name = "mine"
    viewer.layers.move(1, 0)
    assert results.masks is masks
    viewer.layers.remove(masks)
    assert results.masks is None
    assert not results.labels(()).any()
    viewer.layers.append(masks)
    assert results.masks is masks
    viewer.layers.remove(masks)
    results.show_masks((), painted(results.labels(()), 4))
    assert results.masks is not masks
    assert results.labels(()).max() == 4


def test_each_new_layer_of_masks_is_announced(viewer, results):
    announced = []
    results.on_masks = announced.append
    results.show_masks((), results.labels(()))
    results.show_masks((), results.labels(()))
    viewer.layers.remove(results.masks)
    results.show_masks((), results.labels(()))
    assert announced[1] is results.masks
    assert len(announced) == 2


def test_what_is_known_is_shown_only_when_there_is_something(viewer, results):
    results.show_known((), np.zeros((40, 60), np.uint8))
    assert len(viewer.layers) == 1
    results.show_known((), np.full((40, 60), Known.CONFIRMED, np.uint8))
    assert (viewer.layers["cells known"].data == Known.CONFIRMED).all()
    results.show_overlay(False)
    assert not viewer.layers["cells known"].visible


def test_a_stroke_covers_what_is_known_and_gives_it_back(viewer, results):
    state = np.random.default_rng(0).integers(0, 3, (40, 60)).astype(np.uint8)
    results.show_known((), state)
    known = viewer.layers["cells known"].data
    results.show_stroke((), np.array([1, 2]), np.array([1, 2]))
    results.show_stroke((), np.array([2, 3]), np.array([2, 3]))
    assert np.count_nonzero(known == STROKE) == 2
    results.hide_stroke(())
    np.testing.assert_array_equal(known, state)


def test_planes_of_a_stack_with_channels_in_the_middle(viewer):
    image = viewer.add_image(np.zeros((3, 2, 8, 9)), name="stack")
    results = Results(viewer, image, layers.specimen_of(image, "ZCYX"))
    results.show_masks((1,), np.full((8, 9), 6, np.uint16))
    assert results.masks.data.shape == (3, 1, 8, 9)
    assert results.all_labels().shape == (3, 8, 9)
    assert [int(plane.max()) for plane in results.all_labels()] == [0, 6, 0]
    results.apply((2,), Repair(np.array([4]), np.array([5]), np.array([9])))
    assert results.labels((2,))[4, 5] == 9
    assert results.all_labels()[2, 4, 5] == 9


def test_the_image_that_is_gone_is_no_image(viewer, image, results):
    assert results.image is image
    viewer.layers.remove(image)
    assert results.image is None
