import threading
from dataclasses import replace

import numpy as np
import pytest

from napari_unet.images.files import write_masks
from napari_unet.jobs.messages import Cancelled, Done, Failed
from napari_unet.schema.events import Progress, TileDone
from napari_unet.schema.requests import CheckRequest, Predicted, PredictRequest
from napari_unet.schema.settings import FineTuneSettings, PredictSettings
from napari_unet.session import target as targets
from napari_unet.session.ahead import Ahead, hand_over
from napari_unet.session.session import Session
from napari_unet.session.spare_time import SpareTime
from napari_unet.session.specimen import Specimen
from napari_unet.session.target import Target, planes_of_file
from tests.session.fakes import CHECKED, FakeEngine, two_cells
from tests.session.test_session import correction, segment

DONE = Done(result=Predicted(model_id="x", settings=PredictSettings()))


class AtOnce:
    """A thread that does its work before it answers."""

    def __init__(self, *_):
        pass

    def submit(self, work, *arguments):
        work(*arguments)

    def shutdown(self, **_):
        pass


@pytest.fixture
def spare(engine):
    return SpareTime(lambda: engine)


@pytest.fixture
def session(library, spare):
    return Session(lambda: spare)


@pytest.fixture
def ahead(spare, monkeypatch):
    monkeypatch.setattr("napari_unet.session.ahead.ThreadPoolExecutor", AtOnce)
    ahead = Ahead(spare, read=lambda target: {(): two_cells()})
    yield ahead
    ahead.close()


def wish(tmp_path, name="next.tif", **fields):
    fields = {"model": "one", "model_id": "1", "settings": PredictSettings(), "axes": "YX"} | fields
    return Target(path=tmp_path / name, **fields)


@pytest.fixture
def target(tmp_path):
    return wish(tmp_path)


# the engine's spare time


def test_no_engine_is_started_before_the_first_job():
    started = []
    spare = SpareTime(lambda: started.append(1) or FakeEngine(quick=True))
    spare.give_way()
    spare.cancel()
    spare.close()
    assert started == []


def test_a_job_of_the_users_ends_what_runs_ahead_at_once(spare, engine, session):
    told = []
    assert spare.work_ahead(CheckRequest(), told.append)
    specimen = segment(session)
    spare.give_way()
    assert engine.cancelled == 1, "it is asked once"
    assert session.wanted.specimen is specimen
    assert session.why_not_run() == "Segmenting …"
    engine.end(Cancelled())
    assert told == [Cancelled()]
    assert isinstance(engine.requests[1], PredictRequest)
    engine.end(DONE)
    assert session.running is None


def test_a_job_that_waits_for_what_runs_ahead_gets_the_pixels_of_the_click(spare, engine):
    spare.work_ahead(CheckRequest(), lambda message: None)
    image = two_cells()
    spare.submit(PredictRequest(model="m", planes=[image]), lambda message: None)
    image[:] = 0
    engine.end(Cancelled())
    np.testing.assert_array_equal(engine.requests[1].planes[0], two_cells())


def test_what_runs_ahead_is_not_seen_by_the_user(spare, engine, session):
    failed, changed = [], []
    session.failed.connect(lambda *said: failed.append(said))
    session.changed.connect(lambda: changed.append(1))
    spare.work_ahead(CheckRequest(), lambda message: None)
    assert session.running is session.wanted is None
    assert session.why_not_run() == ""
    engine.say(Progress(phase="tile", done=1, total=2))
    engine.end(Failed(sentence="No memory.", details=""))
    assert session.progress is None
    assert failed == changed == []


def test_nothing_runs_ahead_while_the_user_waits(spare, engine, session):
    freed = []
    spare.freed.connect(lambda: freed.append(session.running))
    segment(session)
    assert not spare.idle
    assert not spare.work_ahead(CheckRequest(), lambda message: None)
    spare.give_way()
    assert engine.cancelled == 0, "the user's own job is left alone"
    engine.end(DONE)
    assert freed == [None], "the session has heard of the end before"
    assert spare.work_ahead(CheckRequest(), lambda message: None)


def test_a_job_that_waits_for_what_runs_ahead_can_be_cancelled(spare, engine, session):
    spare.work_ahead(CheckRequest(), lambda message: None)
    segment(session)
    session.cancel()
    assert session.wanted is None
    assert not session.ending
    engine.end(Cancelled())
    assert len(engine.requests) == 1
    assert spare.idle


