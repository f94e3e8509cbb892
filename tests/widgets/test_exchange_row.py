import errno
from threading import Event

import numpy as np
import pytest
import tifffile

from napari_unet import disk
from napari_unet.schema.correction import State
from napari_unet.session import exchange
from napari_unet.session.exchange import read_masks
from napari_unet.widgets import exchange_row
from napari_unet.widgets.exchange_row import ExchangeRow


@pytest.fixture
def row(desk, tmp_path, qtbot):
    """The two buttons, with a user who always chooses the same places."""
    row = ExchangeRow(desk, lambda _: str(tmp_path / "out"), lambda _: str(tmp_path / "masks.tif"))
    qtbot.addWidget(row)
    return row


def file_of(tmp_path, labels):
    tifffile.imwrite(tmp_path / "masks.tif", labels, compression="zlib")


def blocks(shape=(40, 60)):
    labels = np.zeros(shape, np.uint16)
    labels[..., 2:9, 3:9] = 5
    labels[..., 20:30, 20:40] = 700
    return labels


def test_without_an_image_nothing_can_be_pressed(row):
    assert not row.export.isEnabled()
    assert not row.masks.isEnabled()
    assert not row.read.isEnabled()


def test_masks_from_elsewhere_are_one_edit(row, image, desk, tmp_path, qtbot):
    file_of(tmp_path, blocks())
    row.read.click()
    qtbot.waitUntil(lambda: desk.stage.work.specimen.labels.any())
    np.testing.assert_array_equal(desk.stage.work.results.masks.data, blocks())
    assert not desk.stage.work.specimen.history.states.any(), "nobody has looked at them yet"
    desk.stage.work.results.masks.undo()
    assert not desk.stage.work.specimen.labels.any()


def test_r12_5_what_can_not_be_the_mask_is_refused_and_nothing_changes(
    row, segmented, tmp_path, qtbot, said
):
    before = segmented.specimen.labels.copy()
    file_of(tmp_path, blocks((50, 60)))
    row.read.click()
    qtbot.waitUntil(lambda: any("masks.tif" in text for text in said()))
    np.testing.assert_array_equal(segmented.specimen.labels, before)


def test_what_is_exported_can_be_imported_with_all_that_is_known(
    row, segmented, tmp_path, qtbot, said, image
):
    segmented.results.masks.paint((10, 10), 0)
    segmented.corrector.confirm_view()
    row.export.click()
    qtbot.waitUntil(lambda: any("1 plane saved" in text for text in said()))
    masks, states = segmented.specimen.labels.copy(), segmented.specimen.history.states.copy()
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "cells.tif",
        "cells_known.tif",
        "cells_masks.tif",
    ]
    np.testing.assert_array_equal(tifffile.imread(out / "cells.tif"), image.data)
    segmented.results.masks.fill((10, 8), 77)
    segmented.results.masks.paint((35, 55), 3)
    row._ask_which = lambda _: str(out / "cells_masks.tif")
    row.read.click()
    qtbot.waitUntil(lambda: segmented.specimen.history.done[-1].kind == "import")
    np.testing.assert_array_equal(segmented.specimen.labels, masks)
    np.testing.assert_array_equal(segmented.specimen.history.states, states)


def test_r15_1_masks_are_exported_with_what_is_measured_of_them(
    row, segmented, tmp_path, qtbot, said, image
):
    assert row.masks.isEnabled(), "a good mask needs no correction"
    assert not row.export.isEnabled()
    row.masks.click()
    qtbot.waitUntil(lambda: any("Saved in" in text for text in said()))
    out = tmp_path / "out"
    names = "cells_masks.tif, cells_measurements.csv, cells_rois.zip"
    assert said()[-1] == f"Saved in {out}: {names}."
    masks = tifffile.imread(out / "cells_masks.tif")
    np.testing.assert_array_equal(masks, segmented.results.masks.data)
    lines = (out / "cells_measurements.csv").read_text("utf-8").splitlines()
    assert len(lines) == 1 + 2
    mean = dict(zip(*(line.split(",") for line in lines[:2]), strict=True))["intensity_mean"]
    assert float(mean) == pytest.approx(image.data[masks == 1].mean(), rel=1e-5)


def test_r15_1_a_folder_that_can_not_be_written_is_told_with_what_to_do(
    row, segmented, qtbot, said, monkeypatch
):
    sentence = "'cells_masks.tif' could not be saved (Permission denied); choose another folder"

    def refuse(*rest):
        raise disk.NotSaved(errno.EACCES, sentence)

    monkeypatch.setattr(exchange, "write_masks", refuse)
    row.masks.click()
    qtbot.waitUntil(lambda: bool(said()))
    assert said() == [f"{sentence}."]


def test_new_masks_say_nothing_of_pixels_that_change(row, segmented, tmp_path, qtbot):
    segmented.corrector.confirm_view()
    file_of(tmp_path, blocks())
    before = segmented.specimen.labels.copy()
    row.read.click()
    qtbot.waitUntil(lambda: segmented.specimen.history.done[-1].kind == "import")
    changed = before != blocks()
    states = segmented.specimen.history.states
    assert (states[changed] == State.MODEL).all()
    assert (states[~changed] == State.CONFIRMED).all()


def test_who_chooses_no_file_changes_nothing(row, segmented, desk, tmp_path):
    row._ask_which = row._ask_where = lambda _: ""
    count = len(segmented.specimen.history.done)
    row.read.click()
    row.export.click()
    row.masks.click()
    assert len(segmented.specimen.history.done) == count


@pytest.fixture
def slow_row(row, tmp_path, monkeypatch):
    """The row, whose files are read when they are let go of."""
    let_go = Event()

    def read(*rest):
        assert let_go.wait(10)
        return read_masks(*rest)

    monkeypatch.setattr(exchange_row, "read_masks", read)
    file_of(tmp_path, blocks())
    return row, let_go


def test_r14_2_masks_of_an_image_that_is_gone_are_dropped_with_a_notice(
    slow_row, viewer, image, qtbot, said
):
    row, let_go = slow_row
    row.read.click()
    viewer.layers.remove(image)
    let_go.set()
    qtbot.waitUntil(lambda: bool(said()))
    assert "closed or replaced" in said()[-1]
    assert len(viewer.layers) == 0


def test_r14_2_masks_of_an_image_that_is_read_anew_are_dropped_with_a_notice(
    slow_row, viewer, desk, qtbot, said
):
    row, let_go = slow_row
    viewer.add_image(np.zeros((3, 40, 60), np.float32))
    row.read.click()
    desk.stage.read_as("TYX")
    let_go.set()
    qtbot.waitUntil(lambda: bool(said()))
    assert "closed or replaced" in said()[-1]
    assert len(viewer.layers) == 1


def test_masks_come_though_another_channel_is_chosen_meanwhile(slow_row, viewer, desk, qtbot):
    row, let_go = slow_row
    viewer.add_image(np.zeros((3, 40, 60), np.float32))
    assert desk.stage.reading.axes == "CYX"
    row.read.click()
    desk.stage.choose_channel(2)
    let_go.set()
    qtbot.waitUntil(lambda: desk.stage.work.specimen.labels.any())
