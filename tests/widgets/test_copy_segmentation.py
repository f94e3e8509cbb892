"""Copy as Python, copy as command: what is on the clipboard makes the mask of the layer again."""

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from qtpy.QtWidgets import QApplication

from napari_unet.cli import main
from napari_unet.images.overlaps import overlaps
from napari_unet.images.samples import cells
from napari_unet.jobs.inline import InlineEngine
from napari_unet.models.archive import write_model
from napari_unet.schema.settings import MaskSettings, PredictSettings
from napari_unet.session.segmentation import NO_FILE, NOT_SEGMENTED
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.layers.opening import open_image
from tests.models_for_tests import tiny_model
from tests.session.fakes import two_cells

PYTHON, COMMAND = 0, 1
MASK = MaskSettings(threshold=0.45, min_size_px=5)


@pytest.fixture
def library(library):
    """The model that all tests have, and one with parameters."""
    model = tiny_model(name="Finds")
    card = model.card.model_copy(update={"mask": MASK})
    write_model(replace(model, card=card), library / "finds.safetensors")
    return library


@pytest.fixture
def engine():
    return InlineEngine()


@pytest.fixture
def desk(viewer, engine):
    desk = Desk(viewer, lambda: engine)
    desk.use_predict_settings(PredictSettings(device="cpu", tile_px=32))
    (entry,) = [entry for entry in desk.session.models if entry.card.name == "Finds"]
    desk.session.choose(entry.card.id)
    yield desk
    desk.close()


@pytest.fixture
def stack(viewer, tmp_path, monkeypatch):
    """A file of three slices in two channels, opened as an image of which the second is chosen."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "it's 3 slices.tif"
    planes = [cells((48, 56), count=4, seed=seed)[0] for seed in range(6)]
    tifffile.imwrite(path, np.reshape(planes, (3, 2, 48, 56)))
    return open_image(viewer, path)


@pytest.fixture
def segment(desk, stack, settled):
    """Segment the second channel so that some pixels are found; returns the layer of masks."""

    def segment(scope="all", **mask):
        desk.stage.choose_channel(1)
        desk.segment("all")
        settled()
        middle = float(np.median(desk.stage.work.specimen.crop((0,))))
        desk.leave(stack)  # and again, as if nothing had been there before
        desk.use_mask_settings(MaskSettings(threshold=middle, min_size_px=5, **mask))
        desk.segment(scope)
        settled()
        return desk.stage.work.results.masks

    return segment


@pytest.fixture
def copied(panel, qtbot):
    """Choose an entry of the menu, and get what is on the clipboard then."""

    def copied(entry):
        QApplication.clipboard().clear()
        panel.segment.copy.menu.actions()[entry].trigger()
        qtbot.waitUntil(lambda: QApplication.clipboard().text() != "")
        return QApplication.clipboard().text()

    return copied


def shown(layer):
    """The masks as a stack; the layer has an axis of one channel, too."""
    return np.asarray(layer.data).reshape(3, 48, 56)


def made():
    (path,) = Path("masks").iterdir()
    masks = tifffile.imread(path)
    path.unlink()
    return masks


def run_python(text):
    exec(compile(text, "<copied>", "exec"), {})
    return made()


def run_command(line):
    program, *words = shlex.split(line)
    assert program == "napari-unet"
    assert main(words) == 0
    return made()


def test_r9_2_what_is_copied_makes_the_mask_of_the_layer(segment, copied):
    masks = shown(segment(split_touching=False))
    assert all(plane.any() for plane in masks)
    np.testing.assert_array_equal(run_python(copied(PYTHON)), masks)
    np.testing.assert_array_equal(run_command(copied(COMMAND)), masks)


def test_r9_2_a_mask_that_is_made_anew_has_the_same_objects(segment, copied, desk, settled):
    """In the layer those that stay keep their numbers; a script knows of no numbers before."""
    layer = segment()
    desk.use_mask_settings(desk.maker.settings.model_copy(update={"min_size_px": 9}))
    settled()
    for masks in (run_python(copied(PYTHON)), run_command(copied(COMMAND))):
        np.testing.assert_array_equal(masks > 0, shown(layer) > 0)
        for found, kept in zip(masks, shown(layer), strict=True):
            shared = overlaps(found, kept)
            assert shared.n_first == shared.n_second == len(shared.first) > 0


def test_r9_2_of_what_is_in_view_python_makes_just_that(segment, copied, desk, monkeypatch, said):
    monkeypatch.setattr(type(desk.stage), "box_in_view", (5, 0, 40, 50))
    layer = segment("view")
    (at,) = desk.stage.plane
    mask = shown(layer)[at]
    np.testing.assert_array_equal(run_python(copied(PYTHON)), mask)
    assert mask.any()
    assert not mask[:5].any()
    copied(COMMAND)
    assert said()[-1] == "Copied. The command segments all slices, not only the last one."


def test_settings_that_are_changed_later_are_not_of_the_last_run(segment, copied, desk):
    segment()
    text = copied(PYTHON)
    desk.use_predict_settings(PredictSettings(rotations=True))
    desk.stage.choose_channel(0)
    assert copied(PYTHON) == text


def test_what_was_corrected_by_hand_is_said_not_to_be_in_it(segment, copied, said):
    layer = segment()
    layer.paint((0, 0, 10, 10), 9)
    copied(PYTHON)
    assert said()[-1] == "Copied. What was corrected by hand is not in it."


def test_what_cannot_be_copied_says_the_remedy(panel, desk, viewer, stack, segment, settled):
    copy = panel.segment.copy.button
    assert not copy.isEnabled()
    assert copy.toolTip() == NOT_SEGMENTED
    segment()
    assert copy.isEnabled()
    viewer.add_image(two_cells(), name="of no file")
    desk.stage.choose(viewer.layers["of no file"])
    desk.segment("all")
    settled()
    assert not copy.isEnabled()
    assert copy.toolTip() == NO_FILE


def test_a_file_that_is_another_one_now_is_not_copied(panel, segment, tmp_path, said, qtbot):
    segment()
    tifffile.imwrite(tmp_path / "it's 3 slices.tif", np.ones((3, 2, 48, 56), np.uint8))
    QApplication.clipboard().setText("before")
    panel.segment.copy.menu.actions()[PYTHON].trigger()
    qtbot.waitUntil(lambda: any("does not hold the image" in text for text in said()))
    assert QApplication.clipboard().text() == "before"
