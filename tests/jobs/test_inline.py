import tempfile
import threading

import numpy as np
import pytest

from napari_unet.jobs.inline import InlineEngine
from napari_unet.jobs.messages import Cancelled, Done, Failed
from napari_unet.schema.events import Progress
from tests.jobs.job_bodies import perform
from tests.jobs.listening import Heard, ask


@pytest.fixture(params=[False, True], ids=["here", "in a thread"])
def inline(request, temporary):
    engine = InlineEngine(threaded=request.param, perform=perform)
    yield engine
    engine.close()
    engine.close()
    assert list(temporary.iterdir()) == []


def test_messages_come_in_order_and_the_result_last(inline):
    heard = Heard()
    inline.submit(ask("count"), heard)
    assert isinstance(heard.end(), Done)
    assert [m.done for m in heard.messages if isinstance(m, Progress)] == [1, 2, 3]
    assert not inline.busy


def test_r4_4_after_an_error_the_next_job_runs(inline):
    failing, counting = Heard(), Heard()
    inline.submit(ask("value-error"), failing)
    assert failing.end().sentence == "The image is empty: choose another."
    inline.submit(ask("count"), counting)
    assert isinstance(counting.end(), Done)


def test_r4_2_cancel_ends_the_job_at_its_next_event(inline):
    heard = Heard()

    def cancel_at_the_third(message):
        heard(message)
        if len(heard.messages) == 3:
            inline.cancel()

    inline.submit(ask("endless"), cancel_at_the_third)
    assert heard.end() == Cancelled()


def test_r4_5_a_second_job_has_to_wait(inline):
    heard, refused = Heard(), []

    def try_another(message):
        if not refused:
            with pytest.raises(ValueError, match="already running"):
                inline.submit(ask("count"), Heard())
            refused.append(True)
        heard(message)

    inline.submit(ask("count"), try_another)
    assert isinstance(heard.end(), Done)
    assert refused


def test_a_listener_may_submit_the_next_job_when_it_hears_of_the_end(inline):
    following = Heard()

    def go_on(message):
        if isinstance(message, Done):
            inline.submit(ask("count"), following)

    inline.submit(ask("count"), go_on)
    assert isinstance(following.end(), Done)


def test_r14_4_a_job_has_its_own_copy_of_the_arrays(temporary):
    inline, heard = InlineEngine(threaded=True, perform=perform), Heard()
    plane = np.arange(6.0).reshape(2, 3)
    inline.submit(ask("echo", [plane]), heard)
    plane[:] = 7
    heard.end()
    assert np.array_equal(heard.messages[0].probabilities, np.arange(6.0).reshape(2, 3))
    inline.close()


def test_a_request_that_cannot_be_written_leaves_the_engine_free(inline):
    with pytest.raises(ValueError, match="allow_pickle"):
        inline.submit(ask("echo", [np.array([{}], dtype=object)]), Heard())
    assert not inline.busy


def test_an_error_of_the_listener_goes_to_the_caller_and_leaves_the_engine_free(temporary):
    inline = InlineEngine(perform=perform)

    def listener(message):
        raise AssertionError("seen")

    with pytest.raises(AssertionError, match="seen"):
        inline.submit(ask("count"), listener)
    assert not inline.busy
    inline.close()


def test_closing_cancels_a_job_in_a_thread(temporary):
    inline, heard = InlineEngine(threaded=True, perform=perform), Heard()
    inline.submit(ask("endless"), heard)
    heard.first()
    inline.close()
    assert heard.end() == Cancelled()
    assert not [t for t in threading.enumerate() if t.name == "inline engine"]
    with pytest.raises(ValueError, match="closed"):
        inline.submit(ask("count"), Heard())


def test_without_a_folder_there_is_no_engine(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError):
        InlineEngine(perform=perform)


def test_an_unknown_job_has_failed(inline):
    heard = Heard()
    inline.submit(ask("no-such-body"), heard)
    assert isinstance(heard.end(), Failed)
