import tempfile

import numpy as np
import pytest

from tests.session.journal.painting import Painter


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where journals are; the spare folder is beside it."""
    spare = tmp_path / "spare"
    spare.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spare))
    return tmp_path / "Eigene Daten #1 — µ" / "journals"


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.fixture
def told():
    """What `on_problem` was told."""
    return []


@pytest.fixture
def painted():
    """Somebody who has done some things, and all entries that came of it."""

    def paint(count, seed=0):
        painter, entries = Painter(), []
        painter.history.entered.connect(entries.append)
        random = np.random.default_rng(seed)
        while len(entries) < count:
            painter.act(random)
        return painter, entries

    return paint
