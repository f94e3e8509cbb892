import csv
import errno
import itertools

import numpy as np
import pytest
import tifffile
from PIL import Image
from roifile import roiread

from napari_unet import disk
from napari_unet.images.files import read_image, write_image, write_masks
from napari_unet.images.pairs import pair
from napari_unet.images.pixel_size import pixel_size_um
from napari_unet.images.samples import cells
from napari_unet.schema.correction import State
from napari_unet.session.exchange import corrected_planes, export, export_masks, read_masks
from napari_unet.session.origin import Origin
from napari_unet.training.folders import corrections_in

IMAGE, LABELS = cells((60, 80), count=8, seed=0)


def states(shape=IMAGE.shape):
    found = np.zeros(shape, np.uint8)
    found[..., :30, :30] = State.CONFIRMED
    found[..., 20:40, 20:40] |= np.uint8(State.CORRECTED)
    return found


pytestmark = pytest.mark.filterwarnings("ignore:.*stored as RGB:DeprecationWarning")


def saved(folder, name="cells", **changes):
    given = {"axes": "YX", "labels": LABELS, "states": states(), "image_of": lambda plane: IMAGE}
    return export(folder, name, **(given | changes))


# -- export


def test_fine_tuning_reads_what_was_exported_and_learns_what_was_confirmed(tmp_path):
    known = states()
    known[0, :5] = State.CONFIRMED | State.UNKNOWN
    known[1, :5] = State.CONFIRMED | State.AUDITED
    saved(tmp_path / "new folder", states=known)
    (correction,) = corrections_in(pair(tmp_path / "new folder"))
    np.testing.assert_array_equal(correction.image, IMAGE)
    np.testing.assert_array_equal(correction.labels, LABELS)
    expected = np.zeros(IMAGE.shape, bool)
    expected[:30, :30] = True
    expected[:2, :5] = False
    np.testing.assert_array_equal(correction.known > 0, expected)


def test_only_planes_of_which_something_was_said_are_written(tmp_path):
    stack = np.zeros((2, 12, 60, 80), np.uint8)
    stack[0, 3], stack[1, 11] = states(), states()
    labels = np.zeros(stack.shape, np.uint16)
    labels[:] = LABELS
    image = np.arange(24).reshape(2, 12, 1, 1) + IMAGE
    found = saved(
        tmp_path, axes="TCZYX", labels=labels, states=stack, image_of=lambda plane: image[plane]
    )
    assert [one.image.name for one in found.triples] == [
        "cells_t000_z003.tif",
        "cells_t001_z011.tif",
    ]
    assert corrected_planes(stack) == [(0, 3), (1, 11)]
    np.testing.assert_array_equal(read_image(found.triples[1].image), image[1, 11])
    assert len(corrections_in(pair(tmp_path))) == 2


