import gc
from weakref import ref

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_unet.jobs.messages import Cancelled, Done, Failed
from napari_unet.schema.events import TileDone
from napari_unet.schema.requests import CheckRequest, FineTuneRequest, PredictRequest
from napari_unet.schema.settings import FineTuneSettings, MaskSettings, PredictSettings
from napari_unet.widgets.desk import Desk, desk_of
from tests.session.fakes import FakeEngine, two_cells, write_card


@pytest.fixture
def slow(viewer):
    """A desk whose engine waits to be told what to say."""
    engine = FakeEngine()
    desk = Desk(viewer, lambda: engine)
    yield desk, engine
    desk.close()


@pytest.mark.parametrize(
    ("shape", "rgb", "scope", "planes", "region"),
    [
        ((40, 60), False, "view", 1, None),
        ((40, 60, 3), True, "plane", 1, None),
        ((7, 40, 60), False, "plane", 1, None),
        ((7, 40, 60), False, "all", 7, None),
    ],
)
def test_r6_4_what_is_segmented(desk, viewer, engine, settled, shape, rgb, scope, planes, region):
    viewer.add_image(np.random.default_rng(0).random(shape).astype("f4"), rgb=rgb)
    desk.segment(scope)
    settled()
    (request,) = engine.requests
    assert len(request.planes) == planes
    assert request.region == region


def test_r6_4_what_i_see_is_a_region_and_the_rest_stays(desk, viewer, engine, image, settled):
    viewer.scene.camera.center = (10, 10)
    viewer.scene.camera.zoom = viewer.canvas.size[1] / 16
    desk.segment("view")
    settled()
    y0, x0, _, x1 = engine.requests[0].region
    assert y0 < 6
    assert x0 < 6
    assert x1 < 25
    labels = desk.stage.work.results.labels(())
    assert labels[10, 10] > 0
    assert labels[25, 30] == 0
    viewer.reset_view()
    desk.segment("view")
    settled()
    assert desk.stage.work.results.labels(())[25, 30] > 0


def test_r8_5_the_plane_on_the_screen_is_the_one(desk, viewer, engine, settled):
    stack = np.zeros((7, 40, 60), np.float32)
    stack[4] = two_cells()
    viewer.add_image(stack)
    viewer.dims.set_current_step(0, 4)
    desk.segment("plane")
    settled()
    np.testing.assert_array_equal(engine.requests[0].planes[0], stack[4])
    found = desk.stage.work.results.specimen.labels
    assert [int(plane.max()) for plane in found] == [0, 0, 0, 0, 2, 0, 0]


def test_nothing_runs_without_an_image(desk):
    assert "File > Open Sample > U-Net" in desk.why_not_segment()
    with pytest.raises(ValueError, match="No image is open"):
        desk.segment("view")


def test_r8_3_a_model_that_does_not_fit_is_said_before_it_runs(desk, image, library):
    card = write_card(library / "three.safetensors", "three", in_channels=3)
    desk.session.refresh_models()
    desk.session.choose(card.id)
    assert "takes 3 channels and this image has one" in desk.why_not_segment()


def test_an_image_of_too_many_axes_is_said(desk, viewer):
    viewer.add_image(np.zeros((2, 2, 2, 2, 8, 8)))
    assert "2 to 5 axes" in desk.why_not_segment()


def test_a_model_brings_the_mask_settings_that_fit_it(desk, image, library):
    fitting = MaskSettings(threshold=0.7, split_touching=False)
    card = write_card(library / "own.safetensors", "own", mask=fitting)
    desk.session.refresh_models()
    assert desk.maker.settings == MaskSettings()
    desk.session.choose(card.id)
    assert desk.maker.settings == fitting


def test_r9_4_an_empty_result_is_said_with_what_to_try(desk, image, settled, said):
    desk.use_mask_settings(MaskSettings(min_size_px=100_000))
    desk.segment("view")
    settled()
    assert any("try a smaller smallest object" in text for text in said())


def test_how_much_was_found_is_said(desk, image, settled):
    assert desk.status() == "Not segmented yet."
    desk.segment("view")
    settled()
    assert desk.status() == "The model sees 2 objects here."


def test_r14_2_a_result_whose_image_is_gone_is_dropped_with_a_notice(slow, viewer, said, qtbot):
    desk, engine = slow
    image = viewer.add_image(two_cells())
    desk.segment("view")
    viewer.layers.remove(image)
    engine.work()
    qtbot.waitUntil(lambda: desk.session.running is None)
    assert len(viewer.layers) == 0
    assert "its result was dropped" in said()[-1]


def test_r14_2_a_result_goes_to_the_image_it_was_made_from(slow, viewer, qtbot):
    desk, engine = slow
    first = viewer.add_image(two_cells(), name="first")
    desk.segment("view")
    viewer.add_image(two_cells()[::-1].copy(), name="second")
    engine.work()
    qtbot.waitUntil(lambda: desk.session.running is None and not desk.maker.busy)
    assert desk.stage.image.name == "second"
    assert desk.stage.work is None
    desk.stage.choose(first)
    assert desk.stage.work.results.labels(())[10, 10] > 0


def test_r4_4_after_a_failure_everything_is_as_before(slow, viewer, said, qtbot):
    desk, engine = slow
    viewer.add_image(two_cells())
    desk.segment("view")
    engine.end(Failed(sentence="The memory did not suffice.", details="trace"))
    qtbot.waitUntil(lambda: desk.session.running is None)
    assert said()[-1] == "The memory did not suffice."
    assert desk.why_not_segment() == ""
    assert len(viewer.layers) == 1


