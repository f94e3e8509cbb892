import json
import os
import shutil
import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unet import disk
from napari_unet.images.files import write_masks
from napari_unet.session.edits import Edit
from napari_unet.session.journal import Identity, Journal
from napari_unet.session.series import Counts, Series, Standing
from napari_unet.session.series_files import natural
from napari_unet.session.series_journals import corrected_in


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UNET_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path):
    """Four images; nothing of the series opens them, so any bytes will do."""
    folder = tmp_path / "images"
    fill(folder, "cell 10.tif", "cell 2.tif", "cell 1.TIF", "Cell 3.png")
    return folder


def fill(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(os.fsencode(name) * 7)


def names(series):
    return [path.name for path in series.images]


def heard(signal):
    said = []
    signal.connect(said.append)
    return said


def test_images_are_sorted_as_people_count(folder):
    assert names(Series(folder)) == ["cell 1.TIF", "cell 2.tif", "Cell 3.png", "cell 10.tif"]


@given(
    st.lists(st.text(max_size=8), max_size=5).flatmap(
        lambda t: st.tuples(*[st.permutations(t)] * 2)
    )
)
def test_any_names_can_be_sorted_and_always_come_in_one_order(shuffled):
    first, second = shuffled
    assert sorted(first, key=natural) == sorted(second, key=natural)


def test_r12_2_what_is_left_out_is_told_with_the_reason(folder):
    write_masks(folder / "cell 2_masks.tif", np.ones((4, 4), int))
    fill(folder, "cell 2_probabilities.tif", "cell 2_known.tif", ".hidden.tif", "notes.txt")
    (folder / "empty.png").touch()
    (folder / "sub.tif").mkdir()
    series = Series(folder)
    assert len(series.images) == 4
    assert series.skipped == {
        "cell 2_masks.tif": "it is a mask",
        "cell 2_probabilities.tif": "it holds probabilities",
        "cell 2_known.tif": "it says which pixels are known",
        "empty.png": "it is empty",
        "sub.tif": "it is no file",
    }


@pytest.mark.parametrize("make", [True, False])
def test_a_folder_without_images_is_said(tmp_path, make):
    folder = tmp_path / "nothing"
    if make:
        folder.mkdir()
    with pytest.raises(ValueError, match="put PNG, TIFF" if make else "open another one"):
        Series(folder)


def test_r15_3_next_and_previous(folder):
    series = Series(folder)
    first, second, third, last = series.images
    assert (series.current, series.index) == (None, None)
    assert (series.next(), series.previous()) == (first, None)
    series.open(second)
    assert (series.current, series.index) == (second, 1)
    assert (series.next(), series.previous()) == (third, first)
    series.open(last)
    assert (series.next(), series.previous()) == (None, third)
    with pytest.raises(ValueError, match="none of the images"):
        series.open(folder / "other.tif")


def test_r15_3_the_filter_passes_over_what_is_done_and_goes_round(folder):
    series = Series(folder)
    first, second, third, last = series.images
    for path in (second, last):
        series.mark(path, Standing.DONE)
    series.open(first)
    assert series.next(unchecked_only=True) == third
    series.open(third)
    assert series.next(unchecked_only=True) == first
    assert series.previous(unchecked_only=True) == first
    series.mark(first, Standing.DONE)
    assert series.next(unchecked_only=True) is None, "the open image itself is not the next one"
    assert series.previous(unchecked_only=True) is None
    assert series.next() == last


def test_how_far_the_images_are(folder):
    write_masks(folder / "cell 2_masks.tif", np.ones((4, 4), int))
    series = Series(folder, lambda folder: {"cell 10.tif"})
    assert series.counts == Counts(done=0, started=2, untouched=2)
    first, second, third, last = series.images
    assert series.standing(second) is series.standing(last) is Standing.STARTED
    changes = []
    series.changed.connect(lambda: changes.append(1))
    series.mark(first, Standing.DONE)
    series.mark(second, Standing.DONE)
    series.mark(third, Standing.STARTED)
    assert series.counts == Counts(done=2, started=2, untouched=0)
    series.mark(second, Standing.STARTED)
    assert series.counts == Counts(done=1, started=3, untouched=0)
    assert len(changes) == 4
    series.mark(second, Standing.STARTED)
    assert len(changes) == 4, "nothing was said that was not known"


def test_r15_3_a_second_start_goes_on_where_it_stopped(folder):
    series = Series(folder)
    series.mark(series.images[1], Standing.DONE)
    series.mark(series.images[2], Standing.STARTED)
    again = Series(folder)
    assert again.counts == Counts(done=1, started=1, untouched=2)
    assert again.standing(series.images[1]) is Standing.DONE


def test_r2_3_nothing_is_written_beside_the_images(folder, home):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    series = Series(folder)
    series.mark(series.images[0], Standing.DONE)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert len(list((home / "series").iterdir())) == 1


def test_r15_5_a_read_only_folder_works(folder):
    folder.chmod(0o555)
    series = Series(folder)
    series.mark(series.images[0], Standing.DONE)
    assert Series(folder).counts.done == 1
    folder.chmod(0o755)


ODD = [
    "a b.tif",
    "50 % #3.tif",
    "übung.v2.final.tif",
    "细胞.png",
    "a..x.tif",
    "cell²3.tif",
    "名\n.png",
]


def test_r15_5_names_with_spaces_signs_and_unicode(tmp_path):
    folder = tmp_path / "ö # 1.d"
    fill(folder, *ODD)
    series = Series(folder)
    assert set(names(series)) == set(ODD)
    for path in series.images:
        series.mark(path, Standing.DONE)
    assert Series(folder).counts == Counts(done=len(series.images))


@pytest.mark.skipif(os.name == "nt", reason="names there are always text")
def test_r15_5_a_name_that_is_no_text(tmp_path):
    folder = tmp_path / "images"
    fill(folder, os.fsdecode(b"caf\xe9.tif"))
    series = Series(folder)
    series.mark(series.images[0], Standing.DONE)
    assert Series(folder).counts.done == 1


def test_a_moved_folder_is_known_again_by_its_images(folder, tmp_path):
    series = Series(folder)
    series.mark(series.images[0], Standing.DONE)
    moved = folder.rename(tmp_path / "moved")
    series = Series(moved)
    assert series.counts.done == 1
    series.mark(series.images[1], Standing.DONE)
    assert Series(moved).counts.done == 2


def test_a_copy_with_other_images_of_the_same_names_and_sizes_is_not_taken_for_it(folder, tmp_path):
    series = Series(folder)
    series.mark(series.images[0], Standing.DONE)
    shutil.rmtree(folder)
    other = tmp_path / "other"
    fill(other, "cell 10.tif", "cell 1.TIF")
    (other / "cell 1.TIF").write_bytes(b"CELL 1.tif" * 7)
    assert Series(other).counts == Counts(untouched=2)


def test_an_image_that_was_replaced_is_not_done(folder):
    series = Series(folder)
    series.mark(series.images[0], Standing.DONE)
    series.images[0].write_bytes(b"another image")
    series.refresh()
    assert series.counts.done == 0
    series.mark(series.images[0], Standing.DONE)
    assert Series(folder).counts.done == 1


def test_two_windows_on_one_folder_keep_what_both_say(folder):
    first, second = Series(folder), Series(folder)
    first.mark(first.images[0], Standing.DONE)
    second.mark(second.images[1], Standing.DONE)
    assert Series(folder).counts.done == 2


def test_a_damaged_record_is_a_new_start(folder, home):
    series = Series(folder)
    series.mark(series.images[0], Standing.DONE)
    (kept,) = (home / "series").iterdir()
    for text in (
        "",
        "[]",
        '{"images": 3, "folder": 1}',
        json.dumps({"images": {"a": {"size": 1}}}),
    ):
        kept.write_text(text)
        again = Series(folder)
        assert again.counts.done == 0
        again.mark(again.images[0], Standing.DONE)
        assert Series(folder).counts.done == 1


def test_a_record_that_cannot_be_saved_is_said_and_holds_until_the_end(folder, monkeypatch):
    series = Series(folder)
    told = heard(series.noticed)

    def full(operation):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "watch", full)
    series.mark(series.images[0], Standing.DONE)
    assert series.counts.done == 1
    assert "has no room" in told[0]
    assert Series(folder).counts.done == 0


