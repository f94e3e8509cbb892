import numpy as np
import pytest
from napari.layers.labels._labels_key_bindings import reset_polygon

from napari_unet.widgets import recorder as recorder_module
from napari_unet.widgets.layers.overlay import STROKE
from tests.widgets.hands import Hands, check, objects

SIX, TWELVE, FAR = (6, 6), (12, 12), (10, 20)


# every way of painting


def block(hands):
    """Some calls as one; a pixel is changed twice, and another one changed and put back."""
    with hands.masks.block_history():
        hands.masks.paint((*hands.plane, 6, 6), 7)
        hands.masks.paint((*hands.plane, 6, 6), 8)
        hands.masks.paint((*hands.plane, 0, 0), 7)
        hands.masks.paint((*hands.plane, 0, 0), 0)


def pixels(hands, value):
    where = np.nonzero(hands.labels() == 2)
    hands.masks.data_setitem(where, value if np.isscalar(value) else value[: len(where[0])])


WAYS = {
    "a click": ("paint", lambda h: h.paint(TWELVE, label=7)),
    "a drag": ("paint", lambda h: h.paint(SIX, TWELVE, FAR, label=7, brush=4)),
    "a drag over the edges": ("paint", lambda h: h.paint((5, -9), SIX, (-9, 40), label=7)),
    "a drag back": ("paint", lambda h: h.paint(SIX, TWELVE, SIX, label=7, brush=5)),
    "the eraser": ("erase", lambda h: h.paint(SIX, (6, 15), mode="erase", brush=4)),
    "a brush of background": ("erase", lambda h: h.paint(SIX, label=0)),
    "fill": ("fill", lambda h: h.paint((4, 4), label=7, mode="fill")),
    "fill background": ("fill", lambda h: h.paint((0, 0), label=7, mode="fill")),
    "polygon": ("polygon", lambda h: h.polygon([(2, 2), (2, 20), (15, 20)], 7)),
    "by a call": ("edit", lambda h: h.masks.paint((*h.plane, 6, 6), 7)),
    "pixels": ("edit", lambda h: pixels(h, 7)),
    "pixels of many values": ("edit", lambda h: pixels(h, np.arange(500))),
    "several calls": ("edit", block),
    "our encircle": ("encircle", lambda h: h.use("encircle", [(1, 20), (1, 28), (9, 28), (9, 20)])),
    "delete": ("delete", lambda h: h.use("delete", [SIX])),
    "delete in a region": (
        "delete",
        lambda h: h.use("delete", [(1, 1), (1, 20), (10, 20), (10, 1)]),
    ),
    "merge by a stroke": ("merge", lambda h: h.use("merge", [SIX, (6, 14)])),
    "merge by two clicks": ("merge", lambda h: h.use("merge", [SIX], [(6, 14)])),
    "split by a line": ("split", lambda h: h.use("split", [(0, 6), (11, 6)])),
    "fill holes": ("fill holes", lambda h: h.use("holes", [(13, 4)])),
}


@pytest.mark.parametrize("shape", [(20, 30), (3, 20, 30), (2, 2, 20, 30)])
@pytest.mark.parametrize("way", WAYS)
def test_r11_1_every_way_of_painting_is_one_edit(shape, way, qapp, loud):
    hands = Hands.on(shape, objects(shape))
    hands.viewer.dims.set_current_step(tuple(range(len(shape) - 2)), [1] * (len(shape) - 2))
    check(hands, *WAYS[way])
    edit = hands.history.done[-1]
    if "pixels" not in way:
        front = np.unravel_index(edit.labels.start, shape)[:-2]
        assert all((places == 1).all() for places in front), "only the plane in view"


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_brush_may_reach_over_planes(dimensions, qapp, loud):
    hands = Hands.on((3, 20, 30), objects((3, 20, 30)))
    hands.viewer.dims.set_current_step(0, 1)
    hands.masks.n_edit_dimensions = dimensions
    before = hands.labels()
    check(hands, "paint", lambda h: h.paint((13, 20), (13, 24), label=9, brush=5))
    changed = (hands.labels() != before).any(axis=(1, 2))
    assert changed.tolist() == ([False, True, False] if dimensions == 2 else [True] * 3)


def test_a_stroke_that_changes_nothing_is_no_edit(hands):
    version = hands.history.version
    hands.paint(SIX, label=1)
    hands.paint((1, 1), mode="erase")
    assert hands.history.version == version
    assert not hands.recorder.pressed


def test_protected_objects_keep_their_pixels(hands):
    hands.masks.preserve_labels = True
    check(hands, "paint", lambda h: h.paint((6, 10), label=7, brush=8))
    assert (hands.labels()[3:9, 3:9] == 1).all()


@pytest.mark.parametrize("tool", ["merge", "split"])
def test_two_clicks_on_different_planes_are_not_one_repair(tool, qapp, loud):
    hands = Hands.on((2, 20, 30), labels=np.stack([objects(), objects() * 5]))
    before = hands.labels()
    hands.corrector.toolbox.use(tool)
    hands.drag((5, 5))
    hands.viewer.dims.set_current_step(0, 1)
    hands.drag((5, 15))
    np.testing.assert_array_equal(hands.labels(), before)
    assert STROKE in hands.known()[1], "the second click is the first one of its plane"
    assert STROKE not in hands.known()[0]
    hands.drag((5, 5) if tool == "merge" else (8, 16))
    assert (hands.labels()[0] == before[0]).all()
    assert [edit.kind for edit in hands.history.done] == [tool]


