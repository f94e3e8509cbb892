"""Going from object to object: what the keys do, whom they belong to, and what may come between."""

import threading

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.key_bindings import KeymapHandler

from napari_unet.schema.correction import State
from napari_unet.schema.events import TileDone
from napari_unet.session.specimen import Specimen
from napari_unet.session.verdicts import RING_PX
from napari_unet.widgets.corrector import Corrector
from napari_unet.widgets.layers import FRAME, Results
from napari_unet.widgets.layers.overlay import STROKE
from napari_unet.widgets.reviewer import Reviewer
from napari_unet.widgets.tools import REVIEW_KEYS

SIDE, PITCH = 8, 24


def grid(rows=4, columns=5):
    """Squares far from each other: labels, and probabilities that are unsure of the first most."""
    labels = np.zeros((rows * PITCH, columns * PITCH), np.uint16)
    probabilities = np.zeros(labels.shape, np.float32)
    corners = [
        (y, x) for y in range(8, rows * PITCH, PITCH) for x in range(8, columns * PITCH, PITCH)
    ]
    for id_, (y, x) in enumerate(corners, start=1):
        labels[y : y + SIDE, x : x + SIDE] = id_
        probabilities[y : y + SIDE, x : x + SIDE] = 0.55 + 0.4 * id_ / len(corners)
    return labels, probabilities


class Review:
    """A mask of squares that has been segmented, and a person at the keyboard."""

    def __init__(self, qtbot, planes=(), seen=None, viewer=None, **placement):
        labels, probabilities = grid()
        shape = (*planes, *labels.shape)
        self.viewer = viewer or ViewerModel()
        image = np.broadcast_to(probabilities, shape).copy()
        self.image = self.viewer.add_image(image, name="cells", **placement)
        self.specimen = Specimen("a digest", "TZYX"[-len(shape) :], shape)
        self.specimen.labels = np.broadcast_to(labels, shape).copy()
        self.seen = [()] if not planes else [(planes[0] - 1,)] if seen is None else seen
        for plane in self.seen:
            self.predict(plane, probabilities)
        self.results = Results(self.viewer, self.image, self.specimen)
        self.corrector = Corrector(self.viewer, self.results)
        self.reviewer = Reviewer(self.viewer, self.results, self.corrector)
        self.masks = self.results.show_masks()
        self.history = self.specimen.history
        self.history.highest = int(labels.max())
        self.keys, self.qtbot = KeymapHandler(), qtbot

    def predict(self, plane, probabilities):
        box = (0, 0, *probabilities.shape)
        self.specimen.write(plane, TileDone(plane=0, box=box, probabilities=probabilities[None]))

    @property
    def stop(self):
        return self.reviewer.stop

    @property
    def known(self):
        return self.results.slots.find("known").data

    def start(self):
        self.reviewer.start()
        self.qtbot.waitUntil(lambda: self.stop is not None)
        return self

    def press(self, key):
        """As napari does while the layer of masks is selected."""
        if not self.keys.keymap_providers:
            self.keys.keymap_providers = [self.masks, self.viewer]
        self.keys.press_key(key)
        self.keys.release_key(key)

    def ours(self):
        """The keys that are the reviewer's now, by what they do."""
        bound = {str(key): action for key, action in self.masks.keymap.items()}
        return {
            n
            for n, key in REVIEW_KEYS.items()
            if "ReviewKeys" in getattr(bound.get(key), "__qualname__", "")
        }


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """The camera is there as soon as it leaves."""
    monkeypatch.setattr("napari_unet.widgets.layers.flight.FLIGHT_MS", 1)


@pytest.fixture
def review(qtbot):
    review = Review(qtbot)
    yield review
    review.reviewer.end()


# the answers


def test_it_begins_with_the_object_that_is_most_likely_wrong(review):
    assert review.start().stop.id == 1
    assert review.viewer.layers.selection.active is review.masks


def test_without_a_prediction_it_says_what_to_do(review, said):
    review.specimen.adopt(Specimen("other", "YX", review.specimen.shape))
    review.reviewer.start()
    assert "Segment first" in said()[-1]
    assert not review.reviewer.active


def test_space_vouches_for_the_object_and_a_little_around_it_and_goes_on(review):
    first = review.start().stop
    review.press("Space")
    assert review.stop.id not in (0, first.id)
    states = review.history.states
    assert states[8, 8] == State.CONFIRMED
    assert states[8 - RING_PX, 8] == State.CONFIRMED
    assert states[8 - RING_PX - 1, 8] == State.MODEL
    assert [edit.kind for edit in review.history.done] == ["right"]
    assert review.reviewer.queue.looked[:2] == (1, 0)


