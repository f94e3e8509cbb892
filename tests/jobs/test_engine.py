"""The engine with a real process: what it passes on, and how it obeys."""

import ast
import json
import math
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from napari_unet.jobs.engine.client import Engine
from napari_unet.jobs.engine.process import environment
from napari_unet.jobs.engine.wire import takes_long
from napari_unet.jobs.messages import Cancelled, Done, Failed
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Progress, TileDone
from napari_unet.schema.requests import (
    CompareRequest,
    FineTuneRequest,
    Joining,
    Looking,
    View,
)
from tests.jobs.listening import Heard, ask, comes_true, is_alive

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


def hear(engine, body, planes=()):
    heard = Heard()
    engine.submit(ask(body, planes), heard)
    return heard


def test_messages_come_in_order_and_the_result_last(engine):
    heard = hear(engine, "count")
    assert engine.busy
    end = heard.end()
    assert isinstance(end, Done)
    assert end.result.model_id == "count"
    assert [m.done for m in heard.messages if isinstance(m, Progress)] == [1, 2, 3]
    assert not engine.busy
    time.sleep(0.05)
    assert heard.messages[-1] is end


def test_one_process_serves_many_jobs_and_errors(engine):
    """R4.4: after an exception the next job runs, in the same process."""
    first = hear(engine, "pid")
    first.end()
    failure = hear(engine, "value-error").end()
    assert failure.sentence == "The image is empty: choose another."
    assert "do_value_error" in failure.details
    assert "smaller tile" in hear(engine, "memory-error").end().sentence
    assert isinstance(hear(engine, "no-such-body").end(), Failed)
    again = hear(engine, "pid")
    again.end()
    assert first.texts == again.texts


def test_r14_4_big_arrays_cross_bit_for_bit_as_they_were_when_asked(engine, temporary):
    random = np.random.default_rng(0)
    planes = [
        random.standard_normal((3, 1500, 1501)).astype(np.float32),
        random.integers(0, 2**16, (1000, 999), dtype=np.uint16)[::-1, ::2],
    ]
    sent = [plane.copy() for plane in planes]
    heard = hear(engine, "echo", planes)
    for plane in planes:
        plane[:] = 0
    heard.end()
    tiles = [message for message in heard.messages if isinstance(message, TileDone)]
    assert len(tiles) == 2
    for tile, plane in zip(tiles, sent, strict=True):
        assert tile.probabilities.dtype == plane.dtype
        assert np.array_equal(tile.probabilities, plane)
    assert list(temporary.rglob("*.npy")) == []


def test_what_a_job_prints_cannot_disturb_the_messages(engine):
    heard = hear(engine, "prints")
    assert isinstance(heard.end(), Done)
    assert heard.texts == ["nobody to ask"]


