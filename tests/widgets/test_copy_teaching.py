"""Copy the last fine-tuning: Python and commands make the very same model."""

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from qtpy.QtWidgets import QApplication

from napari_unet.cli import main
from napari_unet.images.samples import cells
from napari_unet.jobs.inline import InlineEngine
from napari_unet.models.archive import read_model, write_model
from napari_unet.schema.requests import FineTuneRequest, PreviewRequest
from napari_unet.schema.settings import (
    FineTuneSettings,
    LossSettings,
    MaskSettings,
    PredictSettings,
)
from napari_unet.session.journal import Identity
from napari_unet.session.segmentation import NO_FILE
from napari_unet.session.taught import NOT_TAUGHT, TUNED, Taught
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.layers.opening import open_image
from tests.models_for_tests import tiny_model

PYTHON, COMMAND = 0, 1
QUICK = FineTuneSettings(
    steps=2, seconds=60, auto_input=False, loss=LossSettings(loss="bce+dice", sigma_px=3)
)


@pytest.fixture
def engine():
    return InlineEngine()


@pytest.fixture
def desk(viewer, engine, library):
    model = tiny_model(name="Finds")
    card = model.card.model_copy(update={"mask": MaskSettings(threshold=0.45)})
    write_model(replace(model, card=card), library / "finds.safetensors")
    desk = Desk(viewer, lambda: engine)
    desk.use_predict_settings(PredictSettings(device="cpu"))
    desk.session.choose(card.id)
    desk.teacher.use(QUICK)
    yield desk
    desk.close()


@pytest.fixture
def image(viewer, tmp_path, monkeypatch):
    """A file of two channels, opened."""
    monkeypatch.chdir(tmp_path)
    channels = np.stack([cells((64, 80), count=5, seed=seed)[0] for seed in (0, 1)])
    tifffile.imwrite(tmp_path / "my cells.tif", channels)
    return open_image(viewer, tmp_path / "my cells.tif")


@pytest.fixture
def taught(desk, settled):
    """Paint an object, say that all is right, and teach it."""

    def taught():
        desk.segment("all")
        settled()
        work = desk.stage.work
        work.results.masks.brush_size = 9
        work.results.masks.paint((30, 30), 7)
        work.corrector.confirm_view()
        desk.teacher.teach()
        settled()
        return read_model(Path(desk.session.candidate.path))

    return taught


@pytest.fixture
def copied(panel, qtbot):
    def copied(entry):
        QApplication.clipboard().clear()
        panel.fine_tune.copy.menu.actions()[entry].trigger()
        qtbot.waitUntil(lambda: QApplication.clipboard().text() != "")
        return QApplication.clipboard().text()

    return copied


def assert_same(found, expected):
    assert found.parameters.keys() == expected.parameters.keys()
    for name, values in expected.parameters.items():
        np.testing.assert_array_equal(found.parameters[name], values, err_msg=name)


def test_r9_2_what_is_copied_makes_the_same_model(image, desk, taught, copied, said):
    desk.stage.choose_channel(1)
    expected = taught()
    text = copied(PYTHON)
    assert "It teaches what is corrected when it is run." in said()[-1]
    assert "loss=LossSettings(loss='bce+dice', sigma_px=3" in text
    exec(compile(text, "<copied>", "exec"), {})
    assert_same(read_model(Path(TUNED)), expected)
    Path(TUNED).unlink()
    export, tune = [shlex.split(line)[1:] for line in copied(COMMAND).splitlines()]
    assert export[-2:] == ["--channel", "2"]
    assert "--no-auto-input" in tune
    assert main(export) == 0
    assert main([*tune, "--keep-anyway"]) == 0
    assert_same(read_model(Path(TUNED)), expected)


def one_taught(path):
    return Taught(Path("m"), None, ((Identity("content", path, "YX", (4, 4)), None),), QUICK)


def test_what_cannot_be_copied_says_the_remedy(panel, desk):
    copy = panel.fine_tune.copy.button
    assert not copy.isEnabled()
    assert copy.toolTip() == NOT_TAUGHT
    for path, reason in (("", NO_FILE), ("a.tif", "")):
        desk.teacher.taught = one_taught(path)
        desk.changed.emit()
        assert copy.isEnabled() is not bool(reason)
        assert copy.toolTip() == reason or not reason


def test_what_goes_on_from_an_earlier_session_is_not_copied(desk, engine, monkeypatch):
    monkeypatch.setattr(engine, "submit", lambda request, on_message: None)
    desk.teacher.taught = one_taught("a.tif")
    desk.session.run(PreviewRequest(model="m", corrections=[]), lambda message: None)
    assert desk.teacher.taught is not None
    desk.session.close()
    desk.session.run(FineTuneRequest(model="m", corrections=[]), lambda message: None)
    assert desk.teacher.taught is None


def test_an_image_that_is_another_one_now_is_not_copied(image, panel, taught, said, qtbot):
    taught()
    tifffile.imwrite("my cells.tif", np.ones((2, 64, 80), np.uint8))
    QApplication.clipboard().setText("before")
    panel.fine_tune.copy.menu.actions()[COMMAND].trigger()
    qtbot.waitUntil(lambda: any("does not hold the image" in text for text in said()))
    assert QApplication.clipboard().text() == "before"
