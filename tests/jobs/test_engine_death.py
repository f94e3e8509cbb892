"""Deaths: of the engine's process, of the window's, and what is left of them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from napari_unet.jobs.engine.client import Engine
from napari_unet.jobs.messages import Done, Failed
from tests.jobs.listening import Heard, ask, comes_true, engine_threads, is_alive

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


def hear(engine, body):
    heard = Heard()
    engine.submit(ask(body), heard)
    return heard


@pytest.mark.parametrize(
    ("body", "cause"), [("segfault", "Segmentation fault"), ("killed", "memory")]
)
def test_r4_4_a_dead_process_is_told_and_the_next_click_starts_another(engine, body, cause):
    heard = hear(engine, body)
    end = heard.end()
    assert isinstance(end, Failed)
    assert cause in end.sentence
    assert "next click" in end.sentence
    assert heard.messages.count(end) == 1
    assert isinstance(hear(engine, "count").end(), Done)


def test_the_details_of_a_crash_name_the_line(engine):
    details = hear(engine, "segfault").end().details
    assert "do_segfault" in details
    assert f"exit status -{int(signal.SIGSEGV)}" in details


def test_a_process_that_dies_between_two_jobs_is_replaced(engine):
    first = hear(engine, "dies-idle")
    first.end()
    assert comes_true(lambda: not engine_threads())
    assert not is_alive(int(first.texts[0]))
    assert isinstance(hear(engine, "count").end(), Done)


def test_an_engine_that_cannot_start_says_so(temporary):
    engine = Engine(perform="no_such_module:perform")
    end = hear(engine, "count").end()
    assert "exit status 1" in end.sentence
    assert "no_such_module" in end.details
    engine.close()
    assert list(temporary.iterdir()) == []


WINDOW = """
import sys, time
from tests.jobs.listening import ask
from napari_unet.jobs.engine.client import Engine

engine = Engine(perform="tests.jobs.job_bodies:perform")
engine.submit(ask(sys.argv[1]), lambda message: print(getattr(message, "text", ""), flush=True))
time.sleep(60)
"""


def start_window(script, folder, *arguments):
    path = folder / "a script without a main guard.py"
    path.write_text(script)
    (folder / "temporary").mkdir()
    return subprocess.Popen(
        [sys.executable, str(path), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "TMPDIR": str(folder / "temporary"),
        },
    )


@pytest.mark.parametrize("body", ["endless", "endless-tiles"])
def test_the_process_and_its_folder_go_when_the_window_is_killed(body, tmp_path):
    window = start_window(WINDOW, tmp_path, body)
    pid = int(window.stdout.readline())
    assert is_alive(pid)
    assert len(list((tmp_path / "temporary").iterdir())) == 1
    window.kill()
    window.communicate()
    assert comes_true(lambda: not is_alive(pid), 3)
    assert list((tmp_path / "temporary").iterdir()) == []


SCRIPT = """
import sys
from tests.jobs.listening import Heard, ask
from napari_unet.jobs.engine.client import Engine

engine, heard = Engine(perform="tests.jobs.job_bodies:perform"), Heard()
engine.warm_up()
engine.submit(ask("torch"), heard)
print(heard.end(60).kind, heard.texts[0], "torch" in sys.modules, "scipy" in sys.modules)
"""


def test_r4_3_works_from_a_script_without_a_main_guard_that_forgets_to_close(tmp_path):
    """R5.5: the process has torch, the window never imports it."""
    window = start_window(SCRIPT, tmp_path)
    out, _ = window.communicate(timeout=90)
    lines = out.splitlines()
    assert len(lines) == 1
    kind, version, torch_here, scipy_here = lines[0].split()
    assert kind == "done"
    assert version[0].isdigit()
    assert (torch_here, scipy_here) == ("False", "False")
    assert comes_true(lambda: list((tmp_path / "temporary").iterdir()) == [])
