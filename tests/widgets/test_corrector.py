from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Labels
from napari.utils.shortcuts import default_shortcuts

from napari_unet.schema.correction import State
from napari_unet.session.history import Tally
from napari_unet.widgets.layers.overlay import STROKE
from napari_unet.widgets.tools import CONFIRM_KEY, TOOLS


@pytest.fixture
def corrector(segmented):
    return segmented.corrector


@pytest.fixture
def masks(segmented):
    return segmented.results.masks


@pytest.fixture
def drag(viewer, masks):
    """Press, move and let go of the mouse on the masks, as napari tells its layers."""

    def drag(*places, button=1):
        event = SimpleNamespace(type="mouse_press", button=button, modifiers=(), handled=False)
        event.position = masks.data_to_world(places[0])
        event.view_direction, event.dims_displayed = None, [0, 1]
        gestures = []
        for callback in list(masks.mouse_drag_callbacks):
            made = callback(masks, event)
            if hasattr(made, "__next__"):
                next(made, None)
                gestures.append(made)
        for kind, place in [("mouse_move", p) for p in places[1:]] + [
            ("mouse_release", places[-1])
        ]:
            event.type, event.position = kind, masks.data_to_world(place)
            for gesture in gestures:
                next(gesture, None)

    return drag


@pytest.fixture
def stacked(desk, viewer, settled):
    """The work on a segmented stack."""
    stack = np.zeros((7, 40, 60), np.float32)
    stack[:, 5:15, 5:15] = 1
    viewer.add_image(stack, name="stack")
    viewer.dims.set_current_step(0, 1)
    desk.segment("all")
    settled()
    return desk.stage.work


def test_before_segmenting_there_is_nothing_to_correct(desk, image, said):
    corrector = desk.stage.begin().corrector
    corrector.toolbox.use("delete")
    assert said() == ["Segment first: there is no mask to correct yet."]
    assert corrector.toolbox.tool == ""


def test_every_tool_is_taken_up_and_put_down(corrector, masks, viewer):
    for tool in TOOLS:
        if tool.name == "tidy":
            continue
        corrector.toolbox.use(tool.name)
        assert corrector.toolbox.tool == ("paint" if tool.name == "new" else tool.name)
        assert viewer.layers.selection.active is masks
        assert not masks.mouse_pan
    corrector.toolbox.put_down()
    assert corrector.toolbox.tool == ""
    assert masks.mouse_pan


def test_choosing_a_mode_of_napari_puts_our_tool_down(corrector, masks):
    corrector.toolbox.use("split")
    masks.mode = "erase"
    assert corrector.toolbox.tool == "erase"


def test_correcting_needs_the_view_in_2d(corrector, viewer, said):
    viewer.dims.ndisplay = 3
    corrector.toolbox.use("delete")
    assert "2D" in said()[-1]


def test_correcting_needs_planes_in_view(stacked, viewer, panel, said):
    """In a view from the side a click lies on several planes, and none of them is the one meant."""
    corrector, states = stacked.corrector, stacked.specimen.history.states
    before = stacked.specimen.labels.copy()
    corrector.toolbox.use("delete")
    assert panel.correct.confirm.isEnabled()
    viewer.dims.roll()
    assert "Ctrl+E" in panel.correct.reason.text()
    assert not panel.correct.confirm.isEnabled()
    corrector._on_stroke_moved([(10.0, 10.0)])
    assert said() == []
    corrector._on_stroke_ended([(10.0, 10.0)])
    corrector.confirm_view()
    corrector.toolbox.use("box")
    assert len(said()) == 3
    assert all("Ctrl+E" in text for text in said())
    np.testing.assert_array_equal(stacked.specimen.labels, before)
    assert not states.any()


