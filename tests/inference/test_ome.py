"""From OME images to masks with their axes and scale; the image itself is never touched."""

import numpy as np
import pytest
import tifffile
import zarr

from napari_unet.images import stores
from napari_unet.images.classes import mask_of
from napari_unet.images.ome_tiff import read_ome_tiff
from napari_unet.images.ome_zarr import read_ome_zarr
from napari_unet.images.pixel_size import pixel_size_um
from napari_unet.images.samples import cells
from napari_unet.inference.files import Reading, segmenting
from napari_unet.inference.places import image_files
from napari_unet.inference.predict import predict
from napari_unet.schema.events import Notice, finish
from napari_unet.schema.settings import MaskSettings, PredictSettings
from tests.models_for_tests import tiny_model
from tests.ome_for_tests import write_ome_zarr

CPU = PredictSettings(tile_px=64, device="cpu")
STACK = np.stack([cells((100, 90), count=8, seed=seed)[0] for seed in range(6)])
MODEL = tiny_model()
MASK = MaskSettings(
    threshold=float(np.median(predict(STACK[1], MODEL, CPU).probabilities)),
    min_size_px=5,
    split_touching=False,
)


def expected(plane):
    return mask_of(predict(plane, MODEL, CPU).probabilities, MASK)


def all_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_r8_1_channel_axes_and_scale_are_those_of_the_metadata(tmp_path, version):
    levels = [STACK.reshape(2, 3, 100, 90), STACK.reshape(2, 3, 100, 90)[..., ::2, ::2]]
    scales = [[1.0, 2.0, 0.3, 0.3], [1.0, 2.0, 0.6, 0.6]]
    path = write_ome_zarr(tmp_path / "a.ome.zarr", levels, "czyx", version, scales)
    before = all_of(path)
    out = tmp_path / "out"
    out.mkdir()
    reading = Reading(channel=1)
    job = segmenting(MODEL, path, out, CPU, MASK, reading=reading, with_probabilities=True)
    made = finish(job)
    assert made.masks == out / "a_masks.ome.zarr" / "labels" / "masks"
    assert made.reading == "2 channels x 3 slices x 100 x 90; channel 2 of each slice"
    labels = read_ome_zarr(made.masks)
    assert (labels.version, labels.axes) == (version, "ZYX")
    found = zarr.open_array(labels.levels[0], mode="r")[:]
    np.testing.assert_array_equal(found, [expected(plane) for plane in levels[0][1]])
    assert made.objects == sum(int(plane.max()) for plane in found) > 3
    assert zarr.open_array(labels.levels[1], mode="r").shape == (3, 50, 45)
    assert [level.coordinateTransformations[0].scale for level in labels.multiscale.datasets] == [
        [2.0, 0.3, 0.3],
        [2.0, 0.6, 0.6],
    ]
    assert zarr.open_array(made.probabilities, mode="r").shape == (3, 1, 100, 90)
    names = {path.name for path in out.iterdir()}
    assert names == {"a_masks.ome.zarr", "a_probabilities.zarr"}
    assert all_of(path) == before


@pytest.mark.parametrize(("names", "planes"), [("zyx", 3), ("cyx", 1)])
def test_r8_1_three_planes_are_slices_or_channels_as_the_metadata_says(tmp_path, names, planes):
    path = write_ome_zarr(tmp_path / "a.ome.zarr", [STACK[:3]], names)
    channel = 2 if names == "cyx" else None
    made = finish(segmenting(MODEL, path, tmp_path, CPU, MASK, reading=Reading(channel=channel)))
    found = zarr.open_array(made.masks / "0", mode="r")[:]
    wanted = [expected(plane) for plane in STACK[:3]]
    np.testing.assert_array_equal(found, wanted if planes == 3 else wanted[2])


def test_axes_that_are_given_win_over_the_metadata(tmp_path):
    path = write_ome_zarr(tmp_path / "a.ome.zarr", [STACK[:2]], "cyx")
    made = finish(segmenting(MODEL, path, tmp_path, CPU, MASK, reading=Reading("ZYX")))
    assert zarr.open_array(made.masks / "0", mode="r").shape == (2, 100, 90)