def test_a_job_that_can_not_start_after_all_fails(spare, engine, session):
    told = []
    session.failed.connect(lambda *said: told.append(said))
    spare.work_ahead(CheckRequest(), lambda message: None)
    session.fine_tune([correction()], FineTuneSettings())

    def refuse(request, on_message):
        raise OSError("no more processes")

    engine.submit = refuse
    engine.end(Cancelled())
    assert told == [("no more processes", "")]
    assert session.running is None


def test_an_engine_that_can_not_start_is_no_running_job(spare, engine):
    def refuse(request, on_message):
        raise OSError("no more processes")

    engine.submit = refuse
    with pytest.raises(OSError, match="no more processes"):
        spare.submit(CheckRequest(), lambda message: None)
    assert spare.idle


def test_after_closing_late_messages_are_dropped_and_another_engine_starts(library):
    engines, told = [], []
    spare = SpareTime(lambda: engines.append(FakeEngine()) or engines[-1])
    spare.work_ahead(CheckRequest(), told.append)
    spare.close()
    engines[0].end(Done(result=CHECKED))
    assert told == []
    spare.submit(CheckRequest(), told.append)
    engines[1].end(Done(result=CHECKED))
    assert told == [Done(result=CHECKED)]
    assert [engine.closed for engine in engines] == [True, False]


# what is made of it


def test_the_next_image_is_predicted_while_nothing_else_runs(ahead, engine, target):
    ahead.want(target)
    (request,) = engine.requests
    assert (request.model, request.settings) == ("one", target.settings)
    engine.work()
    ready = ahead.take(target)
    np.testing.assert_array_equal(ready.probabilities[()][0], two_cells())
    assert ahead.take(target) is None, "it is handed over once"


def test_r9_1_what_is_handed_over_is_what_a_prediction_would_have_given(
    ahead, engine, target, session
):
    ahead.want(target)
    engine.work()
    given, asked = (Specimen("a", "YX", (40, 60)) for _ in range(2))
    tiles, ends = [], []
    session.tile_written.connect(lambda *said: tiles.append(said))
    session.predicted.connect(lambda *said: ends.append(said))
    hand_over(session, given, ahead.take(target))
    assert tiles == [(given, (), True)]
    assert ends == [(given, ((),))]
    session.segment(asked, {(): two_cells()}, PredictSettings())
    engine.work()
    assert replace(given.last_run, model=asked.last_run.model) == asked.last_run
    np.testing.assert_array_equal(given.probabilities, asked.probabilities)
    assert given.seen == asked.seen


def test_tiles_are_put_together(ahead, engine, target):
    ahead.want(target)
    for i, box in enumerate([(0, 0, 40, 32), (0, 32, 40, 60)]):
        part = np.full((2, 40, box[3] - box[1]), i + 1, "f4")
        engine.say(TileDone(plane=0, box=box, probabilities=part))
        part[:] = 9  # as when the engine takes its files away
    engine.end(DONE)
    made = ahead.take(target).probabilities[()]
    assert made.shape == (2, 40, 60)
    assert made[:, :, :32].max() == made[:, :, :32].min() == 1
    assert made[:, :, 32:].max() == made[:, :, 32:].min() == 2


def test_it_waits_for_the_users_job_and_starts_again_after_it(ahead, engine, target, session):
    segment(session)
    ahead.want(target)
    assert len(engine.requests) == 1
    engine.end(DONE)
    assert len(engine.requests) == 2
    segment(session)
    engine.say(TileDone(plane=0, box=(0, 0, 40, 60), probabilities=np.zeros((1, 40, 60))))
    engine.end(Cancelled())
    assert ahead.take(target) is None, "what was cancelled is not taken for whole"
    assert len(engine.requests) == 3
    engine.end(DONE)
    assert len(engine.requests) == 4
    engine.work()
    assert ahead.take(target) is not None


def test_another_wish_ends_the_one_before(ahead, engine, target, tmp_path):
    ahead.want(target)
    ahead.want(target)
    assert engine.cancelled == 0
    other = wish(tmp_path, "other.tif")
    ahead.want(other)
    assert engine.cancelled == 1
    engine.end(Cancelled())
    assert len(engine.requests) == 2
    engine.work()
    assert ahead.take(target) is None
    assert ahead.take(other) is not None


def test_no_wish_ends_all(ahead, engine, target):
    ahead.want(target)
    ahead.want(None)
    engine.end(Cancelled())
    assert len(engine.requests) == 1


