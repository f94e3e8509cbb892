"""A training is kept while it runs, and found again after a crash; never before, never after."""

import json
import os
import time
from datetime import datetime
from pathlib import Path

import pytest

from napari_unet.jobs.messages import Cancelled, Failed
from napari_unet.jobs.safekeeping import REQUEST, STATE
from napari_unet.session.unfinished import (
    Safe,
    Unfinished,
    safe_folder,
    unfinished,
    unfinished_text,
)

FAILED = Failed(sentence="It failed.", details="")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def safe():
    safe = Safe()
    yield safe
    safe.release()


def keep(folder, step=120, model="one.safetensors"):
    """What a training writes."""
    (folder / REQUEST).write_text(json.dumps({"model": model}))
    (folder / f"{STATE}.json").write_text(json.dumps({"step": step, "steps": 300}))
    (folder / STATE).write_bytes(b"state")
    return folder


def interrupted(name="a", **what):
    folder = safe_folder() / name
    folder.mkdir(parents=True)
    return keep(folder, **what)


def test_nothing_was_interrupted_where_nothing_ran():
    assert unfinished() == []
    assert not safe_folder().exists()


def test_r13_3_what_was_interrupted_is_found_the_newest_first():
    old, new = interrupted("old", step=5), interrupted("new")
    os.utime(old / STATE, (1, 1))
    found = unfinished()
    assert [(one.folder, one.step, one.steps) for one in found] == [(new, 120, 300), (old, 5, 300)]
    assert found[0].model == "one.safetensors"
    assert abs(found[0].when.timestamp() - time.time()) < 60


def test_what_runs_now_is_offered_to_nobody(safe):
    folder = Path(safe.open())
    keep(folder)
    assert unfinished() == []
    running = Unfinished(folder, "one.safetensors", 120, 300, datetime.now())
    with pytest.raises(ValueError, match="Another window"):
        Safe().reopen(running)
    safe.release()
    assert [one.folder for one in unfinished()] == [folder]


def test_at_its_normal_end_nothing_is_left(safe):
    keep(Path(safe.open()))
    safe.empty()
    assert list(safe_folder().iterdir()) == []
    assert safe.found == []


def test_cancelled_before_its_state_was_saved_it_leaves_nothing(safe):
    (Path(safe.open()) / REQUEST).write_text("{}")
    safe.hear(Cancelled())
    assert list(safe_folder().iterdir()) == []


def test_r4_2_stopped_by_force_it_can_be_gone_on_with(safe):
    """Its process was killed before it could return the best that it had reached."""
    folder = keep(Path(safe.open()))
    safe.hear(Cancelled())
    assert [one.folder for one in safe.found] == [folder]


def test_after_a_crash_of_the_engine_it_is_offered_until_it_is_forgotten(safe):
    folder = keep(Path(safe.open()))
    safe.hear(FAILED)
    (found,) = safe.found
    assert found.folder == folder
    safe.reopen(found)
    safe.hear(FAILED)
    safe.forget(folder)
    assert safe.found == []
    assert not folder.exists()


def test_what_was_interrupted_before_it_was_saved_is_not_offered_and_goes_in_the_end(safe):
    folder = safe_folder() / "empty"
    folder.mkdir(parents=True)
    (folder / REQUEST).write_text("{}")
    assert unfinished() == []
    assert folder.exists()
    os.utime(folder, (1, 1))
    assert unfinished() == []
    assert not folder.exists()


def test_what_could_not_be_removed_is_not_offered_again(safe, monkeypatch):
    """Windows keeps files that are still mapped."""
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
    folder = keep(Path(safe.open()))
    safe.empty()
    assert folder.exists()
    assert unfinished() == []


def test_a_damaged_one_hides_no_other(caplog):
    interrupted("good")
    (interrupted("bad") / REQUEST).write_text("no json")
    assert [one.folder.name for one in unfinished()] == ["good"]
    assert "damaged" in caplog.text


def test_where_nothing_can_be_written_training_goes_on_without(safe, home):
    (home / "trainings").write_text("a file is in the way")
    assert safe.open() is None
    safe.hear(FAILED)
    assert safe.found == []


def test_it_says_which_training_and_when():
    from_elsewhere = Unfinished(Path("a"), "gone", 120, 300, datetime(2020, 3, 9, 8, 5))
    text = "A training was interrupted at step 120 of 300 (9 March 2020, 08:05)."
    assert unfinished_text(from_elsewhere, []) == text
    today = from_elsewhere._replace(when=datetime.now().replace(hour=14, minute=2))
    assert unfinished_text(today, []).endswith("(today 14:02).")
