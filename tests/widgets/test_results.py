import numpy as np
import pytest

from napari_unet.schema.correction import State
from napari_unet.schema.events import TileDone
from napari_unet.session.runs import Runs
from napari_unet.session.specimen import Specimen
from napari_unet.widgets import layers
from napari_unet.widgets.layers import Results, role_of
from napari_unet.widgets.layers.overlay import FRAME, STROKE, colour_of


@pytest.fixture
def results(viewer, image):
    return Results(viewer, image, Specimen.of(layers.origin_of(image).identity("YX")))


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
    results.put((), painted(results.labels(()), 65_535))
    assert results.masks.data.dtype == np.uint16
    results.put((), painted(results.labels(()).astype(np.uint32), 65_536))
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
    results.put((), painted(results.labels(())))
    known(results, np.ones((40, 60), np.uint8))
    assert len(viewer.layers) == 4
    assert view() == before


def test_r11_3_a_new_mask_leaves_tool_and_label_as_they_are(results):
    results.put((), painted(results.labels(())))
    results.masks.mode, results.masks.selected_label, results.masks.brush_size = "paint", 7, 22
    results.put((), painted(results.labels(()), 2))
    masks = results.masks
    assert (masks.mode, masks.selected_label, masks.brush_size) == ("paint", 7, 22)


def test_r14_1_renamed_moved_and_deleted_layers(viewer, results):
    results.put((), painted(results.labels(())))
    masks = results.masks
    masks.name = "mine"
    viewer.layers.move(1, 0)
    assert results.masks is masks
    viewer.layers.remove(masks)
    assert results.masks is None
    assert results.labels(()).any(), "the mask is more than its layer"
    viewer.layers.append(masks)
    assert results.masks is masks
    viewer.layers.remove(masks)
    results.put((), painted(results.labels(()), 4))
    assert results.masks is not masks
    assert results.labels(()).max() == 4


def test_each_new_layer_of_masks_is_announced(viewer, results):
    announced = []
    results.on_masks = announced.append
    results.put((), results.labels(()))
    results.put((), results.labels(()))
    viewer.layers.remove(results.masks)
    results.put((), results.labels(()))
    assert announced[1] is results.masks
    assert len(announced) == 2


def known(results, states):
    """Let the pixels of the image have these states, and show them."""
    history = results.specimen.history
    before = history.states.copy()
    history.states[...] = states
    results.overlay.show(Runs.of_box(before.shape, (), (0, 0, *before.shape), before, states))


def test_what_is_known_is_shown_only_when_there_is_something(viewer, results):
    known(results, np.zeros((40, 60), np.uint8))
    assert len(viewer.layers) == 1
    known(results, np.full((40, 60), State.CONFIRMED, np.uint8))
    assert (viewer.layers["cells known"].data == State.CONFIRMED).all()
    results.overlay.set_visible(False)
    assert not viewer.layers["cells known"].visible


def test_every_state_has_its_tint_and_only_what_nobody_looked_at_has_none():
    tints = {colour_of(state) for state in (State.CONFIRMED, State.CORRECTED, State.UNKNOWN)}
    assert len(tints) == 3
    assert colour_of(State.CORRECTED) == colour_of(State.CORRECTED | State.CONFIRMED)
    assert colour_of(State.MODEL).endswith("00")
    assert not any(tint.endswith("00") for tint in tints)


def test_a_stroke_covers_what_is_known_and_gives_it_back(viewer, results):
    states = np.random.default_rng(0).integers(0, 3, (40, 60)).astype(np.uint8)
    known(results, states)
    shown = viewer.layers["cells known"].data
    results.overlay.mark((), np.array([1, 2]), np.array([1, 2]))
    results.overlay.mark((), np.array([2, 3]), np.array([2, 3]))
    assert np.count_nonzero(shown == STROKE) == 2
    results.overlay.unmark()
    np.testing.assert_array_equal(shown, states)


def test_what_is_known_is_changed_only_by_what_is_done_to_the_masks(viewer, results):
    known(results, np.full((40, 60), State.CONFIRMED, np.uint8))
    some = np.full((40, 60), State.CONFIRMED, np.uint8)
    some[3:6, 3:6] = State.CORRECTED
    known(results, some)
    layer = viewer.layers["cells known"]
    assert not layer.editable
    layer.undo()
    layer.redo()
    np.testing.assert_array_equal(layer.data, some)