@pytest.mark.parametrize(
    "change", [{"model_id": "2"}, {"settings": PredictSettings(rotations=True)}, {"channel": 1}]
)
def test_another_model_setting_or_channel_is_another_prediction(ahead, engine, tmp_path, change):
    ahead.want(wish(tmp_path))
    engine.work()
    assert ahead.take(wish(tmp_path, **change)) is None
    assert ahead.take(wish(tmp_path, planes=((1,),))) is not None


def test_at_most_two_images_are_kept(ahead, engine, tmp_path):
    made = [wish(tmp_path, f"{i}.tif") for i in range(3)]
    for target in made:
        ahead.want(target)
        engine.work()
    assert [ahead.take(target) is not None for target in made] == [False, True, True]


def test_what_can_not_be_predicted_is_tried_once_and_nobody_is_told(ahead, engine, target, session):
    told = []
    session.failed.connect(lambda *said: told.append(said))
    ahead.want(target)
    engine.end(Failed(sentence="No memory.", details=""))
    ahead.want(target)
    assert len(engine.requests) == 1
    assert told == []


def test_an_engine_that_can_not_start_is_no_error(ahead, engine, target):
    def refuse(request, on_message):
        raise OSError("no more processes")

    engine.submit = refuse
    ahead.want(target)
    assert ahead.take(target) is None


@pytest.mark.parametrize("error", [ValueError, OSError, MemoryError])
def test_a_file_that_can_not_be_read_is_left_for_later(spare, engine, target, monkeypatch, error):
    monkeypatch.setattr("napari_unet.session.ahead.ThreadPoolExecutor", AtOnce)
    asked = []

    def read(target):
        asked.append(target)
        raise error("broken")

    ahead = Ahead(spare, read=read)
    ahead.want(target)
    ahead.want(target)
    assert asked == [target]
    assert engine.requests == []


def test_r4_1_files_are_read_in_another_thread(spare, engine, target):
    threads, delivered = [], threading.Event()
    calls = []

    def deliver(call):
        calls.append(call)
        delivered.set()

    def read(target):
        threads.append(threading.current_thread())
        return {(): two_cells()}

    ahead = Ahead(spare, deliver, read)
    ahead.want(target)
    assert delivered.wait(10)
    assert threads[0] is not threading.current_thread()
    assert engine.requests == [], "the engine is asked in the owner's thread only"
    calls.pop()()
    assert len(engine.requests) == 1
    ahead.close()


def test_after_closing_nothing_is_kept_and_it_can_go_on(ahead, engine, target):
    ahead.want(target)
    engine.work()
    ahead.close()
    assert ahead.take(target) is None
    ahead.want(target)
    engine.work()
    assert ahead.take(target) is not None


def test_it_belongs_only_to_an_image_of_the_same_pixels(ahead, engine, target):
    ahead.want(target)
    engine.work()
    ready = ahead.take(target)
    assert ready.is_of([two_cells()])
    assert not ready.is_of([two_cells() + 1])
    assert not ready.is_of([two_cells()[1:]])


# reading


@pytest.fixture
def stack(tmp_path):
    """A file of three slices."""
    slices = np.arange(3 * 8 * 9).reshape(3, 8, 9)
    write_masks(tmp_path / "next.tif", slices)
    return slices


def test_the_planes_that_are_wanted_are_read(tmp_path, stack):
    target = wish(tmp_path, axes="ZYX", planes=((2,), (0,), (7,)))
    read = planes_of_file(target)
    assert list(read) == [(2,), (0,)], "a plane that it does not have is left out"
    np.testing.assert_array_equal(read[2,], stack[2])
    target = wish(tmp_path, axes="CYX", channel=1)
    np.testing.assert_array_equal(planes_of_file(target)[()], stack[1])


@pytest.mark.parametrize("fields", [{"axes": "YX"}, {"axes": "ZYX"}, {"axes": "CYX", "channel": 5}])
def test_an_image_of_another_kind_is_left_for_later(tmp_path, stack, fields):
    with pytest.raises(ValueError, match=r"axes|when it is opened|There is no"):
        planes_of_file(wish(tmp_path, **fields))


def test_a_large_image_is_left_for_later(tmp_path, stack, monkeypatch):
    monkeypatch.setattr(targets, "MOST_PX", 100)
    planes_of_file(wish(tmp_path, axes="ZYX", planes=((1,),)))
    with pytest.raises(ValueError, match="when it is opened"):
        planes_of_file(wish(tmp_path, axes="ZYX", planes=((1,), (2,))))