def test_r1_2_a_loss_that_is_no_number_arrives_as_such(engine):
    assert math.isnan(hear(engine, "not-a-number").first().loss)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_process_stands_back_behind_the_window(engine, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.delenv("THP_MEM_ALLOC_ENABLE", raising=False)
    heard = hear(engine, "surroundings")
    heard.end()
    found = json.loads(heard.texts[0])
    assert found == {
        "nice": min(19, os.nice(0) + 10),
        "threads": str(max(1, len(os.sched_getaffinity(0)) - 1)),
        "wait": "PASSIVE",
        "huge pages": "1",
        "oom": 500,
        "torch": False,
        "folder": True,
    }


def test_threads_and_pages_that_the_user_has_chosen_stay():
    assert environment({"OMP_NUM_THREADS": "7"})["OMP_NUM_THREADS"] == "7"
    assert environment({"THP_MEM_ALLOC_ENABLE": "0"})["THP_MEM_ALLOC_ENABLE"] == "0"
    assert environment({"HOME": "here"})["HOME"] == "here"


def test_the_process_imports_what_this_one_would(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", "/somewhere", "beside"])
    path = environment({"PYTHONPATH": "/else"})["PYTHONPATH"].split(os.pathsep)
    assert path == [str(tmp_path), str(Path("/somewhere").absolute()), str(tmp_path / "beside")]


def test_r3_3_the_memory_of_a_job_is_back_before_the_next(engine):
    hear(engine, "holds-memory").end()
    after = hear(engine, "memory-is-back")
    after.end()
    assert ast.literal_eval(after.texts[0]) == [True]


def test_r4_2_cancel_ends_a_job_within_a_step(engine):
    heard = hear(engine, "endless")
    heard.first()
    start = time.monotonic()
    engine.cancel()
    engine.cancel()
    assert heard.end() == Cancelled()
    assert time.monotonic() - start < 2
    assert heard.messages.count(Cancelled()) == 1
    again = hear(engine, "pid")
    again.end()
    assert again.texts == heard.texts


def test_r4_2_a_cancelled_training_keeps_its_best(temporary):
    """It has heard of it in time, so the grace time does not cut off its last evaluation."""
    hasty = Engine(perform="tests.jobs.job_bodies:perform", grace_s=0.3)
    heard = hear(hasty, "keeps-the-best")
    heard.first()
    hasty.cancel()
    assert heard.end().result.model_id == "best so far"
    hasty.close()


@posix
def test_a_job_that_hears_but_does_not_end_is_killed(temporary):
    patient = Engine(perform="tests.jobs.job_bodies:perform", wind_up_s=0.3)
    heard = hear(patient, "never-winds-up")
    heard.first()
    patient.cancel()
    assert heard.end() == Cancelled()
    assert not is_alive(int(heard.texts[0]))
    patient.close()


def test_r4_2_a_job_that_winds_up_has_time_as_long_as_it_says_something(temporary):
    patient = Engine(perform="tests.jobs.job_bodies:perform", wind_up_s=0.6)
    heard = hear(patient, "winds-up-slowly")
    heard.first()
    patient.cancel()
    assert heard.end().result.model_id == "best so far"
    patient.close()


@posix
def test_r4_2_a_stuck_job_is_killed_after_three_seconds_and_the_next_works(engine):
    heard = hear(engine, "stuck")
    pid = int(heard.first().text)
    time.sleep(0.2)  # now it is stuck
    start = time.monotonic()
    engine.cancel()
    assert heard.end() == Cancelled()
    assert 2.9 < time.monotonic() - start < 4
    assert not is_alive(pid)
    assert isinstance(hear(engine, "count").end(), Done)


def test_r4_5_a_second_job_has_to_wait(engine):
    heard = hear(engine, "endless")
    with pytest.raises(ValueError, match="already running"):
        engine.submit(ask("count"), Heard())
    engine.cancel()
    assert heard.end() == Cancelled()


def test_a_listener_may_submit_the_next_job_when_it_hears_of_the_end(engine):
    following = Heard()

    def go_on(message):
        if isinstance(message, Done):
            engine.submit(ask("count"), following)

    engine.submit(ask("count"), go_on)
    assert isinstance(following.end(), Done)


def test_a_listener_that_fails_does_not_silence_the_engine(engine, caplog):
    heard = Heard()

    def fails(message):
        heard(message)
        raise ZeroDivisionError

    engine.submit(ask("count"), fails)
    assert isinstance(heard.end(), Done)
    assert len(heard.messages) == 4
    assert isinstance(hear(engine, "count").end(), Done)
    assert "listener" in caplog.text


def test_a_request_that_cannot_be_written_leaves_the_engine_free(engine, temporary):
    with pytest.raises(ValueError, match="allow_pickle"):
        engine.submit(ask("echo", [np.zeros(5), np.array([{}], dtype=object)]), Heard())
    assert not engine.busy
    assert list(temporary.rglob("*.npy")) == []
    assert isinstance(hear(engine, "count").end(), Done)


class Slow:
    """A plane on a slow disk, which is read when somebody allows it."""

    shape, dtype, ndim = (3, 4), np.dtype(np.uint8), 2

    def __init__(self, error=None):
        self.asked, self.allowed, self._error = threading.Event(), threading.Event(), error

    def __getitem__(self, key):
        self.asked.set()
        assert self.allowed.wait(10)
        if self._error is not None:
            raise self._error
        return np.full(self.shape, 7, np.uint8)[key]


def test_r6_3_the_window_does_not_wait_until_a_plane_is_read(engine):
    plane = Slow()
    heard = hear(engine, "echo", [plane])
    assert engine.busy
    assert plane.asked.wait(10)
    assert heard.messages == []
    with pytest.raises(ValueError, match="already running"):
        hear(engine, "count")
    plane.allowed.set()
    assert isinstance(heard.end(), Done)
    (tile,) = [message for message in heard.messages if isinstance(message, TileDone)]
    assert (tile.probabilities == 7).all()
    assert tile.probabilities.shape == plane.shape


def test_a_job_whose_plane_is_being_read_can_be_cancelled(engine, temporary):
    plane = Slow()
    heard = hear(engine, "echo", [plane])
    assert plane.asked.wait(10)
    engine.cancel()
    engine.tell(Looking(box=(0, 0, 1, 1)))  # nobody hears it
    plane.allowed.set()
    assert heard.end() == Cancelled()
    assert list(temporary.rglob("*.npy")) == []
    assert isinstance(hear(engine, "count").end(), Done)


def test_r4_2_who_cancels_does_not_wait_for_what_is_still_to_be_read(
    engine, temporary, monkeypatch
):
    monkeypatch.setattr("napari_unet.schema.arrays._PART_PX", 1)
    plane, reads = Slow(), []
    monkeypatch.setattr(Slow, "__getitem__", _counted(Slow.__getitem__, reads))
    heard = hear(engine, "echo", [plane, plane])
    assert plane.asked.wait(10)
    engine.cancel()
    assert heard.end(1) == Cancelled()
    assert isinstance(hear(engine, "count").end(), Done), "the engine is free meanwhile"
    plane.allowed.set()
    assert comes_true(lambda: _idle("copy of planes"))
    assert len(reads) == 1
    assert len(heard.messages) == 1
    assert list(temporary.rglob("*.npy")) == []


def _counted(read, reads):
    return lambda self, key: (reads.append(key), read(self, key))[1]


def _idle(name):
    return not any(thread.name == name for thread in threading.enumerate())


def test_a_plane_that_cannot_be_read_is_said_and_the_engine_is_free(engine, temporary):
    plane = Slow(OSError("The disk is gone."))
    plane.allowed.set()
    failure = hear(engine, "echo", [plane]).end()
    assert isinstance(failure, Failed)
    assert "The disk is gone." in failure.sentence + failure.details
    assert not engine.busy
    assert list(temporary.rglob("*.npy")) == []
    assert isinstance(hear(engine, "count").end(), Done)


def test_the_engine_can_be_closed_while_a_plane_is_read(engine):
    plane = Slow()
    heard = hear(engine, "echo", [plane])
    assert plane.asked.wait(10)
    engine.close()
    assert heard.end() == Cancelled()
    plane.allowed.set()
    time.sleep(0.1)
    assert len(heard.messages) == 1


@pytest.mark.parametrize(
    ("plane", "long"),
    [
        (np.zeros((5000, 5000), np.uint8), False),
        (np.zeros((5000, 5000), np.uint16), True),
        (Slow(), True),
    ],
    ids=["small", "large", "not in memory"],
)
def test_large_planes_are_copied_in_a_thread(plane, long):
    assert takes_long(ask("echo", [plane])) == long


def test_r4_1_planes_of_corrections_are_read_in_a_thread(engine, temporary):
    plane, labels = Slow(), np.zeros(Slow.shape, np.uint8)
    correction = Correction(image_id="a", image=plane, labels=labels, known=labels)
    small = correction.model_copy(update={"image": labels})
    view = View(plane=plane)
    assert takes_long(FineTuneRequest(model="m", corrections=[small, correction]))
    assert takes_long(FineTuneRequest(model="m", corrections=[small], view=view))
    assert takes_long(CompareRequest(old="m", new="n", plane=plane))
    assert not takes_long(FineTuneRequest(model="m", corrections=[small]))
    heard = hear(engine, "endless-tiles")
    heard.first()
    engine.tell(Joining(correction=correction))
    assert plane.asked.wait(10), "and the window goes on meanwhile"
    engine.cancel()
    assert heard.end() == Cancelled()
    plane.allowed.set()


def test_close_cancels_what_runs_and_may_be_called_again(engine, temporary):
    heard = hear(engine, "endless-tiles")
    pid = int(heard.first().text)
    start = time.monotonic()
    engine.close()
    assert time.monotonic() - start < 2
    assert heard.end() == Cancelled()
    assert comes_true(lambda: not is_alive(pid))
    assert list(temporary.iterdir()) == []
    engine.close()
    engine.cancel()
    engine.warm_up()
    with pytest.raises(ValueError, match="closed"):
        engine.submit(ask("count"), Heard())
    assert list(temporary.iterdir()) == []


def test_an_engine_that_never_worked_leaves_nothing(temporary):
    Engine().close()
    assert list(temporary.iterdir()) == []