def test_r12_3_fine_tuning_needs_a_confirmed_region(desk, segmented):
    segmented.results.masks.paint((10, 10), 0)
    assert "Confirm a region first" in desk.teacher.why_not()
    with pytest.raises(ValueError, match="Confirm a region first"):
        desk.teacher.teach()


def test_r12_3_nothing_but_background_is_not_taught_and_the_button_says_so(desk, segmented):
    segmented.corrector._confirm((32, 0, 40, 60))
    assert "at least one object" in desk.teacher.why_not()
    with pytest.raises(ValueError, match="at least one object"):
        desk.teacher.teach()
    segmented.results.masks.paint((36, 10), 9)
    assert desk.teacher.why_not() == ""


def test_r13_4_at_the_end_what_is_in_view_is_shown_anew(desk, engine, segmented, settled):
    segmented.results.masks.paint((10, 10), 0)
    segmented.corrector.confirm_view()
    desk.use_predict_settings(PredictSettings(device="cpu"))
    desk.teacher.use(FineTuneSettings(seconds=7))
    settled()
    desk.teacher.teach()
    settled()
    request = engine.requests[-1]
    assert isinstance(request, FineTuneRequest)
    assert request.settings == FineTuneSettings(seconds=7, device="cpu")
    assert (request.corrections[0].known > 0).all()
    desk.session.keep()
    settled()
    assert isinstance(engine.requests[-1], PredictRequest), "at once, and nobody asked"
    assert engine.requests[-1].model == str(desk.session.model.path)
    assert desk.session.model.card.name == "tuned"


def test_r7_5_a_change_of_device_is_tried_at_once_and_is_that_of_the_next_job(slow, viewer):
    desk, engine = slow
    viewer.add_image(two_cells())
    desk.use_predict_settings(PredictSettings(tile_px=256))
    assert engine.requests == []
    desk.use_predict_settings(PredictSettings(device="cpu", tile_px=256))
    assert [request.device for request in engine.requests] == ["cpu"]
    desk.segment("view")
    assert desk.session.wanted.request.settings.device == "cpu"


def test_r7_2_a_device_that_is_chosen_while_a_job_runs_is_tried_after_it(slow, viewer, qtbot):
    desk, engine = slow
    viewer.add_image(two_cells())
    desk.segment("view")
    desk.use_predict_settings(PredictSettings(device="cuda"))
    desk.use_predict_settings(PredictSettings(device="cpu"))
    engine.work()
    qtbot.waitUntil(lambda: len(engine.requests) == 2)
    assert engine.requests[-1] == CheckRequest(device="cpu")
    engine.work()
    qtbot.waitUntil(lambda: desk.session.device is not None)
    assert len(engine.requests) == 2, "once is enough"


def test_a_device_is_not_tried_after_the_panel_was_closed(slow, viewer, qtbot):
    desk, engine = slow
    viewer.add_image(two_cells())
    desk.segment("view")
    desk.use_predict_settings(PredictSettings(device="cpu"))
    desk.close()
    desk.changed.emit()
    assert len(engine.requests) == 1


def test_r14_1_two_viewers_have_two_desks(qapp):
    first, second = ViewerModel(), ViewerModel()
    assert desk_of(first) is desk_of(first)
    assert desk_of(first) is not desk_of(second)
    first.add_image(np.zeros((8, 9)))
    assert desk_of(second).stage.image is None


def test_a_desk_does_not_keep_its_viewer_alive(qapp):
    def work_and_go():
        viewer = ViewerModel()
        viewer.add_image(two_cells())
        desk_of(viewer).stage.begin()
        return ref(viewer)

    gone = work_and_go()
    gc.collect()
    assert gone() is None


def test_r4_5_settings_that_change_in_mid_run_affect_the_next_run_only(slow, viewer, qtbot):
    desk, engine = slow
    viewer.add_image(two_cells())
    desk.segment("view")
    desk.use_predict_settings(PredictSettings(tile_px=64))
    assert engine.requests[0].settings.tile_px == 512
    assert desk.why_not_segment() == "Segmenting …"
    engine.end(Failed(sentence="x", details=""))
    qtbot.waitUntil(lambda: desk.session.running is None)
    desk.segment("view")
    assert engine.requests[1].settings.tile_px == 64


def test_cancelled_predictions_show_what_is_done(slow, viewer, qtbot):
    desk, engine = slow
    viewer.add_image(two_cells())
    desk.segment("view")
    top = np.zeros((1, 18, 60), np.float32)
    top[0, 5:15, 5:15] = 1
    engine.say(TileDone(plane=0, box=(0, 0, 18, 60), probabilities=top))
    desk.session.cancel()
    engine.end(Cancelled())
    qtbot.waitUntil(lambda: desk.session.running is None and not desk.maker.busy)
    assert desk.stage.work.results.labels(()).max() == 1


def test_messages_after_closing_are_harmless(slow, viewer, qtbot, said):
    desk, engine = slow
    viewer.add_image(two_cells())
    desk.segment("view")
    desk.close()
    engine.end(Done(result={"kind": "checked", "device": "cpu", "name": "CPU", "why": ""}))
    qtbot.wait(20)
    assert said() == []