def test_nothing_is_overwritten_and_that_is_told(tmp_path):
    first = saved(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    second = saved(tmp_path, labels=LABELS * 2)
    assert first.note == ""
    assert "'cells_2'" in second.note
    assert {path: path.read_bytes() for path in before} == before
    assert len(pair(tmp_path)) == 2


def test_where_nothing_was_said_there_is_nothing_to_export(tmp_path):
    with pytest.raises(ValueError, match="Nothing has been corrected or confirmed yet"):
        saved(tmp_path, states=np.zeros_like(states()))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("nth", [1, 7, 16, 20, 40])
def test_r2_3_all_planes_are_exported_or_none(tmp_path, monkeypatch, nth):
    operations = itertools.count(1)

    def fail(operation):
        if next(operations) == nth:
            raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(disk, "watch", fail)
    stack = np.stack([states()] * 3)
    with pytest.raises(OSError, match="broken"):
        saved(tmp_path / "out", axes="ZYX", labels=np.stack([LABELS] * 3), states=stack)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_file_in_the_way_of_the_folder_is_named(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(OSError, match="out"):
        saved(tmp_path / "out")


# -- masks alone


ENDS = ["_masks.tif", "_measurements.csv", "_rois.zip"]


def masks_saved(folder, labels=LABELS, image=IMAGE, path="", axes="YX", **changes):
    return export_masks(folder, "cells", labels, Origin(image, str(path)), axes, **changes)


@pytest.mark.parametrize("highest", [9, 70_000])
def test_r15_1_masks_are_read_back_as_they_were(tmp_path, highest):
    labels = np.where(LABELS.max() == LABELS, np.uint32(highest), LABELS)
    write_image(tmp_path / "cells.tif", IMAGE, 0.25)
    masks, table, rois = masks_saved(tmp_path / "new folder", labels, path=tmp_path / "cells.tif")
    with tifffile.TiffFile(masks) as tif:
        found = tif.asarray()
        assert tif.is_imagej
        assert tif.pages.first.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
    np.testing.assert_array_equal(found, labels)
    assert found.dtype == (np.uint16 if highest < 2**16 else np.uint32)
    assert pixel_size_um(masks) == 0.25
    assert [path.name for path in (masks, table, rois)] == [f"cells{end}" for end in ENDS]
    ids = [int(line.partition(",")[0]) for line in table.read_text("utf-8").splitlines()[1:]]
    assert ids == sorted({*labels.flat} - {0})
    assert {int(roi.name) for roi in roiread(rois)} == {*ids}


def test_r15_1_a_series_of_stacks_is_one_stack_for_imagej(tmp_path):
    labels = np.arange(6).reshape(2, 3, 1, 1) * np.minimum(LABELS, 1)
    image = np.arange(12).reshape(2, 3, 2, 1, 1) + np.zeros_like(IMAGE, int)
    masks, table, _ = masks_saved(tmp_path, labels, image, axes="TZCYX", channel=1)
    np.testing.assert_array_equal(tifffile.imread(masks), labels.reshape(6, *LABELS.shape))
    rows = csv.DictReader(table.read_text("utf-8").splitlines())
    found = [[int(row[name]) for name in ("t", "z", "id", "intensity_mean")] for row in rows]
    assert found == [[0, 1, 1, 3], [0, 2, 2, 5], [1, 0, 3, 7], [1, 1, 4, 9], [1, 2, 5, 11]]


@pytest.mark.parametrize("shape", [(1, 60, 80), (1, 1, 60, 80), (3, 1, 80), (1, 1)])
def test_r15_1_stacks_of_every_shape_are_read_back(tmp_path, shape):
    labels = np.resize(LABELS, shape)
    masks, *_ = masks_saved(tmp_path, labels, labels, axes="TZYX"[-len(shape) :])
    assert read_masks(masks, shape).labels.tobytes() == labels.astype(np.uint16).tobytes()


def test_r15_1_of_classes_the_class_of_each_pixel_is_saved_and_nothing_else(tmp_path):
    (masks,) = masks_saved(tmp_path, np.minimum(LABELS, 2), classes=3)
    found = tifffile.imread(masks)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.minimum(LABELS, 2))


def test_masks_lie_beside_their_image_and_overwrite_nothing(tmp_path):
    tifffile.imwrite(tmp_path / "cells.tif", IMAGE)
    (tmp_path / "cells_2_measurements.csv").touch()
    masks_saved(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(pair(tmp_path)) == 1, "they are the labels of the image"
    again = masks_saved(tmp_path)
    assert [path.name for path in again] == [f"cells_3{end}" for end in ENDS]
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("nth", [1, 7, 10, 13])
def test_r2_3_all_files_of_masks_are_saved_or_none(tmp_path, monkeypatch, nth):
    operations = itertools.count(1)

    def fail(operation):
        if next(operations) == nth:
            raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(disk, "watch", fail)
    with pytest.raises(disk.NotSaved, match="choose another folder"):
        masks_saved(tmp_path)
    assert not list(tmp_path.iterdir())


# -- import


def test_what_was_exported_is_read_as_it_was(tmp_path):
    one = np.where(LABELS == 3, np.uint16(7), np.uint16(0))  # not taken for 0/255
    triple = saved(tmp_path, labels=one).triples[0]
    found = read_masks(triple.masks, one.shape)
    np.testing.assert_array_equal(found.labels, one)
    np.testing.assert_array_equal(found.states, states())
    triple.known.unlink()
    alone = read_masks(triple.masks, one.shape)
    assert alone.states is None
    assert set(np.unique(alone.labels)) == {0, 1}


TWO = np.zeros((60, 80), np.uint8)
TWO[5:20, 5:20] = TWO[30:50, 30:60] = 1


@pytest.mark.parametrize(
    "values",
    [
        TWO,
        TWO * 255,
        TWO > 0,
        TWO.astype(np.float32),
        TWO[None],
        TWO[..., None],
        np.dstack([TWO * 255] * 3),
        np.dstack([TWO * 200, TWO * 0, TWO * 0, TWO * 255]),
    ],
)
@pytest.mark.parametrize("shape", [(60, 80), (1, 60, 80)])
def test_r12_5_masks_of_two_values_come_apart(tmp_path, values, shape):
    tifffile.imwrite(tmp_path / "m.tif", values)
    labels, known = read_masks(tmp_path / "m.tif", shape)
    assert labels.shape == shape
    assert known is None
    assert [np.count_nonzero(labels == id_) for id_ in (1, 2)] == [225, 600]


def test_r12_5_a_stack_of_two_values_comes_apart_plane_by_plane(tmp_path):
    tifffile.imwrite(tmp_path / "m.tif", np.stack([TWO * 255] * 3))
    labels, _ = read_masks(tmp_path / "m.tif", (3, 60, 80))
    assert labels.max() == 6
    np.testing.assert_array_equal(labels > 0, np.stack([TWO] * 3) > 0)


@pytest.mark.parametrize("axes", [(3,), (3, 2)])
def test_r12_5_ids_of_a_stack_stay_also_where_a_plane_has_one_alone(tmp_path, axes):
    stack = np.zeros((*axes, 60, 80), np.uint16)
    stack[0], stack[2] = LABELS, np.where(LABELS == 2, 2, 0)
    tifffile.imwrite(tmp_path / "m.tif", stack)
    labels, _ = read_masks(tmp_path / "m.tif", stack.shape)
    np.testing.assert_array_equal(labels, stack)


def test_r12_5_more_ids_than_16_bits_hold_are_kept(tmp_path):
    ids = np.kron(np.arange(300 * 300).reshape(300, 300), np.ones((3, 3), int))
    write_masks(tmp_path / "m.tif", ids)
    labels, _ = read_masks(tmp_path / "m.tif", ids.shape)
    assert labels.dtype == np.uint32
    np.testing.assert_array_equal(labels, ids)


def test_r12_5_each_colour_is_an_object(tmp_path):
    colours = np.random.default_rng(0).integers(1, 255, (LABELS.max() + 1, 3), np.uint8)
    colours[0] = 0
    Image.fromarray(colours[LABELS]).save(tmp_path / "m.png")
    labels, _ = read_masks(tmp_path / "m.png", LABELS.shape)
    assert len({*zip(labels.flat, LABELS.flat, strict=True)}) == LABELS.max() + 1


@pytest.mark.parametrize(
    ("values", "shape", "says"),
    [
        (
            LABELS[:-1],
            (60, 80),
            r"m.tif' has the shape \(59, 80\) and the image \(60, 80\): choose",
        ),
        (LABELS.T, (60, 80), r"has the shape \(80, 60\)"),
        (np.stack([LABELS] * 5), (60, 80), r"has the shape \(5, 60, 80\)"),
        (LABELS, (5, 60, 80), r"the image \(5, 60, 80\)"),
        (np.dstack([LABELS] * 3)[:-1], (60, 80), r"\(59, 80, 3\)"),
        (LABELS / 2, (60, 80), "holds fractions"),
        (LABELS * np.nan, (60, 80), "holds fractions"),
        (LABELS.astype(np.int16) - 1, (60, 80), "holds numbers below 0"),
        (IMAGE, (60, 80), "m.tif' looks like an image.*choose the file of its masks"),
    ],
)
def test_r12_5_what_cannot_be_meant_is_refused(tmp_path, values, shape, says):
    tifffile.imwrite(tmp_path / "m.tif", values)
    with pytest.raises(ValueError, match=says):
        read_masks(tmp_path / "m.tif", shape)


def test_a_triple_of_another_image_is_refused(tmp_path):
    triple = saved(tmp_path).triples[0]
    with pytest.raises(ValueError, match=r"and the image \(64, 64\)"):
        read_masks(triple.masks, (64, 64))


@pytest.mark.parametrize("shape", [(3, 60, 80), (4, 60, 80), (60, 80, 3), (2, 60, 80, 3)])
def test_axes_of_three_are_colour_only_where_the_image_has_none(tmp_path, shape):
    stack = np.zeros(shape, np.uint8)
    stack[..., 20:, :], stack[..., 40:, :] = 4, 7
    tifffile.imwrite(tmp_path / "m.tif", stack)  # which tells slices from colours by their number
    labels, _ = read_masks(tmp_path / "m.tif", shape)
    np.testing.assert_array_equal(labels, stack)
