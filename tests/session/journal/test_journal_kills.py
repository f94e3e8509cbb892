"""A window that paints is killed; `lives.py` is what it does."""

import json
import os
import subprocess
import sys

import pytest

from tests.session.journal import system_calls

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has neither fork nor SIGKILL")
needs_calls = pytest.mark.skipif(
    system_calls.default_vfs() is None, reason="this Python has SQLite built in"
)


def lives(how, folder):
    command = [sys.executable, "-m", "tests.session.journal.lives", how, folder]
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "TMPDIR": str(folder), "OMP_NUM_THREADS": "1"},
    )
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def wrong(told):
    return [life for life in told if life.get("lost") or not life["right"]]


def test_r2_1_twenty_windows_killed_at_random_lose_nothing_that_was_acknowledged(outside):
    told = lives("random", outside)
    assert [life["ended"] for life in told] == [9] * 20
    assert told[-1]["kept"] > 20
    assert wrong(told) == []


@needs_calls
def test_r2_3_a_window_killed_in_any_operation_on_the_disk_loses_nothing(outside):
    told = lives("each", outside)
    assert sum(life["ended"] == 9 for life in told) > 100
    assert wrong(told) == []


@needs_calls
def test_r2_3_a_window_killed_while_a_journal_is_made_short_loses_nothing(outside):
    told = lives("compact", outside)
    assert sum(life["ended"] == 9 for life in told) > 20
    assert wrong(told) == []
    assert len({life["kept"] for life in told}) == 2  # the long one, or the short one