def test_r6_4_what_is_on_a_transposed_screen_is_confirmed_and_nothing_else(stacked, viewer):
    viewer.dims.transpose()
    viewer.canvas.size, viewer.scene.camera.zoom = (40, 20), 2
    viewer.scene.camera.center = (30, 20)
    stacked.corrector.confirm_view()
    ((_, y, x),) = [np.nonzero(stacked.specimen.history.states)]
    assert (y.min() + y.max() + 1) // 2 == 20
    assert (x.min() + x.max() + 1) // 2 == 30
    assert len(y) <= 11 * 21


def test_r11_1_delete(corrector, masks, drag):
    before = masks.data.copy()
    corrector.toolbox.use("delete")
    drag((10, 10))
    assert masks.data[10, 10] == 0
    assert masks.data[25, 30] == before[25, 30]
    masks.undo()
    np.testing.assert_array_equal(masks.data, before)


def test_r11_1_merge(corrector, masks, drag):
    first, second = masks.data[10, 10], masks.data[25, 30]
    corrector.toolbox.use("merge")
    drag((10, 10), (20, 20), (25, 30))
    assert masks.data[25, 30] == first
    assert second not in masks.data


def test_r11_1_and_r11_2_split_gives_an_unused_id(corrector, masks, drag, desk):
    whole, used = masks.data[25, 30], set(np.unique(masks.data))
    corrector.toolbox.use("split")
    drag((16, 30), (25, 30.2), (34, 30))
    left, right = masks.data[25, 22], masks.data[25, 38]
    assert whole in (left, right)
    assert len({left, right} - used) == 1
    masks.undo()
    assert masks.data[25, 22] == masks.data[25, 38] == whole


def test_r11_2_new_objects_get_unused_ids(corrector, masks):
    seen = set(np.unique(masks.data))
    for _ in range(3):
        corrector.toolbox.use("new")
        assert masks.mode == "paint"
        assert masks.selected_label not in seen
        masks.paint((2, 50), masks.selected_label)
        seen.add(masks.selected_label)


def test_r6_1_masks_grow_when_two_bytes_are_used_up(corrector, masks, segmented):
    segmented.results.specimen.history.highest = 65_535
    corrector.toolbox.use("new")
    assert masks.data.dtype == np.uint32
    assert masks.selected_label == 65_536


def test_a_tool_leaves_the_selected_label(corrector, masks, drag):
    masks.selected_label = 5
    corrector.toolbox.use("merge")
    drag((10, 10), (25, 30))
    assert masks.selected_label == 5


def test_other_buttons_of_the_mouse_do_nothing(corrector, masks, drag):
    before = masks.data.copy()
    corrector.toolbox.use("delete")
    drag((10, 10), button=2)
    np.testing.assert_array_equal(masks.data, before)


def test_a_stroke_that_does_nothing_says_why(corrector, drag, said):
    corrector.toolbox.use("split")
    drag((1, 50), (3, 55))
    assert "from edge to edge" in said()[-1]


def test_strokes_are_counted(corrector, masks, desk, qtbot):
    masks.paint((10, 10), 0)
    assert desk.stage.bench.tally == Tally(0, 1)
    masks.undo()
    assert desk.stage.bench.tally == Tally(0, 0)


def test_r12_1_a_box_is_confirmed_and_shown(corrector, desk, drag, qtbot, viewer):
    corrector.toolbox.use("box")
    drag((3, 4), (10, 10), (15, 20))
    assert desk.stage.bench.tally.regions == 1
    known = viewer.layers["cells known"].data
    assert (known[3:16, 4:21] == State.CONFIRMED).all()
    assert np.count_nonzero(known) == 13 * 17


def test_a_click_is_no_box(corrector, desk, drag, said):
    corrector.toolbox.use("box")
    drag((3, 4))
    assert "Drag a box" in said()[-1]
    assert desk.stage.bench.tally.regions == 0


def test_what_is_on_the_screen_is_confirmed_and_taken_back(corrector, desk, qtbot, viewer):
    corrector.confirm_view()
    known = viewer.layers["cells known"].data
    assert (known == State.CONFIRMED).all()
    corrector.recorder.undo()
    assert not known.any()
    assert desk.stage.bench.tally.regions == 0


