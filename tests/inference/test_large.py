"""An image that is segmented tile by tile on the disk gives what it gives in memory."""

import json

import numpy as np
import pytest
import tifffile
import zarr

from napari_unet.images import lazy, stores
from napari_unet.images.axes import plane
from napari_unet.images.classes import mask_of
from napari_unet.images.samples import cells
from napari_unet.inference.files import Reading, segmenting
from napari_unet.inference.places import image_files
from napari_unet.inference.predict import predict
from napari_unet.inference.written import Masks, Source
from napari_unet.schema.events import Notice, Progress, TileDone, finish
from napari_unet.schema.settings import MaskSettings, PredictSettings
from tests.models_for_tests import tiny_model

CPU = PredictSettings(tile_px=64, device="cpu")
IMAGE = cells((150, 170), count=12, seed=3)[0]


def model_with_objects():
    """Half of what it sees is object: its own threshold is the median of its answer."""
    model = tiny_model()
    middle = float(np.median(predict(IMAGE, model, CPU).probabilities))
    return model, MaskSettings(threshold=middle, min_size_px=5, split_touching=False)


def written(path, image, **more):
    zarr.create_array(path, data=image, chunks=(*[1] * (image.ndim - 2), 50, 60), **more)
    return path


@pytest.mark.parametrize("split", [False, True])
def test_r6_3_masks_and_probabilities_are_those_of_the_image_in_memory(tmp_path, split):
    model, mask = model_with_objects()
    mask = mask.model_copy(update={"split_touching": split})
    path = written(tmp_path / "a.zarr", IMAGE)
    made = finish(segmenting(model, path, tmp_path, CPU, mask, with_probabilities=True))
    expected = predict(IMAGE, model, CPU).probabilities
    probabilities = zarr.open_array(made.probabilities, mode="r")
    np.testing.assert_array_equal(probabilities[:], expected)
    assert probabilities.metadata.dimension_names == ("c", "y", "x")
    found = zarr.open_array(made.masks, mode="r")
    np.testing.assert_array_equal(found[:], mask_of(expected, mask))
    assert found.dtype == np.uint16
    assert made.objects == found[:].max() > 3
    assert made.highest == expected.max()
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"a.zarr", "a_masks.zarr", "a_probabilities.zarr"}


def test_probabilities_that_are_not_wanted_do_not_stay(tmp_path):
    model, mask = model_with_objects()
    finish(segmenting(model, written(tmp_path / "a.zarr", IMAGE), tmp_path, CPU, mask))
    assert {path.name for path in tmp_path.iterdir()} == {"a.zarr", "a_masks.zarr"}


def test_a_stack_keeps_its_axes_and_is_done_plane_by_plane(tmp_path):
    model, mask = model_with_objects()
    image = np.stack([np.roll(IMAGE[:60, :70], 9 * i, axis=1) for i in range(12)])
    image = image.reshape(2, 3, 2, 60, 70)
    path = written(tmp_path / "a.zarr", image, dimension_names=list("tzcyx"))
    job = segmenting(
        model, path, tmp_path, CPU, mask, reading=Reading(channel=1), with_probabilities=True
    )
    made = finish(job)
    masks = zarr.open_array(made.masks, mode="r")
    probabilities = zarr.open_array(made.probabilities, mode="r")
    assert masks.metadata.dimension_names == ("t", "z", "y", "x")
    assert probabilities.shape == (2, 3, 1, 60, 70)
    objects = 0
    for index in range(6):
        expected = predict(plane(image, "TZCYX", index, 1), model, CPU).probabilities
        at = np.unravel_index(index, (2, 3))
        np.testing.assert_array_equal(probabilities[at], expected)
        np.testing.assert_array_equal(masks[at], mask_of(expected, mask))
        objects += int(masks[at].max())
    assert made.objects == objects > 6


@pytest.mark.parametrize("objects_of", [None, 2])
def test_a_mask_of_classes_is_written_tile_by_tile(tmp_path, objects_of):
    model, image = tiny_model(classes=3, seed=3), IMAGE[:70, :90]
    mask = MaskSettings(objects_of=objects_of, min_size_px=0, split_touching=False)
    path = written(tmp_path / "a.zarr", image)
    made = finish(segmenting(model, path, tmp_path, CPU, mask))
    expected = mask_of(predict(image, model, CPU).probabilities, mask)
    found = zarr.open_array(made.masks, mode="r")
    np.testing.assert_array_equal(found[:], expected)
    assert made.objects == (len(np.unique(expected)) if objects_of is None else expected.max()) > 1


