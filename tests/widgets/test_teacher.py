"""What is handed to the session to be learned, of open images and of the rest of a folder."""

import numpy as np
import pytest
import tifffile

from napari_unet.schema.requests import FineTuneRequest
from tests.session.fakes import two_cells


@pytest.fixture
def series(desk, settled, tmp_path):
    """A folder of two images; both are confirmed, as their second channel shows them."""
    folder = tmp_path / "images"
    folder.mkdir()
    for i in range(2):
        channels = np.stack([np.zeros((40, 60), np.float32), two_cells() * (i + 1)])
        tifffile.imwrite(folder / f"{i}.tif", channels, photometric="minisblack")
    opener = desk.opener
    opener.open_folder(folder)
    desk.stage.choose_channel(1)
    for path in opener.series.images:
        opener.open(path)
        settled()  # the second may be segmented by itself
        desk.segment("all")
        settled()
        desk.stage.work.corrector.confirm_view()
    assert opener.worked_on == [folder / "0.tif"]
    return opener


def open_colours(viewer):
    return viewer.add_image(np.zeros((30, 30, 3), np.uint8), name="overview", rgb=True)


def test_a_folder_is_learned_as_its_open_image_is_read_whichever_is_chosen(
    viewer, desk, series, engine, qtbot, said
):
    overview = open_colours(viewer)
    assert desk.stage.image is overview
    desk.teacher.teach()
    qtbot.waitUntil(lambda: isinstance(engine.requests[-1], FineTuneRequest))
    brightest = [correction.image.max() for correction in engine.requests[-1].corrections]
    assert sorted(brightest) == [1, 2]
    assert [(image.axes, channel) for image, channel in desk.teacher.taught.images] == [
        ("CYX", 1)
    ] * 2
    assert not any("left out" in sentence for sentence in said())


def test_r12_3_a_folder_of_which_no_image_is_open_is_not_learned_and_the_button_says_why(
    viewer, desk, series, panel, settled
):
    viewer.layers.remove(series.image)
    open_colours(viewer)
    assert not panel.fine_tune.run.isEnabled()
    assert "Open an image of the folder" in panel.fine_tune.reason.text()
    series.open(series.worked_on[0])
    settled()
    assert panel.fine_tune.run.isEnabled()


def test_the_next_image_is_read_as_the_one_before_whichever_is_chosen(viewer, desk, series):
    open_colours(viewer)
    series.previous()
    assert desk.stage.reading == ("CYX", 1)