def test_r15_3_a_file_that_is_no_image_is_left_out_with_a_sentence(folder):
    series = Series(folder)
    told = heard(series.noticed)
    _, second, third, _ = series.images
    series.open(second)
    series.skip(second, "it cannot be read.")
    assert told == ["'cell 2.tif' is left out: it cannot be read."]
    assert series.skipped == {"cell 2.tif": "it cannot be read."}
    assert series.current is None
    assert series.next() == third, "it goes on from where it was"
    series.refresh()
    assert len(series.images) == 4


def test_r15_5_a_file_that_vanishes_is_left_out(folder):
    series = Series(folder)
    told = heard(series.noticed)
    _, second, third, _ = series.images
    series.open(second)
    second.unlink()
    series.mark(second, Standing.DONE)
    assert "can no longer be read" in told[0]
    assert series.next() == third
    series.refresh()
    assert names(series) == ["cell 1.TIF", "Cell 3.png", "cell 10.tif"]
    assert series.current is None


def test_a_folder_that_vanishes_is_said(folder):
    series = Series(folder)
    shutil.rmtree(folder)
    with pytest.raises(ValueError, match="open another one"):
        series.refresh()
    assert len(series.images) == 4


def test_new_images_appear_after_a_refresh(folder):
    series = Series(folder)
    series.open(series.images[1])
    fill(folder, "cell 2b.tif")
    series.refresh()
    assert names(series)[2] == "cell 2b.tif"
    assert series.index == 1


@pytest.fixture
def journals(monkeypatch, tmp_path):
    """Somebody who corrects an image, and whose journal is closed again."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def correct(path, *kinds):
        journal = Journal(Identity(path.name, str(path), "YX", (4, 5)))
        for kind in kinds:
            journal.write(Edit(kind))
        journal.close()

    return correct


def test_images_with_corrections_in_a_journal_are_started(folder, journals, tmp_path):
    assert corrected_in(folder) == frozenset()
    journals(folder / "cell 2.tif", "paint")
    journals(folder / "Cell 3.png", "segment", "right")
    journals(folder / "cell 10.tif", "segment")
    journals(tmp_path / "elsewhere" / "cell 1.TIF", "paint")
    assert corrected_in(folder) == {"cell 2.tif", "Cell 3.png"}
    assert Series(folder, corrected_in).counts == Counts(started=2, untouched=2)
