"""Whether a mask holds objects or classes is part of its history, and survives with it."""

import numpy as np
import pytest
import tifffile

from napari_unet.schema.correction import State
from napari_unet.schema.settings import MaskSettings
from napari_unet.session import kind, verdicts
from napari_unet.session.edits import Edit, Move, Region
from napari_unet.session.exchange import read_masks
from napari_unet.session.history import History
from napari_unet.session.journal import Identity, Journal, find, read
from napari_unet.session.journal.shortening import shortened
from napari_unet.session.runs import Runs
from napari_unet.session.specimen import Specimen

SHAPE = (12, 16)
IDENTITY = Identity("a digest", "", "YX", SHAPE)


def segmented(classes, value=1):
    """A mask that a model made: all of one value."""
    runs = Runs.of_arrays(np.zeros(SHAPE, np.uint16), np.full(SHAPE, value, np.uint16))
    return Edit("segment", runs, classes=classes)


def test_what_a_mask_holds_goes_back_and_forth_with_its_edits():
    history = History(SHAPE)
    assert history.classes == 1
    history.do(segmented(3))
    history.do(verdicts.confirmed(history, Region((), (0, 0, 4, 4))))
    assert history.classes == 3
    history.undo()
    history.undo()
    assert history.classes == 1
    history.redo()
    assert history.classes == 3


@pytest.mark.parametrize("undoable", [0, 2, 200])
def test_it_comes_back_from_a_journal_also_from_one_made_short(tmp_path, monkeypatch, undoable):
    monkeypatch.setattr("napari_unet.session.journal.shortening.UNDOABLE", undoable)
    history = History(SHAPE)
    history.do(segmented(5))
    for y in range(3):
        history.do(verdicts.confirmed(history, Region((), (y, 0, y + 4, 4))))
    entries = [*history.done, Move.UNDO]
    journal = Journal(IDENTITY, tmp_path)
    for entry in entries:
        journal.write(entry)
    journal.close()
    (found,) = find(IDENTITY, tmp_path)
    for these in (read(found.path)[1], shortened(entries, SHAPE).entries):
        again = History(SHAPE)
        again.replay(these)
        assert again.classes == 5


def test_corrections_say_what_their_labels_are():
    specimen = Specimen("a digest", "YX", SHAPE)
    specimen.history.do(segmented(3))
    specimen.history.do(verdicts.confirmed(specimen.history, Region((), (0, 0, 9, 9))))
    (correction,) = specimen.corrections(lambda plane: np.zeros(SHAPE, np.uint8))
    assert correction.classes == specimen.classes == 3


def test_a_mask_that_was_corrected_never_becomes_one_of_another_kind():
    specimen = Specimen("a digest", "YX", SHAPE)
    specimen.history.do(segmented(3))
    assert not kind.why_not(specimen, 1)
    specimen.history.do(verdicts.unsure(specimen.history, np.arange(3)))
    assert not kind.why_not(specimen, 3)
    assert "a mask of 3 classes, and this model gives objects" in kind.why_not(specimen, 1)
    assert "this model gives 4 classes" in kind.why_not(specimen, 4)


def test_settings_that_change_nothing_say_why():
    assert kind.unused(1, MaskSettings()) == {}
    assert set(kind.unused(3, MaskSettings())) == {"threshold", "min_size_px", "split_touching"}
    assert set(kind.unused(3, MaskSettings(objects_of=0))) == {"threshold"}


def test_a_file_for_a_mask_of_classes_keeps_its_values(tmp_path):
    path = tmp_path / "m.tif"
    values = np.zeros(SHAPE, np.uint8)
    values[2:4, 2:4] = values[8:9, 3:9] = 2  # as objects, these would be two
    tifffile.imwrite(path, values)
    np.testing.assert_array_equal(read_masks(path, SHAPE, 3).labels, values)
    with pytest.raises(ValueError, match="holds the value 2, but 2 classes are"):
        read_masks(path, SHAPE, 2)
    stack = np.stack([values, values[::-1]])
    tifffile.imwrite(path, stack)
    np.testing.assert_array_equal(read_masks(path, (2, *SHAPE), 3).labels, stack)


def test_what_was_exported_of_classes_is_read_as_it_was(tmp_path):
    values = np.zeros(SHAPE, np.uint16)
    values[2:4] = 2
    tifffile.imwrite(tmp_path / "a_masks.tif", values)
    states = np.full(SHAPE, State.CONFIRMED, np.uint8)
    tifffile.imwrite(tmp_path / "a_known.tif", states)
    read = read_masks(tmp_path / "a_masks.tif", SHAPE, 3)
    np.testing.assert_array_equal(read.labels, values)
    np.testing.assert_array_equal(read.states, states)
    with pytest.raises(ValueError, match="2 classes"):
        read_masks(tmp_path / "a_masks.tif", SHAPE, 2)