def test_x_deletes_the_object_as_one_edit_and_undo_brings_it_back(review):
    before = review.masks.data.copy()
    gone = review.start().stop.id
    review.press("X")
    assert gone not in review.masks.data
    assert [edit.kind for edit in review.history.done] == ["wrong"]
    assert review.history.states[8, 8] == State.CONFIRMED | State.CORRECTED
    review.masks.undo()
    np.testing.assert_array_equal(review.masks.data, before)
    assert not review.history.states.any()
    review.masks.redo()
    assert gone not in review.masks.data


def test_an_object_that_has_grown_is_deleted_whole(review):
    stop = review.start().stop
    review.press("F")
    review.masks.brush_size = 3
    for x in range(8, 60):  # far out of the box of the stop, over its neighbour
        review.masks.paint((10, x), stop.id)
    review.press("N")
    review.press("B")
    assert review.stop.id == stop.id
    review.press("X")
    assert stop.id not in review.masks.data


def test_f_takes_the_brush_with_the_number_of_the_object(review):
    stop = review.start().stop
    review.press("F")
    assert review.reviewer.fixing
    assert review.stop == stop
    assert (review.masks.mode, review.masks.selected_label) == ("paint", stop.id)
    review.masks.paint((4, 10), stop.id)
    review.press("Space")
    assert not review.reviewer.fixing
    assert review.masks.mode == "pan_zoom"
    assert review.reviewer.queue.looked.fixed == 1


def test_what_was_erased_while_fixing_is_vouched_for_too(review):
    stop = review.start().stop
    review.press("F")
    review.masks.mode = "erase"
    review.masks.brush_size = 30
    review.masks.paint((12, 12), 0)
    assert stop.id not in review.masks.data
    review.press("Space")
    assert review.history.states[12, 12] == State.CONFIRMED | State.CORRECTED


def test_who_repairs_without_saying_so_has_fixed_it(review):
    review.start()
    review.masks.paint((10, 10), 0)
    review.press("Space")
    assert review.reviewer.queue.looked.fixed == 1


def test_n_and_b_go_on_and_back_without_an_answer(review):
    first = review.start().stop
    review.press("N")
    second = review.stop
    assert second != first
    review.press("B")
    assert review.stop == first
    review.press("B")
    assert review.stop == first, "before the first there is none"
    review.press("N")
    assert review.stop == second
    assert not review.history.done
    assert review.reviewer.queue.looked.stops == 0


def test_n_puts_the_brush_down(review):
    review.start()
    review.press("F")
    review.press("N")
    assert not review.reviewer.fixing
    assert review.masks.mode == "pan_zoom"


def test_when_all_was_looked_at_it_ends(review):
    review.start()
    for _ in range(40):
        if not review.reviewer.active:
            break
        review.press("Space")
    assert not review.reviewer.active
    assert review.reviewer.queue.looked.stops == 20
    assert not (review.known == FRAME).any()
    assert not review.ours()


def test_a_place_without_an_object_is_deleted_by_nobody(review, said):
    probabilities = review.specimen.crop(())[0].copy()
    probabilities[36:44, 60:68] = 0.45
    probabilities[review.masks.data > 0] = 0.99
    review.predict((), probabilities)
    review.start()
    while review.stop.id:
        review.press("N")
    before = len(review.history.done)
    review.press("X")
    assert "no object here" in said()[-1]
    assert len(review.history.done) == before
    review.press("F")
    assert review.masks.selected_label == 21, "a new object gets a number of its own"


# undo


def test_a_verdict_that_is_undone_counts_no_longer_and_counts_again_when_redone(review):
    review.start()
    for key in ("Space", "X", "Space"):
        review.press(key)
    assert review.reviewer.queue.looked[:2] == (3, 1)
    review.masks.undo()
    review.masks.undo()
    assert review.reviewer.queue.looked[:2] == (1, 0)
    review.masks.redo()
    assert review.reviewer.queue.looked[:2] == (2, 1)


def test_undo_while_standing_on_a_later_stop_leaves_that_stop(review):
    review.start()
    review.press("X")
    later = review.stop
    review.masks.undo()
    assert review.stop == later
    review.press("X")
    assert later.id not in review.masks.data
    assert 1 in review.masks.data


def test_an_object_that_was_deleted_meanwhile_is_not_deleted_again(review, said):
    stop = review.start().stop
    review.press("X")
    review.press("B")
    assert review.stop == stop
    before = len(review.history.done)
    review.press("X")
    assert "That object is gone" in said()[-1]
    assert len(review.history.done) == before


