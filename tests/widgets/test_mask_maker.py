import numpy as np
import pytest

from napari_unet.jobs.messages import Cancelled, Failed
from napari_unet.schema.correction import State
from napari_unet.schema.events import TileDone
from napari_unet.schema.settings import MaskSettings
from napari_unet.session import verdicts
from napari_unet.session.edits import Region
from napari_unet.session.verdicts import imported
from napari_unet.widgets import mask_maker
from tests.session.fakes import two_cells, write_card


@pytest.fixture
def labels(segmented):
    return lambda: segmented.results.labels(()).copy()


def test_objects_of_the_probabilities_become_masks(labels):
    assert set(np.unique(labels())) == {0, 1, 2}
    assert labels()[10, 10] != labels()[25, 30]


def test_r9_6_settings_make_the_mask_anew_without_the_network(desk, engine, labels, settled):
    jobs = len(engine.requests)
    desk.use_mask_settings(MaskSettings(min_size_px=150))
    settled()
    assert labels()[10, 10] == 0
    assert labels()[25, 30] > 0
    assert len(engine.requests) == jobs


def test_r9_6_settings_make_the_mask_anew_while_another_job_runs(
    desk, engine, segmented, labels, settled, qtbot
):
    engine.quick = False
    desk.check_device()
    desk.use_mask_settings(MaskSettings(min_size_px=150))
    qtbot.waitUntil(lambda: labels()[10, 10] == 0)
    assert desk.session.running.kind == "check"
    engine.work()
    settled()


@pytest.mark.parametrize("end", [Cancelled(), Failed(sentence="It broke.", details="")])
def test_settings_that_change_while_the_image_is_predicted_are_caught_up_with(
    desk, engine, segmented, labels, settled, end
):
    engine.quick = False
    desk.segment("all")
    desk.use_mask_settings(MaskSettings(min_size_px=150))
    assert not desk.maker.busy, "half of it would be from before"
    engine.end(end)
    settled()
    assert labels()[10, 10] == 0


def test_a_model_that_is_only_chosen_leaves_the_mask(desk, segmented, library, settled, labels):
    before, done = labels(), len(segmented.specimen.history.done)
    card = write_card(library / "own.safetensors", "own", mask=MaskSettings(min_size_px=150))
    desk.session.refresh_models()
    desk.session.choose(card.id)
    settled()
    assert desk.maker.settings.min_size_px == 150
    np.testing.assert_array_equal(labels(), before)
    assert len(segmented.specimen.history.done) == done
    desk.segment("all")
    settled()
    assert labels()[10, 10] == 0


def test_only_the_newest_settings_are_made(desk, labels, settled, monkeypatch):
    seen = []
    find = mask_maker.mask_of
    monkeypatch.setattr(
        mask_maker, "mask_of", lambda p, s: (seen.append(s.threshold), find(p, s))[1]
    )
    for threshold in (0.1, 0.2, 0.3, 0.4, 0.6):
        desk.use_mask_settings(MaskSettings(threshold=threshold))
    settled()
    assert seen == [0.6]


def test_r2_4_painted_pixels_survive_three_predictions(desk, segmented, labels, settled):
    segmented.results.masks.paint((10, 10), 0)
    segmented.results.masks.paint((35, 50), 9)
    painted = labels()
    known = segmented.results.specimen.history.states > 0
    assert known.any()
    for threshold in (0.2, 0.4, 0.6):
        desk.segment("all")
        desk.use_mask_settings(MaskSettings(threshold=threshold))
        settled()
        np.testing.assert_array_equal(labels()[known], painted[known])


def test_what_is_painted_while_a_mask_is_made_stays(desk, segmented, labels, settled, monkeypatch):
    take = desk.maker._take

    def paint_first(results, plane, mask):
        segmented.results.masks.paint((35, 50), 9)
        take(results, plane, mask)

    monkeypatch.setattr(desk.maker, "_take", paint_first)
    desk.use_mask_settings(MaskSettings(threshold=0.3))
    settled()
    assert labels()[35, 50] == 9
    assert segmented.results.specimen.history.states[35, 50] == State.CORRECTED


def test_what_is_confirmed_while_a_mask_is_made_stays(
    desk, segmented, labels, settled, monkeypatch
):
    history, take, confirmed = segmented.results.specimen.history, desk.maker._take, []

    def confirm_first(results, plane, mask):
        if not confirmed:
            confirmed.append(1)
            history.do(verdicts.confirmed(history, Region((), (0, 0, 40, 60))))
        take(results, plane, mask)

    before = labels()
    monkeypatch.setattr(desk.maker, "_take", confirm_first)
    desk.use_mask_settings(MaskSettings(min_size_px=150))
    settled()
    np.testing.assert_array_equal(labels(), before)
    assert (history.states == State.CONFIRMED).all()


