"""``napari-unet predict``: what it writes and what it says."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from roifile import roiread
from skimage.io import imread, imsave

import napari_unet
from napari_unet.images.classes import mask_of
from napari_unet.images.files import read_image
from napari_unet.images.instances import instances
from napari_unet.images.samples import cells
from napari_unet.jobs.perform import perform
from napari_unet.models.archive import read_card
from napari_unet.schema.events import TileDone
from napari_unet.schema.input import InputSettings
from napari_unet.schema.requests import PredictRequest


def test_r9_1_predict_writes_what_python_computes(call, made, tmp_path):
    status, said, _ = call(
        "predict", "images/a.tif", "--model", "tiny.safetensors", "--out", tmp_path,
        "--probabilities", "--tile", 32, "--device", "cpu",
    )  # fmt: skip
    assert status == 0
    model = napari_unet.load_model(made / "tiny.safetensors")
    expected = napari_unet.predict(read_image(made / "images/a.tif"), model).probabilities
    found = tifffile.imread(tmp_path / "a_probabilities.tif")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.reshape(expected.shape), expected, atol=1e-5)
    masks = tifffile.imread(tmp_path / "a_masks.tif")
    assert masks.dtype == np.uint16
    np.testing.assert_array_equal(masks, instances(found, model.card.mask))
    assert masks.max() > 0
    assert f"a.tif: {masks.max()} object" in said


def test_r15_1_objects_are_measured_where_that_is_asked_for(call, made, tmp_path):
    image = read_image(made / "images/a.tif")
    stack = np.stack([np.stack([image, image // 2])] * 3)
    write = {"imagej": True, "resolution": (4, 4), "metadata": {"unit": "um", "axes": "ZCYX"}}
    tifffile.imwrite(tmp_path / "s.tif", stack, **write)
    options = ("--model", "tiny.safetensors", "--out", tmp_path, "--measurements")
    assert call("predict", "images/a.tif", tmp_path / "s.tif", *options, "--channel", 1)[0] == 0
    masks = tifffile.imread(tmp_path / "a_masks.tif")
    rows = {stem: table(tmp_path / f"{stem}_measurements.csv") for stem in "as"}
    ids = [*range(1, masks.max() + 1)]
    assert [int(row["id"]) for row in rows["a"]] == ids
    assert [int(row["area_px"]) for row in rows["a"]] == np.bincount(masks.flat)[1:].tolist()
    assert [(int(row["z"]), int(row["id"])) for row in rows["s"]] == [
        (z, id_) for z in range(3) for id_ in ids
    ]
    for row, alone in zip(rows["s"], rows["a"] * 3, strict=True):
        assert float(row["area_um2"]) == int(row["area_px"]) / 16
        assert alone.items() <= row.items(), "the channel that was segmented is measured"


def test_r15_1_objects_are_outlined_where_that_is_asked_for(call, made, tmp_path):
    options = ("--model", "tiny.safetensors", "--out", tmp_path, "--rois")
    assert call("predict", "images/a.tif", *options)[0] == 0
    masks = tifffile.imread(tmp_path / "a_masks.tif")
    names = [roi.name for roi in roiread(tmp_path / "a_rois.zip")]
    assert {int(name) for name in names if "-" not in name} == {*masks.flat} - {0}
    assert {path.name for path in tmp_path.iterdir()} == {"a_masks.tif", "a_rois.zip"}


def table(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("option", ["--measurements", "--rois"])
def test_what_is_read_tile_by_tile_is_not_measured_and_that_is_said(
    call, made, tmp_path, monkeypatch, option
):
    monkeypatch.setattr("napari_unet.images.stores.LARGE_PX", 100)
    options = ("--model", "tiny.safetensors", "--out", tmp_path, option)
    status, said, notice = call("predict", "images/a.tif", *options)
    assert status == 0
    assert (
        "a.tif is read tile by tile: its objects are neither measured nor outlined."
        in said + notice
    )
    assert [path.name for path in tmp_path.iterdir()] == ["a_masks.zarr"]


def test_options_that_are_given_win_over_the_card(call, made, tmp_path):
    common = ("predict", "images/a.tif", "--model", "tiny.safetensors", "--probabilities")
    call(*common, "--out", tmp_path, "--min-size", 60)
    card = read_card(made / "tiny.safetensors").mask
    probabilities = tifffile.imread(tmp_path / "a_probabilities.tif")
    wanted = instances(probabilities, card.model_copy(update={"min_size_px": 60}))
    assert (wanted != instances(probabilities, card)).any()
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a_masks.tif"), wanted)


def test_the_image_can_be_shown_in_another_way(call, made, tmp_path):
    common = ("predict", "images/a.tif", "--model", "tiny.safetensors", "--probabilities")
    call(*common, "--out", tmp_path, "--inverted", "--scale", 0.5, "--device", "cpu")
    model = napari_unet.load_model(made / "tiny.safetensors")
    seen = InputSettings(inverted=True, scale=0.5)
    model = replace(model, card=model.card.model_copy(update={"input": seen}))
    expected = napari_unet.predict(read_image(made / "images/a.tif"), model).probabilities
    found = tifffile.imread(tmp_path / "a_probabilities.tif")
    np.testing.assert_allclose(found.reshape(expected.shape), expected, atol=1e-5)


@pytest.mark.parametrize("stem", ["two words", "50% #1 [x]", "Zellkörper ä", "v1.2.3", "-dash"])
def test_r15_5_names_of_every_kind(call, tmp_path, stem):
    imsave(tmp_path / f"{stem}.png", np.zeros((20, 20), np.uint8), check_contrast=False)
    status, *_ = call("predict", tmp_path, "--model", "tiny.safetensors", "--out", tmp_path / "o u")
    assert status == 0
    assert [path.name for path in (tmp_path / "o u").iterdir()] == [f"{stem}_masks.tif"]


def test_a_stack_is_done_plane_by_plane(call, tmp_path):
    planes = [cells((48, 56), count=4, seed=seed)[0] for seed in range(7)]
    tifffile.imwrite(tmp_path / "stack.tif", np.stack(planes))
    tifffile.imwrite(tmp_path / "single.tif", planes[3])
    for name in ("stack", "single"):
        call(
            "predict", tmp_path / f"{name}.tif", "--model", "tiny.safetensors", "--probabilities",
            "--out", tmp_path,
        )  # fmt: skip
    masks = tifffile.imread(tmp_path / "stack_masks.tif")
    assert masks.shape == (7, 48, 56)
    np.testing.assert_array_equal(masks[3], tifffile.imread(tmp_path / "single_masks.tif"))
    assert tifffile.imread(tmp_path / "stack_probabilities.tif").shape[0] == 7


def test_a_channel_can_be_chosen_and_the_reading_is_said(call, tmp_path):
    channels = np.stack([cells((48, 56), count=4, seed=seed)[0] for seed in range(2)])
    tifffile.imwrite(tmp_path / "two.tif", channels)
    tifffile.imwrite(tmp_path / "second.tif", channels[1])
    options = ("--model", "tiny.safetensors", "--out", tmp_path)
    status, said, _ = call("predict", tmp_path / "two.tif", *options, "--channel", 2)
    assert status == 0
    assert "2 channels x 48 x 56; channel 2" in said
    call("predict", tmp_path / "second.tif", *options)
    masks = [tifffile.imread(tmp_path / f"{name}_masks.tif") for name in ("two", "second")]
    np.testing.assert_array_equal(*masks)


def test_r8_2_few_slices_that_are_read_as_channels_name_the_options_that_help(call, tmp_path):
    tifffile.imwrite(tmp_path / "five.tif", np.zeros((5, 40, 48), np.uint8))
    options = ("--model", "tiny.safetensors", "--out", tmp_path / "o")
    status, _, complaint = call("predict", tmp_path / "five.tif", *options)
    assert status == 1
    assert "Give --channel, counted from 1" in complaint
    assert "--axes ZYX if these are slices" in complaint
    for remedy in (("--channel", 5), ("--axes", "ZYX")):
        assert call("predict", tmp_path / "five.tif", *options, *remedy)[0] == 0


def test_a_colour_image_is_read_as_its_luminance(call, tmp_path):
    grey, _ = cells((40, 40), count=4, look="phase", seed=1)
    imsave(tmp_path / "colour.png", np.dstack([grey] * 3), check_contrast=False)
    imsave(tmp_path / "grey.png", grey, check_contrast=False)
    status, *_ = call("predict", tmp_path, "--model", "tiny.safetensors", "--out", tmp_path / "o")
    assert status == 0
    masks = [imread(tmp_path / "o" / f"{name}_masks.tif") for name in ("colour", "grey")]
    assert masks[0].max() > 0
    assert (masks[0] == masks[1]).mean() > 0.99


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 2)])
def test_r10_2_the_smallest_images_work(call, tmp_path, shape):
    tifffile.imwrite(tmp_path / "small.tif", np.ones(shape, np.uint8))
    status, *_ = call(
        "predict", tmp_path / "small.tif", "--model", "tiny.safetensors", "--out", tmp_path
    )
    assert status == 0
    assert tifffile.imread(tmp_path / "small_masks.tif").shape == shape


def test_pixels_that_are_no_numbers_are_said_once_and_masked(call, tmp_path):
    image = cells((40, 40), count=4, seed=1)[0].astype(np.float32)
    image[3, 4:7] = [np.nan, np.inf, -np.inf]
    tifffile.imwrite(tmp_path / "nan.tif", image)
    status, _, complaints = call(
        "predict", tmp_path / "nan.tif", "--model", "tiny.safetensors", "--out", tmp_path,
        "--probabilities",
    )  # fmt: skip
    assert status == 0
    assert complaints.count("nan.tif: 3 pixels are no numbers") == 1
    assert np.isfinite(tifffile.imread(tmp_path / "nan_probabilities.tif")).all()


def test_r9_4_an_empty_result_says_what_to_try(call, tmp_path):
    status, said, complaints = call(
        "predict", "images/a.tif", "--model", "tiny.safetensors", "--out", tmp_path,
        "--threshold", 0.99,
    )  # fmt: skip
    assert status == 0
    assert "0 objects" in said
    assert "No object was found: the highest probability is 0." in complaints
    assert "try a threshold below that" in complaints


def test_r15_3_an_image_that_fails_does_not_stop_the_others(call, tmp_path):
    (tmp_path / "broken.tif").write_bytes(b"II*\0 no picture")
    imsave(tmp_path / "fine.png", np.zeros((20, 20), np.uint8), check_contrast=False)
    status, said, complaints = call(
        "predict", tmp_path, "--model", "tiny.safetensors", "--out", tmp_path / "o"
    )
    assert status == 1
    assert "fine.png" in said
    assert "broken.tif' cannot be read" in complaints
    assert "1 of 2 images failed" in complaints
    assert (tmp_path / "o" / "fine_masks.tif").exists()


def test_r15_3_every_image_that_fails_is_named_and_no_error_of_a_file_ends_the_run(call, tmp_path):
    for stem in "ac":
        tifffile.imwrite(tmp_path / f"{stem}.tif", np.zeros((20, 20), np.uint8))
    tifffile.imwrite(tmp_path / "five.tif", np.zeros((5, 20, 20), np.uint8))
    (tmp_path / "broken.tif").write_bytes(b"II*\0 no picture")
    (tmp_path / "o" / "a_masks.tif").mkdir(parents=True)
    status, _, complaints = call(
        "predict", tmp_path, "--model", "tiny.safetensors", "--out", tmp_path / "o"
    )
    assert status == 1
    assert (tmp_path / "o" / "c_masks.tif").exists()
    assert "napari-unet: a.tif: 'a_masks.tif' could not be saved" in complaints
    assert "napari-unet: five.tif: 'Tiny' takes 1 channel, the image has 5" in complaints
    assert complaints.count("broken.tif") == 1
    assert "3 of 4 images failed" in complaints


def test_r15_4_a_folder_gives_what_the_window_makes_of_each_of_its_images(call, made, tmp_path):
    """The very masks, numbered alike: the window asks the same two functions."""
    status, said, _ = call("predict", "images", "--model", "tiny.safetensors", "--out", tmp_path)
    assert status == 0
    model = napari_unet.load_model(made / "tiny.safetensors")
    for stem in "ab":
        plane = read_image(made / "images" / f"{stem}.tif")
        request = PredictRequest(model=str(made / "tiny.safetensors"), planes=[plane])
        (tile,) = [one for one in perform(request, tmp_path) if isinstance(one, TileDone)]
        expected = mask_of(tile.probabilities, model.card.mask)
        assert expected.max() > 0
        np.testing.assert_array_equal(tifffile.imread(tmp_path / f"{stem}_masks.tif"), expected)
        assert f"{stem}.tif: " in said


def test_results_are_replaced_but_an_image_never(call, tmp_path):
    image = cells((40, 40), count=4, seed=1)[0]
    tifffile.imwrite(tmp_path / "x.tif", image)
    tifffile.imwrite(tmp_path / "y_masks.tif", image)
    for _ in range(2):
        assert call("predict", tmp_path, "--model", "tiny.safetensors", "--out", tmp_path)[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "x.tif",
        "x_masks.tif",
        "y_masks.tif",
    ]
    tifffile.imwrite(tmp_path / "y.tif", image)
    images = [tmp_path / name for name in ("y_masks.tif", "y.tif")]
    status, _, complaint = call(
        "predict", *images, "--model", "tiny.safetensors", "--out", tmp_path
    )
    assert status == 1
    assert "which the result of 'y.tif' would overwrite" in complaint
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "y_masks.tif"), image)
