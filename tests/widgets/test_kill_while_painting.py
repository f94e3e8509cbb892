"""A window in which somebody paints is killed; `painter.py` is who paints."""

import os

import pytest

from tests.session.journal import system_calls
from tests.session.journal.killing import lives, wrong

PAINTER = "tests.widgets.painter:Painter"
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.name == "nt", reason="Windows has neither fork nor SIGKILL"),
]


def test_r2_1_twenty_windows_killed_while_somebody_paints_lose_no_stroke(outside):
    told = lives("random", outside, PAINTER)
    assert [life["ended"] for life in told] == [9] * 20
    assert told[-1]["kept"] > 0  # they did paint; how much depends on the machine
    assert wrong(told) == []


@pytest.mark.skipif(system_calls.default_vfs() is None, reason="this Python has SQLite built in")
def test_r2_1_killed_in_any_operation_on_the_disk_while_somebody_paints(outside):
    told = lives("each", outside, PAINTER)
    assert sum(life["ended"] == 9 for life in told) > 100
    assert wrong(told) == []
