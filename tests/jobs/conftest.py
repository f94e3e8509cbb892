import tempfile
from pathlib import Path

import pytest
from listening import engine_threads

from napari_unet.jobs.engine.client import Engine


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where this test's private folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def engine(temporary, monkeypatch):
    """An engine with the jobs of ``job_bodies``; afterwards nothing of it may be left."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    engine = Engine(perform="job_bodies:perform")
    yield engine
    engine.close()
    assert list(temporary.iterdir()) == []
    assert engine_threads() == []
