import numpy as np
import pytest
import tifffile

from napari_unet.session import verdicts
from napari_unet.session.edits import Edit, Region
from napari_unet.session.gathering import corrections_of, gather
from napari_unet.session.journal import Journal
from napari_unet.session.origin import Origin
from napari_unet.session.runs import Runs
from napari_unet.session.specimen import Specimen


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path / "home"))


@pytest.fixture
def confirmed(tmp_path):
    """Save an image, and a journal in which one object and a region of it are confirmed."""

    def confirmed(name, shape=(12, 16), axes="YX", plane=()):
        pixels = np.random.default_rng(len(name)).integers(0, 255, shape, np.uint8)
        path = tmp_path / name
        tifffile.imwrite(path, pixels, photometric="minisblack")
        identity = Origin(pixels, str(path)).identity(axes)
        specimen, journal = Specimen.of(identity), Journal(identity)
        specimen.history.entered.connect(journal.write)
        box, new = (2, 3, 5, 7), np.full((3, 4), 6)
        specimen.history.do(Edit("segment", Runs.of_box(identity.shape, plane, box, new * 0, new)))
        specimen.history.do(verdicts.confirmed(specimen.history, Region(plane, (0, 0, 8, 8))))
        journal.close()
        return path, pixels

    return confirmed


def test_r1_4_what_was_confirmed_on_closed_images_is_learned(confirmed):
    path, pixels = confirmed("cells #1.tif")
    (correction,) = corrections_of(path, "YX", None)
    assert np.array_equal(correction.image, pixels)
    assert np.array_equal(np.argwhere(correction.labels == 6).min(axis=0), (2, 3))
    assert np.count_nonzero(correction.known) == 64


def test_a_plane_of_a_stack_is_found_where_it_is(confirmed):
    path, pixels = confirmed("stack.tif", (4, 12, 16), "ZYX", (2,))
    (correction,) = corrections_of(path, "ZYX", None)
    assert np.array_equal(correction.image, pixels[2])
    assert correction.image_id.endswith(":2")


def test_r12_2_what_is_left_out_is_named(confirmed, tmp_path):
    path, _ = confirmed("good.tif")
    (tmp_path / "broken.tif").write_bytes(b"no image")
    found = gather([tmp_path / "broken.tif", path, tmp_path / "gone.tif"], "YX", None)
    assert len(found.corrections) == 1
    assert [text.split("'")[1] for text in found.left_out] == ["broken.tif", "gone.tif"]


def test_an_image_of_which_nothing_was_confirmed_gives_nothing(tmp_path):
    tifffile.imwrite(tmp_path / "new.tif", np.zeros((9, 9), np.uint8))
    assert corrections_of(tmp_path / "new.tif", "YX", None) == []
