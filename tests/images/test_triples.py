import errno
import logging
import unicodedata
from contextlib import suppress

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet import disk
from napari_unet.images.files import read_image, read_labels, read_states
from napari_unet.images.pairs import Pair, pair
from napari_unet.images.pixel_size import pixel_size_um
from napari_unet.images.samples import cells
from napari_unet.images.triples import files_of, free_stem, write_triple
from napari_unet.schema.correction import State

SIZE = (20, 30)
LABELS = np.zeros(SIZE, np.int64)
LABELS[2:9, 2:9], LABELS[12:15, 20:25] = 3, 70_000
STATES = np.zeros(SIZE, np.uint8)
STATES[:10] = State.CONFIRMED
STATES[5:12, 5:12] |= np.uint8(State.CORRECTED)
STATES[15:, :4] = State.UNKNOWN
STATES[16:, 20:] = State.CONFIRMED | State.AUDITED

dtypes = ["bool", "u1", "i1", "u2", "i2", "u4", "i4", "i8", "f2", "f4", "f8"]


@pytest.mark.parametrize("dtype", dtypes)
@pytest.mark.parametrize(
    "shape", [SIZE, (1, *SIZE), (2, *SIZE), (5, *SIZE), (*SIZE, 3), (*SIZE, 4)]
)
def test_r15_1_all_three_are_read_back_as_they_were(tmp_path, shape, dtype):
    image = (np.random.default_rng(0).random(shape) * 100).astype(dtype)
    triple = write_triple(tmp_path, "cells", image, LABELS, STATES, 0.25)
    assert triple == files_of(tmp_path, "cells")
    np.testing.assert_array_equal(read_image(triple.image), image.squeeze())
    np.testing.assert_array_equal(read_labels(triple.masks), LABELS)
    np.testing.assert_array_equal(read_states(triple.known), STATES)
    assert tifffile.imread(triple.masks).dtype == np.uint32
    assert tifffile.imread(triple.known).dtype == np.uint8
    assert [pixel_size_um(path) for path in triple] == [0.25] * 3
    assert pair(tmp_path) == [Pair("cells", *triple)]


@pytest.mark.parametrize("size", [(1, 30), (20, 1), (1, 1)])
def test_the_smallest_planes_are_written(tmp_path, size):
    plane = np.ones(size, np.uint8)
    for path in write_triple(tmp_path, "x", plane, plane, plane):
        np.testing.assert_array_equal(tifffile.imread(path), plane)


def test_an_image_that_would_be_read_as_a_stack_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"shape \(7, 20, 30\).* export one of its channels"):
        write_triple(tmp_path, "x", np.zeros((7, *SIZE)), LABELS, STATES)
    assert not list(tmp_path.iterdir())


def test_r15_2_corrections_cost_less_than_a_twentieth_of_the_image(tmp_path):
    image, labels = cells((1024, 1024), seed=1)
    states = np.zeros(image.shape, np.uint8)
    states[100:800, 200:900] = State.CONFIRMED
    rng = np.random.default_rng(0)
    for id_ in rng.choice(labels.max(), 40):  # a wobbly brush at their borders
        y, x = np.argwhere(labels == id_ + 1)[0]
        states[y : y + 9, x : x + 7] |= np.uint8(State.CORRECTED) * rng.integers(
            0, 2, dtype=np.uint8
        )
    triple = write_triple(tmp_path, "x", image, labels, states)
    assert labels.max() > 300
    cost = sum(path.stat().st_size for path in triple[1:])
    assert cost < 0.05 * image.nbytes / 2, "also of an image of 8 bits"


# -- failures


@pytest.mark.parametrize("nth", range(18))
def test_r2_3_where_the_disk_fails_there_are_three_files_or_none(tmp_path, monkeypatch, nth):
    done = []

    def fail(operation):
        done.append(operation)
        if len(done) == nth + 1:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk, "watch", fail)
    with suppress(OSError):
        write_triple(tmp_path, "x", LABELS > 0, LABELS, STATES)
    failed = len(done) > nth
    assert len(list(tmp_path.iterdir())) == (0 if failed else 3)
    assert failed == (nth < 15), "five operations for each file"