def test_r11_5_unsure_pixels_keep_their_labels_and_do_not_count(corrector, masks, drag, viewer):
    corrector.confirm_view()
    masks.paint((10, 10), 0)
    before = masks.data.copy()
    masks.brush_size = 6
    corrector.toolbox.use("unsure")
    drag((10, 4), (10, 16))
    known = viewer.layers["cells known"].data
    assert (known[9:12, 4:16] == State.UNKNOWN).all()
    np.testing.assert_array_equal(masks.data, before)
    assert known[30, 50] == State.CONFIRMED


def test_a_stroke_is_seen_while_it_is_drawn(corrector, masks, viewer):
    corrector.toolbox.use("split")
    corrector._on_stroke_moved([(16, 30), (34, 30)])
    assert (viewer.layers["cells known"].data[16:35, 30] == STROKE).all()
    corrector.toolbox.use("box")
    corrector._on_stroke_moved([(5, 5), (15, 25)])
    assert viewer.layers["cells known"].data[5, 15] == STROKE
    assert viewer.layers["cells known"].data[10, 15] == 0, "a box is drawn as its outline"
    assert viewer.layers["cells known"].data[25, 30] == 0, "the stroke before is gone"


def test_our_keys_are_none_of_napari_s(masks):
    taken = {
        str(key)
        for action, keys in default_shortcuts.items()
        if "points" not in action and "shapes" not in action
        for key in keys
    }
    labels_keys = {str(key) for key in Labels.class_keymap}
    ours = {tool.key for tool in TOOLS if not tool.mode} | {CONFIRM_KEY}
    shapes_and_points_only = {"A", "R", "S", "D", "T", "I"}
    assert len(ours) == 11
    assert ours & (taken - shapes_and_points_only) == set()
    assert ours & labels_keys == set()


def test_keys_work_on_the_masks_and_do_not_leak(corrector, masks, image, desk, qtbot):
    pressed = {str(key): action for key, action in masks.keymap.items()}
    pressed["J"](masks)
    assert corrector.toolbox.tool == "merge"
    pressed[CONFIRM_KEY](masks)
    assert desk.stage.bench.tally.regions == 1
    assert not image.keymap
    assert not any(str(key) == "J" for key in Labels.class_keymap)


def test_the_space_key_moves_the_view_while_it_is_held(corrector, masks):
    corrector.toolbox.use("merge")
    (held,) = [action for key, action in masks.keymap.items() if str(key) == "Space"]
    holding = held(masks)
    next(holding)
    assert masks.mouse_pan
    assert next(holding, "let go") == "let go"
    assert corrector.toolbox.tool == "merge"
    assert not masks.mouse_pan
    corrector.toolbox.put_down()
    assert not any(str(key) == "Space" for key in masks.keymap)


def test_only_the_plane_in_view_is_corrected(stacked):
    stacked.corrector.confirm_view()
    assert [region.plane for region in stacked.results.specimen.history.regions] == [(1,)]
    before = stacked.results.specimen.labels.copy()
    stacked.corrector.toolbox.use("delete")
    stacked.corrector._on_stroke_ended([(10.0, 10.0)])
    changed = stacked.results.specimen.labels != before
    assert changed[1].any()
    assert not changed[[0, 2]].any()


def test_an_object_is_right_by_one_click(corrector, masks, drag, desk, said):
    before = masks.data.copy()
    corrector.toolbox.use("right")
    drag((10, 10))
    assert desk.stage.bench.tally.checked == 1
    states = corrector.specimen.history.states
    assert (states[before == before[10, 10]] == State.CONFIRMED).all()
    assert not states[before == before[25, 30]].any()
    masks.undo()
    assert not states.any()
    drag((1, 50))
    assert "no object here" in said()[-1]
