import dask.array as da
import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage.io import imread

from napari_unet.images.codecs import plane_size
from napari_unet.images.files import (
    as_image,
    read_image,
    read_labels,
    read_states,
    write_masks,
    write_probabilities,
)

RAMP = np.arange(12 * 10, dtype=np.uint8).reshape(12, 10)
TWO_SQUARES = np.zeros((12, 10), np.uint8)
TWO_SQUARES[1:4, 1:4] = TWO_SQUARES[6:9, 5:9] = 1


def broken_dask():
    def fail(block):
        raise OSError("the disk went away")

    return da.from_array(RAMP).map_blocks(fail, dtype=np.uint8, meta=RAMP)


# -- the one door for arrays


@pytest.mark.parametrize(
    "array",
    [
        RAMP,
        RAMP > 5,
        RAMP.astype(np.int32) - 50,
        RAMP.astype(np.float16),
        RAMP.astype(">u2"),
        RAMP.astype(">f8")[::-1, ::-2],
        RAMP[::-1],
        np.broadcast_to(RAMP[:1], (5, 10)),
        da.from_array(RAMP),
        RAMP.tolist(),
        np.zeros((1, 1, 1, 1, 1)),
    ],
)
def test_r8_4_every_real_array_passes_with_its_values(array):
    image = as_image(array)
    assert np.array_equal(image, np.asarray(array))
    assert image.dtype.isnative
    assert min(image.strides) >= 0


def test_r8_4_a_good_array_is_not_copied_and_may_be_read_only():
    frozen = RAMP.copy()
    frozen.flags.writeable = False
    assert as_image(frozen) is frozen


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.array([[None, 1]]), "The image holds object, not grey values"),
        (np.array([["a"]]), "not grey values"),
        (np.zeros((3, 3), complex), "holds complex128"),
        (np.zeros((3, 3), [("a", int)]), "not grey values"),
        (np.zeros((3, 3), "M8[s]"), "not grey values"),
        (np.float64(3), "2 to 5 axes and at least one pixel"),
        (np.zeros(5), "2 to 5 axes"),
        (np.zeros((0, 5)), "at least one pixel"),
        (np.zeros((1,) * 6), "2 to 5 axes"),
        ([[1, 2], [3]], "could not be loaded"),
        (broken_dask(), "could not be loaded .the disk went away"),
    ],
)
def test_what_is_no_image_is_refused_in_one_sentence(array, says):
    with pytest.raises(ValueError, match=says):
        as_image(array)


# -- reading


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("a.png", RAMP),
        ("a.png", RAMP.astype(np.uint16) * 500),
        ("a.png", RAMP > 5),
        ("a.png", np.dstack([RAMP, RAMP + 1, RAMP + 2])),
        ("a.png", np.dstack([RAMP, RAMP + 1, RAMP + 2, RAMP + 3])),
        ("a b#é.tif", RAMP.astype(np.float32) / 7),
        ("a.TIFF", np.stack([RAMP] * 7)),
        ("a.tif", np.dstack([RAMP, RAMP + 1, RAMP + 2])),
    ],
)
def test_files_are_read_as_they_are(tmp_path, name, array):
    path = tmp_path / name
    if path.suffix == ".png":
        Image.fromarray(array).save(path)
    else:
        tifffile.imwrite(path, array)
    image = read_image(path)
    assert image.dtype == array.dtype
    assert np.array_equal(image, array)
    assert plane_size(path) == (12, 10)


def test_colour_planes_of_a_tiff_come_last(tmp_path):
    planar = np.stack([RAMP, RAMP + 1, RAMP + 2])
    tifffile.imwrite(tmp_path / "a.tif", planar, photometric="rgb", planarconfig="separate")
    assert np.array_equal(read_image(tmp_path / "a.tif"), np.moveaxis(planar, 0, -1))


def test_compressions_that_tifffile_does_not_know_are_read(tmp_path):
    frames = [Image.fromarray(RAMP + i) for i in range(3)]
    frames[0].save(tmp_path / "one.tif", compression="tiff_lzw")
    frames[0].save(
        tmp_path / "many.tif", compression="tiff_lzw", save_all=True, append_images=frames[1:]
    )
    assert np.array_equal(read_image(tmp_path / "one.tif"), RAMP)
    assert np.array_equal(read_image(tmp_path / "many.tif"), [RAMP, RAMP + 1, RAMP + 2])