def test_a_stroke_on_a_mirrored_image_is_no_click(qapp, loud):
    hands = Hands.on((20, 30), scale=(1, -1))
    hands.accept(objects())
    hands.viewer.scene.camera.zoom = 10
    hands.use("merge", [(5, 5), (5, 9), (5, 14)])
    assert set(np.unique(hands.labels())) == {0, 1, 3}


def test_the_time_of_a_stroke_is_that_of_the_hand(hands, monkeypatch):
    times = iter([10.0, 12.5])
    monkeypatch.setattr(recorder_module, "monotonic", lambda: next(times))
    hands.paint(TWELVE, label=7)
    assert hands.history.done[-1].seconds == 2.5


def test_keys_undo_and_redo(hands):
    before = hands.labels()
    hands.paint(TWELVE, label=7)
    after = hands.labels()
    hands.key("Control-Z")
    np.testing.assert_array_equal(hands.labels(), before)
    hands.key("Control-Shift-Z")
    np.testing.assert_array_equal(hands.labels(), after)


# napari's encircle and fill: a right click, a move without any button, and back to the start


@pytest.fixture
def encircle(hands):
    """Draws around a place; the last point is where it began."""
    visuals = pytest.importorskip("napari._vispy.overlays.labels_brush_stroke")
    fonts = pytest.importorskip("napari._vispy.utils.qt_font")
    overlay = visuals.VispyLabelsBrushStrokeOverlay(
        layer=hands.masks,
        overlay=hands.masks._overlays["brush_stroke"],
        font_info=fonts.FontInfo(),
        viewer=hands.viewer,
    )
    hands.masks.mode = "paint"
    hands.masks.brush_size, hands.masks.selected_label = 1, 9
    points = [(2, 20), (2, 28), (9, 28), (9, 20), (2, 20)]

    def steps():
        hands.drag(points[0], button=2)
        for point in points[1:]:
            yield
            hands.move(point)

    yield steps
    overlay.close()


def test_napari_s_encircle_is_one_edit(hands, encircle):
    check(hands, "paint", lambda _: [*encircle()])
    assert (hands.labels()[2:10, 20:29] == 9).all()


def test_nothing_is_taken_back_while_one_encircles(hands, encircle, qtbot):
    hands.paint(TWELVE, label=7)
    before = hands.labels()
    steps = encircle()
    next(steps), next(steps)
    assert hands.recorder.pressed
    hands.masks.undo()
    assert hands.labels()[12, 12] == 7
    list(steps)
    qtbot.waitUntil(lambda: not hands.recorder.busy)
    np.testing.assert_array_equal(hands.labels(), before)


def test_an_encircling_that_is_given_up_leaves_nothing(hands, encircle):
    before, version = hands.labels(), hands.history.version
    steps = encircle()
    next(steps), next(steps)
    assert (hands.labels() != before).any()
    reset_polygon(hands.masks)  # the key Escape
    np.testing.assert_array_equal(hands.labels(), before)
    assert hands.history.version == version
    assert not hands.recorder.pressed


# while a stroke is drawn


def test_undo_waits_for_the_end_of_the_stroke(hands, qtbot):
    before = hands.labels()
    hands.masks.mode, hands.masks.selected_label = "paint", 7
    let_go = hands.press(TWELVE, FAR)
    hands.masks.undo()
    assert hands.labels()[12, 12] == 7
    let_go()
    qtbot.waitUntil(lambda: not hands.recorder.busy)
    np.testing.assert_array_equal(hands.labels(), before)


def test_no_command_changes_objects_while_a_stroke_is_drawn(hands):
    entries = []
    hands.history.entered.connect(entries.append)
    before = hands.labels()
    hands.masks.mode, hands.masks.selected_label = "paint", 7
    let_go = hands.press(TWELVE, FAR)
    with pytest.raises(ValueError, match="stroke"):
        hands.judge(SIX, right=False)
    hands.judge(SIX, right=True)
    let_go()
    assert [edit.kind for edit in entries] == ["right", "paint"]
    hands.masks.undo()
    np.testing.assert_array_equal(hands.labels(), before)


def test_tidying_waits_for_the_end_of_the_stroke(hands, qtbot):
    hands.paint((6, 0), (6, 11), brush=2, mode="erase")
    hands.masks.mode, hands.masks.selected_label = "paint", 7
    hands.corrector.tidy()
    let_go = hands.press(TWELVE, FAR)
    qtbot.wait(100)
    assert hands.history.done[-1].kind == "erase"
    let_go()
    qtbot.waitUntil(lambda: hands.history.done[-1].kind == "tidy")
    assert [edit.kind for edit in hands.history.done[-2:]] == ["paint", "tidy"]


def test_a_stroke_that_the_layer_never_hears_the_end_of_does_not_stop_undo(hands):
    before = hands.labels()
    hands.paint(SIX, label=7)
    hands.masks.mode = "pan_zoom"
    hands.press(TWELVE)  # and another layer is selected, which hears that it is let go
    hands.masks.undo()
    np.testing.assert_array_equal(hands.labels(), before)