def test_what_is_hidden_before_it_is_there_stays_hidden(viewer, results):
    results.overlay.set_visible(False)
    known(results, np.full((40, 60), State.CONFIRMED, np.uint8))
    layer = viewer.layers["cells known"]
    assert not layer.visible
    some = np.zeros((40, 60), np.uint8)
    some[30:33, 50:53] = State.CORRECTED
    known(results, some)
    results.overlay.set_visible(True)
    assert layer.visible
    np.testing.assert_array_equal(layer.data, some)


@pytest.mark.parametrize("by", ["panel", "list of layers"])
def test_a_stroke_is_seen_where_all_else_is_hidden(viewer, results, by):
    known(results, np.full((40, 60), State.CONFIRMED, np.uint8))
    layer = viewer.layers["cells known"]
    if by == "panel":
        results.overlay.set_visible(False)
    else:
        layer.visible = False
    for value in (STROKE, FRAME):
        results.overlay.mark((), np.array([1, 2]), np.array([1, 2]), value)
    results.overlay.unmark()
    assert layer.visible
    assert layer.get_color(FRAME)[3] > 0
    assert layer.get_color(int(State.CONFIRMED))[3] == 0
    results.overlay.set_visible(True)
    assert layer.get_color(int(State.CONFIRMED))[3] > 0
    results.overlay.set_visible(False)
    assert layer.get_color(int(State.CONFIRMED))[3] == 0
    results.overlay.unmark(FRAME)
    assert not layer.visible
    if by == "panel":
        results.overlay.set_visible(True)
    else:
        layer.visible = True
    assert layer.visible
    assert layer.get_color(int(State.CONFIRMED))[3] > 0


def test_r6_2_of_classes_only_what_is_new_is_summed(viewer, monkeypatch):
    image = viewer.add_image(np.zeros((4, 2, 40, 60)), name="stack")
    specimen = Specimen.of(layers.origin_of(image).identity("ZCYX"))
    results, summed = Results(viewer, image, specimen), []
    specimen.write((1,), tile(classes=3))
    results.show_tile(fresh=True)
    layer = viewer.layers["stack probability"]

    class Spy(np.ndarray):
        def sum(self, *args, **kwargs):
            summed.append(self.shape)
            return np.asarray(self).sum(*args, **kwargs)

    specimen.probabilities = specimen.probabilities.view(Spy)
    specimen.write((2,), tile((20, 30), 0.25, 3))
    specimen.write((3,), tile((10, 10), 0.25, 3))
    results.show_tile(fresh=False)
    assert summed == [(2, 20, 30), (2, 10, 10)]
    np.testing.assert_array_equal(layer.data[:, 0], specimen.probabilities[1:].sum(axis=0))
    specimen.write((2,), tile(classes=4))
    results.show_tile(fresh=True)
    np.testing.assert_array_equal(layer.data[:, 0], specimen.probabilities[1:].sum(axis=0))
    viewer.layers.remove(layer)
    results.show_tile(fresh=False)
    shown = viewer.layers["stack probability"].data
    np.testing.assert_array_equal(shown[:, 0], specimen.probabilities[1:].sum(axis=0))


def test_planes_of_a_stack_with_channels_in_the_middle(viewer):
    image = viewer.add_image(np.zeros((3, 2, 8, 9)), name="stack")
    results = Results(viewer, image, Specimen.of(layers.origin_of(image).identity("ZCYX")))
    results.put((1,), np.full((8, 9), 6, np.uint16))
    assert results.masks.data.shape == (3, 1, 8, 9)
    assert results.specimen.labels.shape == (3, 8, 9)
    assert [int(plane.max()) for plane in results.specimen.labels] == [0, 6, 0]
    pixel = np.array([2 * 72 + 4 * 9 + 5])
    results.write(Runs.of_pixels(pixel, np.array([0]), np.array([9])))
    assert results.labels((2,))[4, 5] == 9
    assert results.specimen.labels[2, 4, 5] == 9


def test_the_image_that_is_gone_is_no_image(viewer, image, results):
    assert results.image is image
    viewer.layers.remove(image)
    assert results.image is None
