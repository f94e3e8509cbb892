"""A window that paints is killed; `lives.py` is what it does."""

import os

import pytest

from tests.session.journal import system_calls
from tests.session.journal.killing import lives, wrong

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has neither fork nor SIGKILL")
needs_calls = pytest.mark.skipif(
    system_calls.default_vfs() is None, reason="this Python has SQLite built in"
)


def test_r2_1_twenty_windows_killed_at_random_lose_nothing_that_was_acknowledged(outside):
    told = lives("random", outside)
    assert [life["ended"] for life in told] == [9] * 20
    assert told[-1]["kept"] > 5
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
