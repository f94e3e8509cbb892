import errno
import json
from pathlib import Path

import numpy as np
import pytest

from napari_unet.jobs.messages import Cancelled, Done, Failed
from napari_unet.jobs.safekeeping import REQUEST, STATE
from napari_unet.models.library import list_models
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Notice, Progress, StepDone, TileDone, Validated
from napari_unet.schema.requests import (
    CheckRequest,
    FineTuneRequest,
    Joining,
    Looking,
    Predicted,
    PredictRequest,
)
from napari_unet.schema.settings import FineTuneSettings, PredictSettings
from napari_unet.schema.training_record import Joined
from napari_unet.session.run import Sight
from napari_unet.session.session import Session
from napari_unet.session.specimen import Specimen
from napari_unet.session.unfinished import safe_folder, unfinished_text
from tests.session.fakes import BETTER, CHECKED, FakeEngine

IMAGE = np.arange(20.0).reshape(4, 5)


@pytest.fixture
def session(library, engine, tmp_path):
    engine.folder = tmp_path
    return Session(lambda: engine)


def heard(signal):
    said = []
    signal.connect(lambda *what: said.append(what), check_nargs=False)
    return said


def segment(session, specimen=None):
    specimen = specimen or Specimen("a", "YX", IMAGE.shape)
    session.segment(specimen, {(): IMAGE}, PredictSettings(), look_first=Sight((), (0, 0, 2, 2)))
    return specimen


def correction():
    labels = np.ones((4, 5), np.uint16)
    return Correction(image_id="a", image=IMAGE, labels=labels, known=labels)


def tile(value=0.5):
    size = (1, *IMAGE.shape)
    return TileDone(plane=0, box=(0, 0, *IMAGE.shape), probabilities=np.full(size, value, "f4"))


def test_no_engine_is_started_before_the_first_job(library):
    started = []
    session = Session(lambda: started.append(1) or FakeEngine(quick=True))
    session.close()
    assert started == []
    session.check()
    assert started == [1]


def test_the_first_model_is_chosen_and_another_can_be(session, library):
    names = [entry.card.name for entry in session.models]
    assert sorted(names) == ["one", "two"]
    assert session.model is session.models[0]
    session.choose(session.models[1].card.id)
    assert session.model.card.id == session.models[1].card.id
    with pytest.raises(ValueError, match="no longer in the library"):
        session.choose("gone")


def test_without_a_model_nothing_runs(tmp_path, monkeypatch, engine):
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path))
    monkeypatch.setattr("napari_unet.models.library.shipped_folder", lambda: tmp_path)
    session = Session(lambda: engine)
    with pytest.raises(ValueError, match="no model"):
        segment(session)


def test_tiles_reach_the_specimen_while_the_job_runs(session, engine):
    tiles, ends = heard(session.tile_written), heard(session.predicted)
    specimen = segment(session)
    assert isinstance(engine.requests[0], PredictRequest)
    engine.say(tile())
    assert tiles == [(specimen, (), True)]
    assert specimen.probabilities.max() == 0.5
    assert ends == []
    engine.end(Done(result=Predicted(model_id="x", settings=PredictSettings())))
    assert ends == [(specimen, ((),))]
    assert session.running is None


def test_r4_5_a_second_job_is_refused(session):
    segment(session)
    assert session.why_not_run() == "Segmenting …"
    with pytest.raises(ValueError, match="Segmenting"):
        segment(session)
    with pytest.raises(ValueError, match="Segmenting"):
        session.fine_tune([correction()], FineTuneSettings())


def test_r4_5_another_model_in_mid_run_affects_the_next_run_only(session, engine):
    segment(session)
    session.choose(session.models[1].card.id)
    assert engine.requests[0].model == str(session.models[0].path)
    engine.work()
    segment(session)
    assert engine.requests[1].model == str(session.models[1].path)


def test_a_job_waits_for_the_check_of_the_device(session, engine):
    session.check("cpu")
    assert engine.requests == [CheckRequest(device="cpu")]
    segment(session)
    assert len(engine.requests) == 1
    assert session.wanted.kind == "predict"
    engine.end(Done(result=CHECKED))
    assert session.device == CHECKED
    assert isinstance(engine.requests[1], PredictRequest)


def test_a_job_that_waits_gets_the_pixels_of_the_click(session, engine):
    session.check("cpu")
    image = IMAGE.copy()
    session.segment(Specimen("a", "YX", IMAGE.shape), {(): image}, PredictSettings())
    image[:] = 0
    engine.end(Done(result=CHECKED))
    np.testing.assert_array_equal(engine.requests[1].planes[0], IMAGE)


