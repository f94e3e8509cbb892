import tempfile

import pytest

from napari_unet.jobs.engine.client import Engine
from tests.jobs.listening import engine_threads


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where this test's private folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def engine(temporary):
    """An engine with the jobs of ``job_bodies``; afterwards nothing of it may be left."""
    engine = Engine(perform="tests.jobs.job_bodies:perform")
    yield engine
    engine.close()
    assert list(temporary.iterdir()) == []
    assert engine_threads() == []