def test_an_object_that_was_merged_away_while_standing_on_it_can_be_said_right(review):
    stop = review.start().stop
    review.corrector.toolbox.use("merge")
    review.corrector._on_stroke_ended([(11.0, 35.0), (11.0, 11.0)])
    assert stop.id not in review.masks.data
    review.press("Space")
    assert review.history.states[11, 11] & State.CONFIRMED
    assert review.reviewer.queue.looked.fixed == 1


# audits


def test_every_fifth_is_drawn_at_random_and_is_never_learned(review):
    review.start()
    audits = []
    for _ in range(5):
        if review.stop.audit:
            audits.append(review.stop)
        review.press("Space")
    (audit,) = audits
    y, x = audit.box[:2]
    assert review.history.states[y, x] & State.AUDITED
    ((_, known),) = review.history.known()
    assert not known[y, x]
    assert known[8, 8]
    assert [edit.audit for edit in review.history.done] == [False] * 4 + [True]
    assert review.reviewer.queue.share.drawn >= 1


# the keys


def test_keys_are_taken_only_while_it_leads(review):
    assert not review.ours()
    tools = set(review.masks.keymap)
    review.start()
    assert review.ours() == set(REVIEW_KEYS)
    review.press("F")
    assert review.ours() == {"say_right", "next"}
    review.press("N")
    assert review.ours() == set(REVIEW_KEYS)
    review.reviewer.end()
    assert not review.ours()
    assert set(review.masks.keymap) == tools
    assert not any(
        "ReviewKeys" in getattr(a, "__qualname__", "") for a in Labels.class_keymap.values()
    )


def in_window(qtbot, viewer):
    """The same in a window, where napari's own keys are."""
    review = Review(qtbot, viewer=viewer)
    review.keys = viewer.window._qt_viewer.canvas._key_map_handler
    review.viewer.layers.selection.active = review.masks
    return review


def test_napari_s_own_keys_are_back_afterwards(qtbot, real_viewer):
    review = in_window(qtbot, real_viewer).start()
    review.reviewer.end()
    review.masks.selected_label = 3
    review.press("X")
    assert review.masks.selected_label == 0, "X swaps with background"
    review.press("F")
    assert review.masks.mode == "fill"
    review.press("B")
    assert review.masks.preserve_labels
    assert not review.history.done
    review.masks.mode = "paint"
    review.keys.press_key("Space")
    assert review.masks.mode == "pan_zoom"
    review.keys.release_key("Space")
    assert review.masks.mode == "paint"


def test_a_key_that_napari_has_used_before_is_ours_alone(qtbot, real_viewer, monkeypatch):
    from napari.settings import get_settings

    review = in_window(qtbot, real_viewer)
    monkeypatch.setattr(get_settings().application, "hold_button_delay", 0)
    review.keys.press_key("F")  # napari goes back to what was before when F is let go of
    assert review.masks.mode == "fill"
    review.keys.release_key("F")
    review.start()
    review.press("F")
    assert review.masks.mode == "paint"
    review.press("Space")
    assert review.masks.mode == "pan_zoom"
    review.reviewer.end()


def test_other_tools_keep_their_keys_while_it_leads(review):
    review.start()
    review.press("J")
    assert review.corrector.toolbox.tool == "merge"
    review.press("Space")
    assert [edit.kind for edit in review.history.done] == ["right"], "Space is still the reviewer's"
    review.press("F")
    review.press("S")
    assert review.corrector.toolbox.tool == "split"
    review.press("Space")
    assert len(review.history.done) == 2


def test_the_space_key_moves_the_view_again_when_it_ends_with_a_tool_in_hand(review):
    review.start()
    review.press("S")
    review.reviewer.end()
    assert review.corrector.toolbox.tool == "split"
    review.keys.press_key("Space")
    assert review.masks.mouse_pan
    review.keys.release_key("Space")
    assert not review.masks.mouse_pan
    review.corrector.toolbox.put_down()
    assert not any(str(key) == "Space" for key in review.masks.keymap)


def test_keys_before_the_first_stop_do_nothing(review, said):
    review.reviewer.start()
    for name in REVIEW_KEYS:
        getattr(review.reviewer, name)()
    assert not review.history.done
    assert review.stop is None
    review.start()
    review.press("Space")
    review.reviewer.end()
    review.reviewer.start()
    review.reviewer.say_right()  # the former stop is not on the screen any more
    assert len(review.history.done) == 1
    review.qtbot.waitUntil(lambda: review.stop is not None)


# the frame


def frame_of(stop):
    y0, x0, y1, x1 = stop.box
    return np.array([(y0 - 3, x0 - 3), (y1 + 2, x1 + 2), (y0 - 3, x1 + 2)])