def test_palettes_and_transparent_grey_are_read(tmp_path):
    palette = Image.fromarray(RAMP // 40).convert("P")
    palette.putpalette([0, 0, 0, 10, 20, 30, 40, 50, 60])
    palette.save(tmp_path / "p.png")
    assert read_image(tmp_path / "p.png")[11, 9].tolist() == [40, 50, 60]
    Image.fromarray(np.dstack([RAMP, RAMP]), "LA").save(tmp_path / "la.png")
    assert np.array_equal(read_image(tmp_path / "la.png"), RAMP)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_broken_files_are_named_in_one_sentence(tmp_path, suffix):
    path = tmp_path / f"cut{suffix}"
    noise = np.random.default_rng(0).integers(0, 255, (40, 40), np.uint8)
    if suffix == ".tif":
        tifffile.imwrite(path, noise, compression="zlib")
    else:
        Image.fromarray(noise).save(path)
    whole = path.read_bytes()
    for cut in range(0, len(whole) - 300, 97):
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match=f"cut{suffix}' cannot be read as an image"):
            read_image(path)
    path.write_bytes(b"<html>")
    with pytest.raises(ValueError, match="save it again as TIFF or PNG"):
        plane_size(path)
    path.unlink()
    with pytest.raises(ValueError, match=f"There is no file '.*cut{suffix}'"):
        read_image(path)


# -- labels


@pytest.mark.parametrize(
    "values",
    [
        TWO_SQUARES,
        TWO_SQUARES * 255,
        TWO_SQUARES > 0,
        TWO_SQUARES[..., np.newaxis],
        np.dstack([TWO_SQUARES * 255] * 3),
        np.dstack([TWO_SQUARES * 200, TWO_SQUARES * 10, TWO_SQUARES]),
        np.dstack([TWO_SQUARES * 255] * 3 + [np.full_like(TWO_SQUARES, 255)]),
        np.dstack([np.full_like(TWO_SQUARES, 9)] * 3 + [TWO_SQUARES * 255]),
    ],
)
def test_r12_5_a_mask_of_one_value_gives_an_object_for_each_piece(tmp_path, values):
    tifffile.imwrite(tmp_path / "m.tif", values)
    labels = read_labels(tmp_path / "m.tif")
    expected = TWO_SQUARES.astype(np.uint16)
    expected[6:9, 5:9] = 2
    assert np.array_equal(labels, expected)
    assert labels.dtype == np.uint16


@pytest.mark.parametrize("scale", [1, 1.0, 300, 70_000, 2**40])
def test_r12_5_ids_stay_as_they_are(tmp_path, scale):
    ids = (RAMP.astype(np.int64) % 4) * scale
    np_dtype = np.float64 if scale == 1.0 else np.int64
    tifffile.imwrite(tmp_path / "m.tif", ids.astype(np_dtype))
    labels = read_labels(tmp_path / "m.tif")
    assert labels.dtype == (np.uint32 if scale == 70_000 else np.uint16)
    assert np.array_equal(labels, ids if scale < 2**32 else RAMP % 4)


def test_r12_5_each_colour_is_an_object_and_black_is_background(tmp_path):
    colours = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [255, 0, 1]], np.uint8)
    Image.fromarray(colours[RAMP % 4]).save(tmp_path / "m.png")
    labels = read_labels(tmp_path / "m.png")
    assert {*zip((RAMP % 4).flat, labels.flat, strict=True)} == {(0, 0), (1, 1), (2, 2), (3, 3)}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (RAMP / 7, "'.*m.tif' holds fractions"),
        (np.full((4, 4), np.inf), "holds fractions"),
        (RAMP.astype(np.int16) - 5, "holds numbers below 0"),
        (np.stack([RAMP] * 7), r"shape \(7, 12, 10\), not that of one plane"),
        (np.dstack([RAMP + 1, RAMP, RAMP]), "make its background black"),
    ],
)
def test_r12_5_what_cannot_be_labels_is_refused(tmp_path, values, says):
    tifffile.imwrite(tmp_path / "m.tif", values)
    with pytest.raises(ValueError, match=says):
        read_labels(tmp_path / "m.tif")