@pytest.mark.parametrize("classes", [1, 3])
def test_r15_3_what_was_interrupted_goes_on_where_it_was(tmp_path, classes):
    model = tiny_model(classes=classes)
    mask = MaskSettings(threshold=0.3, split_touching=False)
    path = written(tmp_path / "a.zarr", IMAGE)
    whole = finish(segmenting(model, path, tmp_path, CPU, mask, with_probabilities=True))
    expected = [zarr.open_array(part, mode="r")[:] for part in whole[:2]]

    job = segmenting(model, path, tmp_path, CPU, mask, with_probabilities=True)
    stop_after(job, 4)
    assert len(json.loads((tmp_path / "a_unfinished.json").read_text())["finished"]) == 4
    events = []
    job = segmenting(model, path, tmp_path, CPU, mask, with_probabilities=True)
    made = finish(job, events.append)
    assert sum(isinstance(event, TileDone) for event in events) == 5
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert notices == ["a.zarr: going on with what was interrupted: 4 tiles done."]
    for part, array in zip(made[:2], expected, strict=True):
        np.testing.assert_array_equal(zarr.open_array(part, mode="r")[:], array)
    assert made == whole
    assert not (tmp_path / "a_unfinished.json").exists()


@pytest.mark.parametrize("what", ["settings", "model", "image", "lost", "damaged"])
def test_another_run_is_not_gone_on_with(tmp_path, what):
    model, mask = model_with_objects()
    path = written(tmp_path / "a.zarr", IMAGE)
    settings = CPU
    stop_after(segmenting(model, path, tmp_path, CPU, mask), 4)
    if what == "settings":
        settings = CPU.model_copy(update={"rotations": True})
    elif what == "model":
        model = tiny_model()
    elif what == "image":
        zarr.create_array(path, data=IMAGE[::-1].copy(), overwrite=True)
    elif what == "lost":
        stores.remove_store(tmp_path / "a_probabilities.zarr")
    else:
        (tmp_path / "a_unfinished.json").write_text('{"run":')
    events = []
    finish(segmenting(model, path, tmp_path, settings, mask), events.append)
    assert sum(isinstance(event, TileDone) for event in events) == 9
    assert not any(isinstance(event, Notice) for event in events)


def stop_after(job, tiles):
    for _ in range(2 * tiles):  # each tile comes with its progress
        assert isinstance(next(job), TileDone | Progress)
    job.close()


@pytest.mark.parametrize(
    ("compression", "colour", "order"),
    [(None, False, ">"), (None, True, "<"), ("zlib", False, "<"), ("zlib", True, ">")],
)
def test_r6_3_a_large_tiff_is_read_tile_by_tile(tmp_path, monkeypatch, compression, colour, order):
    monkeypatch.setattr(stores, "LARGE_PX", 1000)
    model, mask = model_with_objects()
    image = np.stack([IMAGE] * 3, axis=-1) if colour else IMAGE
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, image, compression=compression, tile=(64, 64) if compression else None,
        photometric="rgb" if colour else "minisblack", byteorder=order,
    )  # fmt: skip
    opened = stores.open_large(path)
    assert isinstance(opened, np.memmap) is (compression is None)
    made = finish(segmenting(model, path, tmp_path, CPU, mask))
    assert made.masks.name == "a_masks.zarr"
    expected = mask_of(predict(image, model, CPU).probabilities, mask)
    found = zarr.open_array(made.masks, mode="r")[:]
    assert (found != expected).mean() < 1e-3


def test_smaller_tiffs_are_read_at_once(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", IMAGE)
    assert lazy.LARGE_PX == 8192**2
    assert not stores.is_large(tmp_path / "a.tif")


def test_zarr_arrays_of_a_folder_are_images_and_their_results_are_not(tmp_path):
    path = written(tmp_path / "a.zarr", IMAGE)
    written(tmp_path / "a_masks.zarr", IMAGE)
    assert image_files([tmp_path], tmp_path) == [path]
    assert image_files([path], tmp_path) == [path]


def test_what_is_no_zarr_array_is_refused_in_one_sentence(tmp_path):
    zarr.create_group(tmp_path / "group.zarr")
    with pytest.raises(ValueError, match=r"^'.*group.zarr' holds several arrays: name one"):
        stores.open_large(tmp_path / "group.zarr")
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(ValueError, match=r"^'.*empty.zarr' cannot be read as an image"):
        stores.open_large(tmp_path / "empty.zarr")
    zarr.create_array(tmp_path / "a.zarr", shape=(5,), dtype="u1")
    with pytest.raises(ValueError, match=r"^'.*a.zarr' has the shape \(5,\)"):
        stores.open_large(tmp_path / "a.zarr")


def test_r6_1_labels_get_wider_only_where_they_do_not_fit(tmp_path):
    image = np.zeros((3, 20, 30), np.uint8)
    source = Source(tmp_path, image, "ZYX", None)
    masks = Masks(tmp_path / "m.zarr", source, (8, 8))
    masks.create((0,), np.uint16)[:, :] = np.arange(600).reshape(20, 30)
    assert zarr.open_array(tmp_path / "m.zarr", mode="r").dtype == np.uint16
    masks.create((1,), np.uint16)
    masks.create((1,), np.uint32)[2:4, 5:6] = 70_000
    masks.create((2,), np.uint16)[0:1, 0:1] = 5
    found = zarr.open_array(tmp_path / "m.zarr", mode="r")
    assert found.dtype == np.uint32
    np.testing.assert_array_equal(found[0], np.arange(600).reshape(20, 30))
    assert (found[1].sum(), found[2].sum()) == (140_000, 5)
    assert [path.name for path in tmp_path.iterdir()] == ["m.zarr"]