def test_a_frame_is_around_the_object_and_goes_with_it(review):
    stop = review.start().stop
    assert (review.known[tuple(frame_of(stop).T)] == FRAME).all()
    assert not (review.known[stop.box[0] : stop.box[2], stop.box[1] : stop.box[3]] == FRAME).any()
    review.press("N")
    assert (review.known[tuple(frame_of(review.stop).T)] == FRAME).all()
    assert not (review.known[tuple(frame_of(stop).T)] == FRAME).any()
    review.reviewer.end()
    assert not review.known.any()


def test_under_the_frame_is_what_is_known_by_now(review):
    stop = review.start().stop
    review.masks.paint((stop.box[0] - 3, stop.box[1]), 5)
    review.corrector.confirm_view()
    review.reviewer.end()
    np.testing.assert_array_equal(review.known, review.history.states)


def test_a_stroke_over_the_frame_leaves_no_ghost_of_it(review):
    stop = review.start().stop
    y, x = stop.box[0] - 3, stop.box[1]
    review.corrector.toolbox.use("split")
    review.corrector._on_stroke_moved([(y - 5.0, x), (y + 5.0, x)])
    assert review.known[y, x] == STROKE
    review.press("N")
    review.results.overlay.unmark(STROKE)
    assert not (review.known == STROKE).any()
    assert review.known[y, x] == State.MODEL
    assert (review.known[tuple(frame_of(review.stop).T)] == FRAME).all()


def test_a_stroke_that_is_lifted_gives_the_frame_back(review):
    stop = review.start().stop
    y, x = frame_of(stop)[0]
    review.results.overlay.mark((), np.array([y]), np.array([x]))
    review.results.overlay.unmark()
    assert review.known[y, x] == FRAME


def test_the_overlay_that_is_deleted_comes_back_whole(review):
    review.start()
    review.press("Space")
    review.viewer.layers.remove(review.results.slots.find("known"))
    review.press("N")
    review.reviewer.end()
    np.testing.assert_array_equal(review.known, review.history.states)


# the flight


def middle_on_screen(review):
    """The pixel of the mask in the middle of the screen."""
    world = np.array(review.viewer.dims.point, float)
    world[list(review.viewer.dims.displayed)] = review.viewer.scene.camera.center[-2:]
    return np.array(review.masks.world_to_data(world))[-2:]


@pytest.mark.parametrize(
    "placement",
    [
        {},
        {"scale": (0.3, 0.5), "translate": (-700, 40)},
        {"rotate": 90, "scale": (2, 2)},
        {"rotate": 30},
    ],
    ids=str,
)
def test_the_camera_ends_on_the_object(qtbot, placement):
    review = Review(qtbot, **placement)
    for _ in range(3):
        stop = review.stop or review.start().stop
        qtbot.waitUntil(lambda: not review.reviewer._flight.flying)
        middle = np.add(stop.box[:2], SIDE / 2)
        np.testing.assert_allclose(middle_on_screen(review), middle, atol=0.6)
        seen = np.array(review.viewer.canvas.size) / review.viewer.scene.camera.zoom
        assert (seen > SIDE * review.masks.scale).all()
        assert seen.min() < 30 * SIDE * review.masks.scale.max()
        review.press("N")
    review.reviewer.end()


def test_in_a_stack_it_goes_to_the_plane(qtbot):
    review = Review(qtbot, planes=(5,), scale=(3, 1, 1), translate=(30, 0, 0))
    review.viewer.dims.set_current_step(0, 1)
    assert review.start().stop.plane == (4,)
    assert review.viewer.dims.current_step[0] == 4
    assert review.viewer.dims.point[0] == pytest.approx(30 + 12)
    review.press("X")
    changed = review.specimen.labels != review.specimen.labels[0]
    assert changed[4].any()
    assert not changed[:4].any()
    assert set(np.nonzero(review.known == FRAME)[0]) == {4}
    review.reviewer.end()


def test_a_place_on_several_planes_of_a_stack(qtbot):
    review = Review(qtbot, planes=(3,), seen=[(0,), (1,), (2,)]).start()
    planes = set()
    for _ in range(12):
        planes.add(review.stop.plane)
        assert review.viewer.dims.current_step[0] == review.stop.plane[0]
        review.press("Space")
    assert len(planes) > 1
    review.reviewer.end()


def test_a_flight_takes_its_time_and_stops_when_it_ends(review, monkeypatch):
    monkeypatch.setattr("napari_unet.widgets.layers.flight.FLIGHT_MS", 10_000)
    review.start()
    review.qtbot.wait(30)
    review.reviewer.end()
    there = review.viewer.scene.camera.center, review.viewer.scene.camera.zoom
    review.qtbot.wait(60)
    assert (review.viewer.scene.camera.center, review.viewer.scene.camera.zoom) == there