def test_r12_5_jpeg_labels_are_refused(tmp_path):
    Image.fromarray(TWO_SQUARES).save(tmp_path / "m.jpg")
    with pytest.raises(ValueError, match="a JPEG, which blurs labels"):
        read_labels(tmp_path / "m.jpg")


@pytest.mark.parametrize(
    ("values", "states"),
    [
        (RAMP % 16, RAMP % 16),
        (RAMP % 16 > 3, RAMP % 16 > 3),
        (TWO_SQUARES * 255, TWO_SQUARES),
        (TWO_SQUARES * 1.0, TWO_SQUARES),
        (np.dstack([TWO_SQUARES * 255] * 3), TWO_SQUARES),
        (np.dstack([RAMP * 0, TWO_SQUARES * 9, RAMP * 0, RAMP + 1]), TWO_SQUARES),
        (RAMP[None] % 16, RAMP % 16),
    ],
)
def test_r12_1_what_is_known_is_read_from_any_mask(tmp_path, values, states):
    tifffile.imwrite(tmp_path / "known.tif", values)
    found = read_states(tmp_path / "known.tif")
    assert found.dtype == np.uint8
    assert np.array_equal(found, states)


# -- writing


@pytest.mark.parametrize("shape", [(12, 10), (6, 12, 10)])
@pytest.mark.parametrize(("highest", "dtype"), [(65_535, np.uint16), (65_536, np.uint32)])
@pytest.mark.parametrize("pixel_size_um", [None, 0.25])
def test_r15_1_masks_are_read_back_with_ids_type_and_pixel_size(
    tmp_path, shape, highest, dtype, pixel_size_um
):
    labels = np.zeros(shape, np.int64)
    labels[..., 2:5, 2:5], labels[..., 7, 7] = 1, highest
    path = tmp_path / "cells #1_masks.tif"
    write_masks(path, labels, pixel_size_um)
    for back in (tifffile.imread(path), imread(path)):
        assert back.dtype == dtype
        assert np.array_equal(back, labels)
    assert path.stat().st_size < labels.size * 4
    with tifffile.TiffFile(path) as tif:
        assert tif.is_imagej
        assert tif.imagej_metadata["unit"] == ("um" if pixel_size_um else "pixel")
        assert tif.imagej_metadata.get("slices") == (6 if len(shape) == 3 else 1)
        per_unit, unit = tif.pages[0].tags["XResolution"].value
        assert unit / per_unit == (pixel_size_um or 1)


@pytest.mark.parametrize("shape", [(1, 12, 10), (3, 12, 10), (4, 2, 12, 10)])
def test_r15_1_probabilities_are_read_back_class_first(tmp_path, shape):
    probabilities = np.random.default_rng(0).random(shape).astype(np.float32)
    write_probabilities(tmp_path / "p.tif", probabilities, pixel_size_um=0.5)
    back = tifffile.imread(tmp_path / "p.tif")
    assert back.dtype == np.float32
    assert np.array_equal(back, probabilities)
    with tifffile.TiffFile(tmp_path / "p.tif") as tif:
        assert tif.series[0].axes == "ZCYX"[-len(shape) :]
        assert tif.pages[0].tags["XResolution"].value == (20_000, 1)  # in a centimetre


def test_files_are_written_through_the_one_door(tmp_path, monkeypatch):
    from napari_unet import disk

    def full(operation):
        if operation == "sync":
            raise OSError(28, "No space left on device")

    write_masks(tmp_path / "m.tif", RAMP)
    before = (tmp_path / "m.tif").read_bytes()
    monkeypatch.setattr(disk, "watch", full)
    for write in (write_masks, write_probabilities):
        with pytest.raises(OSError, match="has no room for"):
            write(tmp_path / "m.tif", RAMP)
    assert (tmp_path / "m.tif").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.tif"]
