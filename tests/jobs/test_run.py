import gc
import weakref

import pytest

from napari_unet.jobs.messages import Cancelled, Done, Failed
from napari_unet.jobs.run import Order, run
from napari_unet.schema.events import Notice, StopEarly
from napari_unet.schema.requests import Checked

CHECKED = Checked(device="cpu", name="CPU", why="You chose the CPU.")


def two_events():
    yield Notice(text="one")
    yield Notice(text="two")
    return CHECKED


def test_the_result_comes_last():
    assert list(run(two_events(), Order())) == [
        Notice(text="one"),
        Notice(text="two"),
        Done(result=CHECKED),
    ]


def test_r4_2_a_job_that_cannot_stop_early_is_cancelled_at_its_next_event():
    order, cleaned = Order(), []

    def job():
        try:
            yield from two_events()
        finally:
            cleaned.append(True)

    messages = run(job(), order)
    assert next(messages) == Notice(text="one")
    order.cancelled = True
    assert next(messages) == Cancelled()
    assert cleaned == [True]
    assert list(messages) == []


def test_r4_2_a_cancelled_training_returns_its_best_so_far():
    order, heard = Order(on_heard=lambda: heard.append(True)), []

    def job():
        try:
            while True:
                yield Notice(text="step")
        except StopEarly:
            yield Notice(text="stopped")
        return CHECKED

    messages = run(job(), order)
    next(messages)
    assert heard == []
    order.cancelled = True
    assert list(messages) == [Notice(text="stopped"), Done(result=CHECKED)]
    assert heard == [True]


def test_a_job_cancelled_before_its_start_does_nothing():
    started = []

    def job():
        started.append(True)
        yield Notice(text="one")
        return CHECKED

    assert list(run(job(), Order(cancelled=True))) == [Cancelled()]
    assert started == []


@pytest.mark.parametrize("error", [ValueError("Do this."), KeyError("x"), RecursionError("deep")])
def test_r4_4_an_error_is_the_end_and_is_told(error):
    def job():
        yield Notice(text="one")
        raise error

    first, last = run(job(), Order())
    assert first == Notice(text="one")
    assert isinstance(last, Failed)
    assert type(error).__name__ in last.details


def test_a_job_that_returns_no_result_has_failed():
    def job():
        yield Notice(text="one")

    assert isinstance(list(run(job(), Order()))[-1], Failed)


def test_r3_3_when_a_failure_is_told_nothing_holds_the_jobs_memory():
    class Big:
        pass

    alive = []

    def job():
        big = Big()
        alive.append(weakref.ref(big))
        yield Notice(text="one")
        raise RuntimeError

    messages = run(job(), Order())
    next(messages)
    assert alive[0]() is not None
    assert isinstance(next(messages), Failed)
    gc.collect()
    assert alive[0]() is None


def test_a_listener_that_goes_away_closes_the_job():
    closed = []

    def job():
        try:
            yield from two_events()
        finally:
            closed.append(True)

    held = job()
    messages = run(held, Order())
    next(messages)
    messages.close()
    assert closed == [True]
