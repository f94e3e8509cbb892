"""The progress bar, and what Ctrl-C does to a job."""

import os
import signal

import pytest

from napari_unet.cli.progress import run
from napari_unet.schema.events import Notice, Progress, StepDone, StopEarly, Validated
from napari_unet.schema.model_card import Scores


def press_ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


def job(*events, keeps=True, during=None):
    """Yields events; presses Ctrl-C at one of them; keeps what it has if it is told to."""
    done = 0
    try:
        for done, event in enumerate(events, start=1):
            if done == during:
                press_ctrl_c()
            yield event
    except StopEarly:
        if not keeps:
            raise
    return done


def steps(n):
    return [Progress(phase="step", done=i, total=n) for i in range(1, n + 1)]


def test_a_job_gives_its_result_and_every_event_is_heard():
    heard = []
    assert run(job(*steps(3)), "x", heard.append) == 3
    assert heard == steps(3)


def test_ctrl_c_in_the_midst_of_work_lets_the_job_keep_what_it_has():
    assert run(job(*steps(9), during=4), "x") == 4


def test_ctrl_c_between_two_events_does_so_too():
    def listen(event):
        if event.done == 6:
            press_ctrl_c()

    assert run(job(*steps(9)), "x", listen) == 6


def test_a_job_that_keeps_nothing_is_stopped():
    with pytest.raises(StopEarly):
        run(job(*steps(9), keeps=False, during=4), "x")


def test_a_second_ctrl_c_ends_the_program():
    def stubborn():
        press_ctrl_c()
        press_ctrl_c()
        yield Progress(phase="step", done=1, total=1)

    with pytest.raises(KeyboardInterrupt):
        run(stubborn(), "x")


def test_afterwards_ctrl_c_is_what_it_was():
    before = signal.getsignal(signal.SIGINT)
    run(job(*steps(1)), "x")
    assert signal.getsignal(signal.SIGINT) is before


def test_phases_scores_and_notices_are_shown(capsys):
    scores = Scores(iou=0.5, dice=0.6, f1_50=0.25, mean_ap=0.1)
    events = [
        Progress(phase="weight map", done=1, total=2),
        Progress(phase="step", done=1, total=5),
        StepDone(step=1, loss=0.5, learning_rate=0.1),
        Validated(step=1, scores=scores),
        Notice(text="Memory was short."),
    ]
    run(job(*events), "file")
    shown = capsys.readouterr()
    assert shown.out == ""
    for text in (
        "file: weight map",
        "file: step",
        "IoU 0.500, object F1 0.250",
        "Memory was short.",
    ):
        assert text in shown.err
