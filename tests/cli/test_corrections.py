"""``napari-unet corrections``: what was corrected, as plain files."""

import json
import tempfile

import numpy as np
import pytest
import tifffile

from napari_unet.images.files import read_image, read_labels, read_states
from napari_unet.images.fingerprint import fingerprint
from napari_unet.images.pairs import pair
from napari_unet.images.pixel_size import pixel_size_um
from napari_unet.images.samples import cells
from napari_unet.models.archive import read_card
from napari_unet.schema.correction import State
from napari_unet.session.edits import Region
from napari_unet.session.history import History
from napari_unet.session.journal import Identity, Journal
from napari_unet.session.runs import Runs
from napari_unet.session.verdicts import confirmed, painted

BOX = (0, 0, 60, 80)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def image(tmp_path):
    """A stack of two slices in a file, with the size of its pixels."""
    slices = [cells((64, 80), count=6, seed=seed)[0] for seed in (0, 1)]
    path = tmp_path / "my cells #1.ome.tif"
    stack = np.stack(slices * 3)
    metadata = {"axes": "ZYX", "unit": "um"}
    tifffile.imwrite(path, stack, imagej=True, resolution=(2, 2), metadata=metadata)
    return path


def correct(path, id_=5, box=BOX):
    """Paint and confirm on the second slice, as the panel does; returns the mask and its states."""
    pixels = read_image(path)
    history = History(pixels.shape)
    journal = Journal(Identity(fingerprint(pixels, "ZYX"), str(path), "ZYX", pixels.shape))
    history.entered.connect(journal.write)
    labels = np.zeros(pixels.shape, np.uint16)
    new = labels[1].copy()
    new[10:20, 10:30] = id_
    new[30:40, 10:30] = id_ + 1
    runs = Runs.of_box(labels.shape, (1,), (0, 0, *new.shape), labels[1], new)
    history.do(painted(history, "paint", runs))
    runs.write(labels)
    history.do(confirmed(history, Region((1,), box)))
    assert journal.flush(10)
    journal.close()
    return labels, history.states


def listed(call):
    return json.loads(call("corrections", "list", "--json")[1])


def test_the_list_says_what_was_corrected_newest_first(call, image):
    assert "Nothing has been corrected" in call("corrections", "list")[1]
    correct(image)
    other = image.with_name("other.tif")
    tifffile.imwrite(other, read_image(image)[::-1])
    correct(other)
    status, said, _ = call("corrections", "list")
    assert status == 0
    header, first, second = said.splitlines()
    assert header.split() == ["image", "corrected", "confirmed", "last", "change", "name"]
    assert first.startswith(str(other))
    assert second.startswith(str(image))
    assert second.split()[-5:-3] == ["1", "1"]
    found = listed(call)
    assert [one["name"] for one in found] == [line.split()[-1] for line in (first, second)]
    assert found[1] | {"shape": [6, 64, 80], "axes": "ZYX", "corrections": 1} == found[1]


@pytest.mark.parametrize("by", ["name", "image", "journal"])
def test_corrections_are_exported_by_any_name(call, image, tmp_path, by):
    labels, states = correct(image)
    name = listed(call)[0][by]
    status, said, _ = call("corrections", "export", name, "--out", tmp_path / "out")
    assert status == 0
    (one,) = pair(tmp_path / "out")
    assert one.stem == "my cells #1.ome_z001"
    assert str(one.image) in said
    np.testing.assert_array_equal(read_image(one.image), read_image(image)[1])
    np.testing.assert_array_equal(read_labels(one.labels), labels[1])
    np.testing.assert_array_equal(read_states(one.known), states[1])
    assert pixel_size_um(one.image) == pixel_size_um(one.known) == 0.5


def test_the_newest_corrections_of_an_image_are_meant(call, image, tmp_path):
    correct(image, id_=5)
    correct(image, id_=9)
    assert len(listed(call)) == 2
    call("corrections", "export", image, "--out", tmp_path / "out")
    (one,) = pair(tmp_path / "out")
    assert set(np.unique(read_labels(one.labels))) == {0, 9, 10}


def test_exporting_twice_overwrites_nothing_and_says_so(call, image, tmp_path):
    correct(image)
    call("corrections", "export", image, "--out", tmp_path / "out")
    status, said, note = call("corrections", "export", image, "--out", tmp_path / "out")
    assert status == 0
    assert "'my cells #1.ome_2'" in note
    assert "my cells #1.ome_2_z001.tif" in said
    assert len(pair(tmp_path / "out")) == 2


def test_an_image_that_is_gone_or_another_one_is_not_exported(call, image, tmp_path):
    correct(image)
    export = ("corrections", "export", listed(call)[0]["name"], "--out", tmp_path / "out")
    moved = image.rename(tmp_path / "moved.tif")
    assert "say with --image where the image is now" in call(*export)[2]
    status, _, note = call(*export, "--image", moved)
    assert (status, note) == (0, "")
    tifffile.imwrite(image, read_image(moved) + 1)
    status, _, refusal = call(*export)
    assert status == 1
    assert "has changed since it was corrected" in refusal
    status, _, note = call(*export, "--image", image)
    assert status == 0
    assert "is not quite the image that was corrected" in note
    tifffile.imwrite(image, read_image(moved)[0])
    assert "has the shape (64, 80)" in call(*export)[2]
    assert "There are no corrections of 'else.tif'" in call(*export[:2], "else.tif", *export[3:])[2]


def test_only_one_channel_is_exported_where_asked(call, tmp_path):
    path = tmp_path / "two.tif"
    tifffile.imwrite(path, np.stack([cells((64, 80), count=6, seed=s)[0] for s in (0, 1)]))
    pixels = read_image(path)
    history = History((64, 80))
    journal = Journal(Identity(fingerprint(pixels, "CYX"), str(path), "CYX", (64, 80)))
    history.entered.connect(journal.write)
    history.do(confirmed(history, Region((), BOX)))
    journal.close()
    call("corrections", "export", path, "--out", tmp_path / "out", "--channel", 2)
    np.testing.assert_array_equal(read_image(tmp_path / "out" / "two.tif"), pixels[1])
    call("corrections", "export", path, "--out", tmp_path / "both")
    np.testing.assert_array_equal(read_image(tmp_path / "both" / "two.tif"), pixels)


def test_train_and_fine_tune_read_the_files_as_they_stand(call, image, tmp_path):
    _, states = correct(image, box=(0, 0, 64, 80))
    out = tmp_path / "out"
    call("corrections", "export", image, "--out", out)
    tuned, trained = tmp_path / "tuned.safetensors", tmp_path / "trained.safetensors"
    status, _, problem = call(
        "fine-tune", "--model", "tiny.safetensors", "--images", out, "--steps", 1,
        "--device", "cpu", "--out", tuned, "--keep-anyway",
    )  # fmt: skip
    assert status == 0, problem
    confirmed_px = np.count_nonzero(states & State.CONFIRMED)
    assert read_card(tuned).data.startswith(f"{confirmed_px} corrected pixels of my cells")
    status, _, problem = call(
        "train", "--network", "unet", "--images", out, "--steps", 1, "--features", 2, "--depth", 2,
        "--patch", 32, "--batch", 2, "--device", "cpu", "--out", trained,
    )  # fmt: skip
    assert status == 0, problem
    assert call("predict", out, "--model", trained, "--out", tmp_path / "p")[0] == 0
    assert len(list((tmp_path / "p").iterdir())) == 1, "masks and known pixels are no images"