# what comes between


def test_a_new_prediction_leaves_what_was_looked_at(review):
    review.start()
    looked_at = {review.stop.id}
    review.press("Space")
    looked_at.add(review.stop.id)
    here = review.stop
    review.predict((), 1 - 0.6 * (review.masks.data > 0).astype(np.float32) * 0.5)
    places = review.reviewer.queue._places
    review.reviewer.refresh()
    review.qtbot.waitUntil(lambda: review.reviewer.queue._places is not places)
    assert review.stop == here, "nobody is sent away from where they look"
    for _ in range(6):
        review.press("N")
        assert review.stop.id not in looked_at
        looked_at.add(review.stop.id)


def test_the_masks_that_are_deleted_end_it(review):
    review.start()
    orphan = review.masks
    review.viewer.layers.remove(orphan)
    assert not review.reviewer.active
    assert not review.ours()
    assert not (review.known == FRAME).any()
    assert review.results.masks is None, "nobody brings back what was just deleted"
    review.masks = review.results.show_masks()
    review.keys.keymap_providers = []
    review.start()
    assert review.ours() == set(REVIEW_KEYS)


def test_the_image_that_is_closed_ends_it(review):
    review.start()
    review.viewer.layers.remove(review.image)
    assert not review.reviewer.active
    assert not review.ours()


def test_in_3d_it_waits_and_says_so(qtbot, said):
    review = Review(qtbot, planes=(3,), seen=[(0,), (1,)]).start()
    here = review.stop
    review.viewer.dims.ndisplay = 3
    for key in ("N", "Space", "X", "F", "B"):
        review.press(key)
        assert "2D" in said()[-1]
    assert review.stop == here
    assert not review.history.done
    review.viewer.dims.ndisplay = 2
    review.press("N")
    assert review.stop != here
    review.reviewer.end()


def test_going_3d_before_the_first_stop_ends_it(qtbot, said):
    review = Review(qtbot, planes=(3,), seen=[(0,)])
    review.reviewer.start()
    review.viewer.dims.ndisplay = 3
    qtbot.waitUntil(lambda: not review.reviewer.active)
    assert "2D" in said()[-1]
    assert not review.ours()


def test_from_the_side_it_does_not_begin_and_says_so(qtbot, said):
    review = Review(qtbot, planes=(3,), seen=[(2,)])
    review.viewer.dims.roll()
    review.reviewer.start()
    assert not review.reviewer.active
    assert "Ctrl+E" in said()[-1]


def test_axes_that_are_transposed_are_flown_along(qtbot):
    review = Review(qtbot, planes=(3,), seen=[(2,)])
    review.viewer.dims.transpose()
    review.start()
    assert review.viewer.dims.ndisplay == 2
    review.press("Space")
    assert len(review.history.done) == 1
    review.reviewer.end()


def test_after_the_end_nothing_comes_any_more(review):
    changes = []
    review.reviewer.start()
    review.reviewer.end()
    review.reviewer.changed.connect(lambda: changes.append(1))
    review.qtbot.wait(50)
    assert not changes
    assert review.stop is None
    assert not review.ours()


def test_ended_twice_is_ended(review):
    review.start()
    review.reviewer.end()
    review.reviewer.end()
    assert not review.reviewer.active


def test_a_table_that_cannot_be_made_ends_it_and_is_told(review, said, monkeypatch):
    def broken(*rest):
        raise MemoryError("no room")

    monkeypatch.setattr("napari_unet.session.doubtful.doubts", broken)
    review.reviewer.start()
    review.qtbot.waitUntil(lambda: not review.reviewer.active)
    assert "no room" in said()[-1]


def test_no_thread_is_left_when_it_is_gone(qtbot):
    before = {t for t in threading.enumerate() if t.name.startswith("napari-unet")}
    review = Review(qtbot).start()
    review.reviewer.end()
    added = {t for t in threading.enumerate() if t.name.startswith("napari-unet")} - before
    assert added
    review.reviewer._later._thread.shutdown(wait=True)
    assert not any(t.is_alive() for t in added)


def test_when_all_was_looked_at_the_review_says_so_and_ends(qtbot, said):
    review = Review(qtbot).start()
    for _ in range(20):
        review.press("Space")
    assert not review.reviewer.active
    assert said()[-1].startswith("All objects have been looked at. 20 looked at, 0 fixed")
    assert "(" in said()[-1], "the share of right objects has its interval"