def test_r15_3_masks_are_no_labels_before_they_are_complete(tmp_path):
    path = write_ome_zarr(tmp_path / "a.ome.zarr", [STACK[0]], "yx")
    made = finish(segmenting(MODEL, path, tmp_path, CPU, MASK))
    whole = zarr.open_array(made.masks / "0", mode="r")[:]
    job = segmenting(MODEL, path, tmp_path, CPU, MASK)
    for _ in range(4):
        next(job)
    job.close()
    assert read_ome_zarr(made.masks) is None
    events = []
    finish(segmenting(MODEL, path, tmp_path, CPU, MASK), events.append)
    assert any("going on" in event.text for event in events if isinstance(event, Notice))
    assert read_ome_zarr(made.masks).axes == "YX"
    np.testing.assert_array_equal(zarr.open_array(made.masks / "0", mode="r")[:], whole)


def test_images_of_a_folder_and_not_their_results(tmp_path):
    path = write_ome_zarr(tmp_path / "a.ome.zarr", [STACK[0]], "yx")
    finish(segmenting(MODEL, path, tmp_path, CPU, MASK, with_probabilities=True))
    assert image_files([tmp_path], tmp_path) == [path]
    series = write_ome_zarr(tmp_path / "several.zarr" / "0", [STACK[0]], "yx", "0.4")
    assert image_files([series], tmp_path) == [series]


@pytest.mark.parametrize("within", [".", "labels"])
def test_nothing_is_written_into_the_image(tmp_path, within):
    path = write_ome_zarr(tmp_path / "a.ome.zarr", [STACK[0]], "yx")
    with pytest.raises(ValueError, match=r"^'.*a.ome.zarr' is an image, which the result of"):
        image_files([path], path / within)


def test_two_images_with_the_same_results_are_refused(tmp_path):
    first = write_ome_zarr(tmp_path / "a.ome.zarr", [STACK[0]], "yx")
    second = write_ome_zarr(tmp_path / "a.zarr", [STACK[0]], "yx")
    with pytest.raises(ValueError, match="have the same name: do one after the other"):
        image_files([first, second], tmp_path)


SIZES = {"PhysicalSizeX": 0.3, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.3}
SIZES |= {"PhysicalSizeYUnit": "µm", "PhysicalSizeZ": 2.0, "PhysicalSizeZUnit": "µm"}


def test_r8_1_an_ome_tiff_gets_masks_with_its_axes_and_sizes(tmp_path):
    image = STACK.reshape(3, 2, 100, 90)
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, image, ome=True, metadata={"axes": "ZCYX", **SIZES})
    before = path.read_bytes()
    made = finish(segmenting(MODEL, path, tmp_path, CPU, MASK, reading=Reading(channel=1)))
    assert made.reading == "3 slices x 2 channels x 100 x 90; channel 2 of each slice"
    assert made.masks == tmp_path / "a.ome_masks.tif"
    masks = tifffile.imread(made.masks)
    assert read_ome_tiff(made.masks, masks.shape) == ("ZYX", SIZES)
    assert masks.dtype == np.uint16
    np.testing.assert_array_equal(masks, [expected(plane) for plane in image[:, 1]])
    assert path.read_bytes() == before


def test_r8_1_a_large_ome_tiff_is_read_by_its_axes(tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "LARGE_PX", 1000)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK[:3], ome=True, metadata={"axes": "TYX"})
    made = finish(segmenting(MODEL, path, tmp_path, CPU, MASK))
    masks = zarr.open_array(made.masks, mode="r")
    assert masks.shape == (3, 100, 90)
    assert masks.metadata.dimension_names == ("t", "y", "x")


def test_masks_of_other_files_have_the_size_of_the_pixels_if_it_is_known(tmp_path):
    known, unknown = tmp_path / "known.tif", tmp_path / "unknown.tif"
    tifffile.imwrite(unknown, STACK[0])
    tifffile.imwrite(
        known, STACK[0], imagej=True, resolution=(4, 4), metadata={"unit": "um", "axes": "YX"}
    )
    made = [finish(segmenting(MODEL, path, tmp_path, CPU, MASK)) for path in (known, unknown)]
    assert [pixel_size_um(one.masks) for one in made] == [0.25, None]
    assert not any(read_ome_tiff(one.masks, (100, 90)) for one in made)