def test_what_a_killed_export_leaves_does_no_harm(tmp_path, monkeypatch, caplog):
    """The image is written last, and labels without image are left out."""
    write_triple(tmp_path, "a", LABELS > 0, LABELS, STATES)
    for path in write_triple(tmp_path, "b", LABELS > 0, LABELS, STATES)[:1]:
        path.unlink()
    with caplog.at_level(logging.WARNING):
        assert [one.stem for one in pair(tmp_path)] == ["a"]
    assert "Without image, left out: b" in caplog.text


def test_r2_7_success_is_said_after_the_file_was_read_back(tmp_path, monkeypatch):
    whole = disk.write_bytes
    monkeypatch.setattr(
        "napari_unet.images.files.write_bytes", lambda path, data: whole(path, data[:-9][:100])
    )
    with pytest.raises(OSError, match=r"x.tif' was written and cannot be read: save elsewhere"):
        write_triple(tmp_path, "x", LABELS > 0, LABELS, STATES)
    assert not list(tmp_path.iterdir())


def test_r15_5_a_folder_that_is_read_only_is_named(tmp_path, monkeypatch):
    def refuse(operation):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(disk, "watch", refuse)
    with pytest.raises(OSError, match=r"could not be saved .Permission denied.; choose another"):
        write_triple(tmp_path, "x", LABELS > 0, LABELS, STATES)


# -- names


@pytest.mark.parametrize(
    "name", ["cells", "my cells #3", "a.1.ome", "Zelle ä", "細胞", "100 %", "x_z001", "-o"]
)
def test_r15_5_names_are_kept(tmp_path, name):
    stem = free_stem(tmp_path, name)
    assert stem == unicodedata.normalize("NFC", name)
    write_triple(tmp_path, stem, LABELS > 0, LABELS, STATES)
    assert [one.stem for one in pair(tmp_path)] == [stem]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a/b\\c:d", "a_b_c_d"),
        ("../up", "_up"),
        (".hidden", "hidden"),
        ("end. ", "end"),
        ("new\nline\0\u202e", "new_line__"),
        ("", "image"),
        (" ... ", "image"),
        ("CON", "_CON"),
        ("nul.x", "_nul.x"),
        ("cells_masks", "cells_masks_image"),
        ("cells_known", "cells_known_image"),
        ("x" * 300, "x" * 150),
        ("細" * 100, "細" * 50),
    ],
)
def test_what_no_file_can_be_called_is_replaced(tmp_path, name, stem):
    assert free_stem(tmp_path, name) == stem


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=200))
def test_every_name_makes_three_files_that_are_found_again(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("names")
    stem = free_stem(folder, name)
    assert stem == free_stem(folder, stem), "a good name stays"
    plane = np.ones((2, 2), np.uint8)
    triple = write_triple(folder, stem, plane, plane, plane)
    assert {path.parent for path in triple} == {folder}
    assert pair(folder) == [Pair(stem, *triple)]


@pytest.mark.parametrize(
    "there", ["cells.tif", "CELLS.png", "cells_masks.tif", "cells_known.tif", "cells.jpeg"]
)
def test_a_name_that_is_there_gets_a_number(tmp_path, there):
    (tmp_path / there).touch()
    assert free_stem(tmp_path, "cells") == "cells_2"
    (tmp_path / "cells_2.tif").touch()
    assert free_stem(tmp_path, "cells") == "cells_3"
    assert free_stem(tmp_path, "other") == "other"


def test_planes_of_a_stack_get_one_number_together(tmp_path):
    (tmp_path / "cells_z003_masks.tif").touch()
    assert free_stem(tmp_path, "cells", ["_z001", "_z002"]) == "cells"
    assert free_stem(tmp_path, "cells", ["_z002", "_z003"]) == "cells_2"


def test_the_two_spellings_of_a_letter_are_one_name(tmp_path):
    (tmp_path / "Zelle a\u0308.png").touch()
    assert free_stem(tmp_path, "Zelle ä") == "Zelle ä_2"