def test_ids_of_objects_that_stay_do_not_change(desk, segmented, labels, settled):
    small, large = labels()[10, 10], labels()[25, 30]
    desk.use_mask_settings(MaskSettings(min_size_px=150))
    settled()
    assert labels()[25, 30] == large
    desk.use_mask_settings(MaskSettings(min_size_px=0))
    settled()
    assert labels()[25, 30] == large
    assert labels()[10, 10] == small


def test_r4_4_a_mask_that_fails_is_told_and_the_next_one_works(
    desk, segmented, labels, qtbot, settled, monkeypatch, said
):
    find = mask_maker.mask_of
    monkeypatch.setattr(mask_maker, "mask_of", lambda p, s: 1 / 0)
    desk.use_mask_settings(MaskSettings(threshold=0.3))
    qtbot.waitUntil(lambda: "division" in "".join(said()))
    assert not desk.maker.busy
    monkeypatch.setattr(mask_maker, "mask_of", find)
    desk.use_mask_settings(MaskSettings(min_size_px=150))
    settled()
    assert labels()[10, 10] == 0


def test_r14_2_the_mask_of_an_image_that_is_gone_is_dropped(
    desk, segmented, viewer, image, settled
):
    desk.use_mask_settings(MaskSettings(threshold=0.3))
    viewer.layers.remove(image)
    settled()


def test_the_masks_of_two_images_are_both_made(desk, segmented, viewer, settled):
    first = segmented.corrector.recorder
    viewer.add_image(two_cells()[::-1].copy(), name="other")
    desk.segment("all")
    settled()
    second = desk.stage.work.corrector.recorder
    desk.maker.settings = MaskSettings(min_size_px=150)
    desk.maker.make(first, [()])
    desk.maker.make(second, [()])
    desk.maker.make(second, [])
    settled()
    assert [len(np.unique(one.results.labels(()))) for one in (first, second)] == [2, 2]


def test_what_another_model_has_started_anew_is_not_made(desk, segmented, settled):
    one, other = np.zeros((1, 40, 60), np.float32), np.zeros((3, 9, 9), np.float32)
    specimen, plane = segmented.results.specimen, ()
    specimen.write(plane, TileDone(plane=0, box=(0, 0, 40, 60), probabilities=one))
    desk.maker._todo[segmented.corrector.recorder, (4,)] = None
    specimen.write(plane, TileDone(plane=0, box=(0, 0, 9, 9), probabilities=other))
    desk.maker.make(segmented.corrector.recorder, [plane])
    settled()


def test_the_queue_learns_which_threshold_the_mask_was_made_with(desk, segmented, settled):
    desk.use_mask_settings(MaskSettings(threshold=0.3))
    settled()
    assert segmented.specimen.mask.threshold == 0.3


@pytest.fixture
def from_elsewhere(desk, image):
    """The work on an image of which nothing was predicted, with masks that nobody vouched for."""
    work, labels = desk.stage.begin(), np.zeros((40, 60), np.uint16)
    labels[2:6, 50:58], labels[5:15, 5:15], labels[18:36, 16:48] = 7, 8, 9
    work.results.show_masks()
    work.corrector.recorder.do(imported(work.specimen.history, np.zeros_like(labels), labels, None))
    return work


def test_r6_4_what_i_see_leaves_masks_from_elsewhere_outside_of_it(
    desk, viewer, engine, from_elsewhere, settled
):
    before = from_elsewhere.specimen.labels.copy()
    viewer.scene.camera.center, viewer.canvas.size = (25, 20), (40, 40)
    viewer.scene.camera.zoom = 2
    desk.segment("view")
    settled()
    y0, x0, y1, x1 = engine.requests[-1].region
    assert x0 > 8
    assert x1 < 40
    outside = np.ones_like(before, bool)
    outside[y0:y1, x0:x1] = False
    np.testing.assert_array_equal(from_elsewhere.specimen.labels[outside], before[outside])
    goes_on = from_elsewhere.specimen.labels[25, x1 - 1 : x1 + 1]
    assert goes_on.tolist() == [9, 9], "what the edge of the view cuts stays one object"


def test_masks_from_elsewhere_between_two_views_stay(from_elsewhere, desk, settled):
    specimen, before = from_elsewhere.specimen, from_elsewhere.specimen.labels.copy()
    for box in ((0, 0, 16, 16), (36, 56, 40, 60)):
        nothing = np.zeros((1, box[2] - box[0], box[3] - box[1]), np.float32)
        specimen.write((), TileDone(plane=0, box=box, probabilities=nothing))
    desk.maker.make(from_elsewhere.corrector.recorder, [()])
    settled()
    assert not specimen.labels[:16, :16].any()
    np.testing.assert_array_equal(specimen.labels[:36, 16:], before[:36, 16:])
