"""The engine is killed in the middle of a fine-tuning, and the next one goes on with it."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from napari_unet.images.samples import cells
from napari_unet.jobs.engine.client import Engine
from napari_unet.jobs.safekeeping import STATE
from napari_unet.models.archive import read_model, write_model
from napari_unet.schema.correction import Correction
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.session.session import Session
from napari_unet.session.unfinished import safe_folder, unfinished
from tests.models_for_tests import tiny_model
from tests.session.dies_once import DIES_AT

SETTINGS = FineTuneSettings(device="cpu", steps=12, seconds=36_000, auto_input=False)


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path))
    monkeypatch.setattr("napari_unet.models.library.shipped_folder", lambda: tmp_path / "none")
    (tmp_path / "models").mkdir()
    write_model(tiny_model(), tmp_path / "models" / "tiny.safetensors")
    session = Session(lambda: Engine("tests.session.dies_once:perform"))
    yield session
    session.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_r13_3_after_a_kill_it_goes_on_and_ends_bit_identical(session):
    image, labels = cells((96, 96), look="fluorescence", seed=1)
    known = np.ones(labels.shape, np.uint8)
    correction = Correction(image_id="a", image=image, labels=labels, known=known)
    wish = Path(session.model.path).with_name("die")

    whole = ended(session, lambda: session.fine_tune([correction], SETTINGS))
    made = Path(session.candidate.path)
    assert safe_folder() in made.parents, "it outlives the engine until it is decided on"
    session.discard()
    assert list(safe_folder().iterdir()) == [], "nothing is left of what came to its end"

    wish.touch()
    assert ended(session, lambda: session.fine_tune([correction], SETTINGS)) is None
    (found,) = session.safe.found
    assert found.step == DIES_AT - 1
    assert (found.steps, found.model) == (12, str(session.model.path))
    assert (found.folder / STATE).exists()

    resumed = ended(session, lambda: session.go_on(found))
    np.testing.assert_equal(numbers(resumed), numbers(whole))
    assert unfinished() == []
    session.discard()
    assert list(safe_folder().iterdir()) == []


def ended(session, start):
    """The new model of a training, read while it waits for a decision; None if it failed."""
    failures = []
    listener = session.failed.connect(lambda *what: failures.append(what))
    start()
    end = time.monotonic() + 120
    while session.candidate is None and not failures:
        assert time.monotonic() < end
        time.sleep(0.02)
    session.failed.disconnect(listener)
    return session.candidate and read_model(Path(session.candidate.path)).parameters


def numbers(parameters):
    return {name: value.numpy() for name, value in parameters.items()}