def test_r7_1_a_device_that_does_not_work_is_said_and_the_job_in_line_goes_on(session, engine):
    told = heard(session.failed)
    session.check("cuda")
    segment(session)
    engine.end(Failed(sentence="'cuda' cannot be used.", details="trace"))
    assert session.device_problem == "'cuda' cannot be used."
    assert told == []
    assert isinstance(engine.requests[1], PredictRequest)
    engine.work()
    session.check("cpu")
    engine.work()
    assert (session.device, session.device_problem) == (CHECKED, "")


def test_a_job_in_line_can_be_cancelled(session, engine):
    session.check()
    segment(session)
    session.cancel()
    assert engine.cancelled == 0
    engine.end(Done(result=CHECKED))
    assert len(engine.requests) == 1
    assert session.wanted is None


def test_r4_4_a_job_in_line_that_can_not_begin_is_told_and_all_is_as_before(session, engine):
    told = heard(session.failed)
    session.check()
    segment(session)

    def refuse(request, on_message):
        raise OSError(errno.ENOSPC, "No space left on device")

    engine.submit, submit = refuse, engine.submit
    engine.end(Done(result=CHECKED))
    assert session.device == CHECKED, "the answer that was waited for is not lost"
    assert [sentence for sentence, _ in told] == [
        "The disk is full: free some space, then try again."
    ]
    assert session.wanted is None
    assert session.why_not_run() == ""
    engine.submit = submit
    segment(session)


def test_a_fine_tuning_that_is_cancelled_in_line_leaves_nothing(session):
    session.check()
    session.fine_tune([correction()], FineTuneSettings())
    (folder,) = safe_folder().iterdir()
    session.cancel()
    assert session.wanted.kind == "check"
    assert not folder.exists()
    assert session.safe.found == []


def test_r13_3_what_goes_on_and_is_cancelled_in_line_is_offered_again(session):
    folder = interrupted(session)
    session.check()
    session.go_on(session.safe.found[0])
    assert session.safe.found == []
    session.cancel()
    assert [one.folder for one in session.safe.found] == [folder]


def test_r4_6_progress_is_told_and_forgotten_at_the_end(session, engine):
    told = heard(session.progressed)
    segment(session)
    engine.say(Progress(phase="tile", done=1, total=2, seconds_left=3))
    assert session.progress.done == 1
    assert len(told) == 1
    engine.end(Cancelled())
    assert session.progress is None


def test_r4_2_cancel_shows_at_once_and_keeps_the_tiles_that_are_done(session, engine):
    ends = heard(session.predicted)
    specimen = segment(session)
    engine.say(tile(0.7))
    session.cancel()
    assert session.why_not_run() == "Ending …"
    assert engine.cancelled == 1
    engine.end(Cancelled())
    assert ends == [(specimen, ((),))]
    assert session.why_not_run() == ""


def test_cancelling_before_the_first_tile_leaves_nothing(session, engine):
    ends = heard(session.predicted)
    specimen = segment(session)
    session.cancel()
    engine.end(Cancelled())
    assert ends == [(specimen, ())]


def test_r4_4_a_failure_is_told_once_and_all_is_as_before(session, engine):
    told = heard(session.failed)
    model = session.model
    segment(session)
    engine.end(Failed(sentence="The disk is full.", details="trace"))
    assert told == [("The disk is full.", "trace")]
    assert session.running is None
    assert session.model is model
    segment(session)


def test_r4_4_an_engine_that_can_not_start_is_no_running_job(session, engine):
    def refuse(request, on_message):
        raise OSError("no more processes")

    engine.submit, submit = refuse, engine.submit
    with pytest.raises(OSError, match="no more processes"):
        segment(session)
    assert session.running is None
    engine.submit = submit
    segment(session)


def test_notices_are_passed_on(session, engine):
    told = heard(session.noticed)
    segment(session)
    engine.say(Notice(text="Smaller tiles."))
    assert told == [("Smaller tiles.",)]


def test_fine_tuning_draws_its_curves(session, engine):
    session.fine_tune([correction()], FineTuneSettings())
    assert isinstance(engine.requests[0], FineTuneRequest)
    engine.say(StepDone(step=1, loss=0.5, learning_rate=0.1))
    engine.say(Validated(step=1, scores=BETTER))
    assert [step.loss for step in session.curves.steps] == [0.5]
    assert session.curves.tests[0].scores == BETTER


def test_r12_3_without_corrections_nothing_is_learned(session):
    with pytest.raises(ValueError, match="confirm a region"):
        session.fine_tune([], FineTuneSettings())


