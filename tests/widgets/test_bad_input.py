"""What cannot be segmented is said in one sentence, and the panel goes on as before."""

import numpy as np
import pytest

from napari_unet.jobs.inline import InlineEngine
from napari_unet.models.archive import write_model
from napari_unet.widgets.desk import Desk
from tests.models_for_tests import tiny_model


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A library of one real model, which takes grey images only."""
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path))
    monkeypatch.setattr("napari_unet.models.library.shipped_folder", lambda: tmp_path / "none")
    folder = tmp_path / "models"
    folder.mkdir()
    write_model(tiny_model(rgb="refuse"), folder / "grey.safetensors")
    return folder


@pytest.fixture
def desk(viewer, library):
    """A desk whose jobs are the real ones, in this process."""
    desk = Desk(viewer, InlineEngine)
    yield desk
    desk.close()


def segment(desk, settled):
    desk.segment("all")
    settled()
    return desk.stage.work.results


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (3, 2)])
def test_r10_2_the_smallest_images_are_segmented(desk, viewer, settled, size):
    viewer.add_image(np.ones(size, np.uint8))
    assert segment(desk, settled).labels(()).shape == size


def test_r8_4_pixels_that_are_no_numbers_are_said_once(desk, viewer, settled, said):
    image = np.random.default_rng(0).random((40, 40)).astype(np.float32)
    image[3, 4:7] = [np.nan, np.inf, -np.inf]
    viewer.add_image(image, contrast_limits=(0, 1))
    results = segment(desk, settled)
    assert said().count("3 pixels are no numbers: they count as the darkest.") == 1
    assert np.isfinite(results.specimen.probabilities).all()


def test_r8_3_a_colour_image_and_a_grey_model(desk, viewer, settled, said):
    viewer.add_image(np.zeros((20, 20, 3), np.uint8), rgb=True)
    segment(desk, settled)
    assert said()[-1] == "'Tiny' takes grey images: convert this colour image to grey first."
    assert not desk.why_not_segment()


def test_r9_4_a_damaged_model(desk, viewer, library, settled, said):
    path = library / "grey.safetensors"
    path.write_bytes(path.read_bytes()[:-40] + bytes(40))
    viewer.add_image(np.zeros((20, 20), np.uint8))
    segment(desk, settled)
    assert said()[-1] == (
        "'grey.safetensors' is damaged (its checksum differs); get the file again."
    )


@pytest.mark.parametrize("dtype", [bool, np.int16, np.float16, ">u2"])
def test_r8_4_every_dtype_that_napari_shows_is_segmented(desk, viewer, settled, said, dtype):
    """Complex numbers, texts and objects are refused by napari itself."""
    viewer.add_image(np.eye(20).astype(dtype))
    assert segment(desk, settled).labels(()).shape == (20, 20)
    assert not [message for message in said() if "went wrong" in message]
