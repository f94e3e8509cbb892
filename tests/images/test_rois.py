from zipfile import ZipFile

import numpy as np
import pytest
from roifile import ImagejRoi, roiread
from skimage.draw import polygon2mask

from napari_unet.images.rois import write_rois
from napari_unet.images.samples import cells

SIZE = (40, 50)


def saved(path, labels):
    write_rois(path, labels)
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        return {
            name.removesuffix(".roi"): ImagejRoi.frombytes(archive.read(name))
            for name in archive.namelist()
        }


def mask_of(roi, size=SIZE):
    """The pixels whose centres lie within an outline, as in ImageJ."""
    return polygon2mask(size, roi.coordinates()[:, ::-1] - 0.5)


def test_r15_1_each_object_is_one_outline_with_its_id(tmp_path):
    _, labels = cells((120, 160), count=20, seed=1)
    labels = np.where(labels == 3, 4_000_000_000, labels)
    found = saved(tmp_path / "m.zip", labels)
    assert {int(name) for name in found} == {*labels.flat} - {0}
    assert {roi.name for roi in roiread(tmp_path / "m.zip")} == {*found}
    for name, roi in found.items():
        assert roi.position == 0, "it belongs to the only plane"
        np.testing.assert_array_equal(mask_of(roi, labels.shape), labels == int(name))


def test_r15_1_outlines_of_a_stack_know_their_slice(tmp_path):
    stack = np.zeros((2, 3, *SIZE), np.uint16)
    stack[0, 2, 5:9, 5:9] = stack[1, 1, 20:30, 20:45] = 7
    found = saved(tmp_path / "m.zip", stack)
    assert {name: roi.position for name, roi in found.items()} == {"0003-7": 3, "0005-7": 5}
    np.testing.assert_array_equal(mask_of(found["0005-7"]), stack[1, 1] > 0)


def test_an_object_at_the_edge_or_of_one_pixel_has_an_outline(tmp_path):
    labels = np.zeros(SIZE, np.uint16)
    labels[0, 0], labels[-3:, -4:], labels[10] = 1, 2, 3
    for name, roi in saved(tmp_path / "m.zip", labels).items():
        np.testing.assert_array_equal(mask_of(roi), labels == int(name))


def test_pieces_of_an_object_are_all_there_and_its_holes_are_filled(tmp_path):
    labels = np.zeros(SIZE, np.uint16)
    labels[2:5, 2:5], labels[10:30, 10:30] = 5, 5
    labels[15:20, 15:20] = 0
    labels[9, 9] = 5  # touches a corner: no piece of its own
    found = saved(tmp_path / "m.zip", labels)
    assert set(found) == {"5", "5-2"}
    filled = labels > 0
    filled[15:20, 15:20] = True
    np.testing.assert_array_equal(mask_of(found["5"]) | mask_of(found["5-2"]), filled)
    assert mask_of(found["5"]).sum() == 401, "the largest piece has the id alone"


@pytest.mark.parametrize("shape", [SIZE, (3, *SIZE)])
def test_without_objects_there_is_an_empty_archive(tmp_path, shape):
    assert saved(tmp_path / "m.zip", np.zeros(shape, np.uint16)) == {}
