import threading
import time

import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QThread

from napari_unet.widgets.runner import Bridge, Latest, Throttle, guarded, report_failure


class Slots:
    def __init__(self):
        self.heard = []

    @guarded
    def none(self):
        self.heard.append(())

    @guarded
    def one(self, value):
        self.heard.append(value)

    @guarded
    def refuse(self):
        raise ValueError("Open an image first.")

    @guarded
    def crash(self):
        raise KeyError("surprise")


@pytest.fixture
def slots():
    return Slots()


def test_arguments_that_a_slot_does_not_take_are_dropped(slots):
    slots.none(True)
    slots.one(1, 2)
    assert slots.heard == [(), 1]


def test_our_own_sentences_are_shown_as_they_are(slots, said):
    slots.refuse()
    assert said() == ["Open an image first."]


def test_r4_4_what_nobody_expected_is_told_once_with_its_details(slots, said, qapp):
    slots.crash()
    (message,) = said()
    assert "Something went wrong" in message
    (label, copy) = notification_manager.records[-1].actions[0]
    assert label == "Copy details"
    copy()
    assert "in crash" in qapp.clipboard().text()


def test_a_failure_without_details_has_no_button(said, qapp):
    report_failure("The disk is full.", "")
    assert notification_manager.records[-1].actions == ()


def test_calls_of_other_threads_arrive_in_the_windows_thread(qtbot, qapp):
    bridge, where = Bridge(), []
    call = lambda: where.append(QThread.currentThread())  # noqa: E731
    thread = threading.Thread(target=bridge.post, args=(call,))
    thread.start()
    thread.join()
    assert where == [], "not in the other thread"
    qtbot.waitUntil(lambda: where == [qapp.thread()])


def test_what_a_call_raises_is_told(qtbot, said):
    bridge = Bridge()
    bridge.post(lambda: 1 / 0)
    qtbot.waitUntil(lambda: len(said()) == 1)


def test_only_the_newest_work_is_answered(qtbot):
    latest, answers, begun = Latest(5), [], []

    def work(value):
        begun.append(value)
        time.sleep(0.05)
        return value

    latest.ask(lambda: work(1), answers.append)
    qtbot.waitUntil(lambda: begun == [1])
    latest.ask(lambda: work(2), answers.append)
    latest.ask(lambda: work(3), answers.append)
    qtbot.waitUntil(lambda: answers != [])
    qtbot.wait(60)
    assert answers == [3]
    assert begun == [1, 3], "what was overtaken while it waited is not even begun"


def test_work_that_fails_is_told_and_the_next_goes_on(qtbot, said):
    latest, answers, failed = Latest(0), [], []
    latest.failed.connect(lambda: failed.append(1))
    latest.ask(lambda: 1 / 0, answers.append)
    qtbot.waitUntil(lambda: failed == [1])
    assert "division" in said()[-1]
    latest.ask(lambda: 7, answers.append)
    qtbot.waitUntil(lambda: answers == [7])


def test_what_is_dropped_is_not_answered(qtbot):
    latest, answers = Latest(0), []
    latest.ask(lambda: 1, answers.append)
    latest.drop()
    qtbot.wait(50)
    assert answers == []
    latest.ask(lambda: 2, answers.append)
    qtbot.waitUntil(lambda: answers == [2])


def test_the_first_of_throttled_calls_does_not_wait(qtbot):
    throttle, called = Throttle(40), []
    throttle.call(lambda: called.append(1))
    assert called == [1]
    throttle.call(lambda: called.append(2))
    assert called == [1]
    qtbot.waitUntil(lambda: called == [1, 2])


def test_throttled_calls_are_few_and_the_last_one_is_never_lost(qtbot):
    throttle, called, start = Throttle(40), [], time.monotonic()
    for i in range(20):
        throttle.call(lambda i=i: called.append(i))
        qtbot.wait(5)
    qtbot.waitUntil(lambda: called[-1:] == [19])
    assert len(called) <= (time.monotonic() - start) / 0.036 + 1  # Qt may be early a little
    assert len(called) < 20