def interrupted(session):
    """What an interrupted training of the chosen model has left."""
    folder = safe_folder() / "a"
    folder.mkdir(parents=True)
    (folder / REQUEST).write_text(json.dumps({"model": str(session.model.path)}))
    (folder / f"{STATE}.json").write_text(json.dumps({"step": 5, "steps": 300}))
    (folder / STATE).write_bytes(b"state")
    session.safe.look()
    return folder


def tuned(session, engine):
    session.fine_tune([correction()], FineTuneSettings())
    engine.work()
    return Path(session.candidate.path)


def test_r13_2_keeping_adds_a_model_and_chooses_it(session, engine, library):
    kept = heard(session.kept)
    path = tuned(session, engine)
    before = {entry.path: entry.path.read_bytes() for entry in list_models()}
    entry = session.keep()
    assert session.model.card.id == entry.card.id
    assert session.candidate is None
    assert kept == [(entry,)]
    assert not path.exists()
    assert len(list_models()) == 3
    assert {p: p.read_bytes() for p in before} == before


def test_discarding_removes_the_new_model_only(session, engine):
    model, path = session.model, tuned(session, engine)
    session.discard()
    assert not path.exists()
    assert session.model is model
    assert len(list_models()) == 2
    with pytest.raises(ValueError, match="no new model"):
        session.keep()


def test_r4_7_fine_tuning_again_waits_for_the_decision(session, engine):
    path = tuned(session, engine)
    with pytest.raises(ValueError, match="Keep or discard"):
        session.fine_tune([correction()], FineTuneSettings())
    assert path.exists()
    assert session.candidate.path == str(path)
    session.discard()
    assert list(safe_folder().iterdir()) == []
    session.fine_tune([correction()], FineTuneSettings())


def test_a_fine_tuning_that_can_not_begin_leaves_nothing(session, engine):
    def refuse(request, on_message):
        raise OSError("no more processes")

    engine.submit = refuse
    with pytest.raises(OSError, match="no more processes"):
        session.fine_tune([correction()], FineTuneSettings())
    assert list(safe_folder().iterdir()) == []


def test_a_model_that_nobody_decided_on_is_offered_the_next_time(session, engine):
    path = tuned(session, engine)
    learnt = session.candidate
    assert session.safe.found == [], "it waits here"
    session.close()
    assert session.candidate is None
    again = Session(lambda: engine)
    again.safe.look()
    (found,) = again.safe.found
    assert "neither kept nor discarded" in unfinished_text(found, again.models)
    again.take_up(found)
    assert again.candidate == learnt
    assert again.running is None
    assert again.safe.found == []
    assert again.keep().card.id == learnt.card.id
    assert not path.exists()
    assert list(safe_folder().iterdir()) == []


def test_closing_ends_the_engine_and_late_messages_are_dropped(session, engine):
    specimen = segment(session)
    session.close()
    assert engine.closed
    engine.say(tile())
    assert specimen.probabilities is None


def test_after_closing_the_next_job_starts_another_engine(library):
    engines = []
    session = Session(lambda: engines.append(FakeEngine(quick=True)) or engines[-1])
    session.check()
    session.close()
    session.check()
    assert [engine.closed for engine in engines] == [True, False]


def test_messages_go_through_the_owners_thread(library, engine):
    waiting = []
    session = Session(lambda: engine, waiting.append)
    session.check()
    engine.end(Done(result=CHECKED))
    assert session.device is None
    waiting.pop()()
    assert session.device == CHECKED


def test_r6_3_where_the_user_looks_is_told_while_something_is_segmented(session, engine):
    session.look(Sight((), (0, 0, 2, 2)))
    segment(session)
    session.look(Sight((), (1, 1, 2, 2)))
    session.look(Sight((1,), (0, 0, 2, 2)))  # it is not segmented
    assert engine.words == [Looking(box=(1, 1, 2, 2))]
    engine.end(Cancelled())
    session.fine_tune([correction()], FineTuneSettings())
    session.look(Sight((), (0, 0, 2, 2)))
    assert len(engine.words) == 1


def test_a_correction_joins_a_fine_tuning_only_while_it_learns(session, engine):
    more, came = Joining(correction=correction()), heard(session.joined)
    session.join(more)
    segment(session)
    session.join(more)
    engine.end(Cancelled())
    assert not session.learns
    assert engine.words == []
    session.fine_tune([correction()], FineTuneSettings())
    assert session.learns
    session.join(more)
    assert engine.words == [more]
    said = Joined(image_id="a", at=more.at, step=3, known_px=5)
    engine.say(said)
    assert came == [(said,)]
    assert session.curves.joined == (said,)
    session.cancel()
    session.join(more)
    assert engine.words == [more], "it has been asked to end"
    engine.end(Cancelled())
    session.fine_tune([correction()], FineTuneSettings())
    assert session.curves.joined == (), "a new one begins"
