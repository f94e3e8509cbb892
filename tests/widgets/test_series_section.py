import shutil

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Image
from napari.utils._proxies import PublicOnlyProxy
from PIL import Image as Picture
from qtpy.QtCore import Qt

from napari_unet.images.files import read_image
from napari_unet.session.series import Standing
from napari_unet.widgets.layers import Reading
from napari_unet.widgets.layers.images import propose, read_as
from napari_unet.widgets.layers.opening import open_image, path_of, results_of
from napari_unet.widgets.layers.own import claim
from napari_unet.widgets.series_opener import SeriesOpener
from napari_unet.widgets.series_section import SeriesSection

NAMES = ["cell 1.tif", "cell 2 #ü.tif", "cell 10.png"]


class Stage:
    def __init__(self):
        self.image = None
        self.readings = {}

    def choose(self, image):
        self.image = image

    @property
    def reading(self):
        return self.reading_of(self.image)

    def reading_of(self, image):
        return self.readings.setdefault(image, propose(image))

    def read_as(self, axes):
        self.readings[self.image] = read_as(self.image, axes)

    def choose_channel(self, channel):
        self.readings[self.image] = Reading(self.reading.axes, channel)


class Desk:
    """Remembers what it was asked to let go of, and what was in the viewer then."""

    def __init__(self, viewer):
        self.stage = Stage()
        self.left = []
        self.problem = None
        self._viewer = viewer

    def leave(self, image):
        if self.problem is not None:
            raise self.problem
        self.left.append((image.name, image in self._viewer.layers))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "images #1 ö"
    folder.mkdir()
    for i, name in enumerate(NAMES):
        write(folder / name, np.full((20 + i, 30), 99 * i, np.uint16) + np.arange(30, dtype="u2"))
    return folder


def write(path, array):
    if path.suffix == ".png":
        Picture.fromarray(array).save(path)
    else:
        tifffile.imwrite(path, array, photometric="minisblack")


@pytest.fixture
def desk(viewer):
    return Desk(viewer)


@pytest.fixture
def opener(viewer, desk):
    return SeriesOpener(viewer, desk)


@pytest.fixture
def section(qtbot, opener, folder):
    section = SeriesSection(opener, ask=lambda parent: str(folder))
    qtbot.addWidget(section)
    section.resize(320, 500)
    section.show()
    return section


def click(qtbot, widget):
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def shown(viewer):
    return [layer.name for layer in viewer.layers]


# the section


def test_without_a_folder_it_is_one_line(section):
    assert section.open.isVisible()
    assert not section.body.isVisible()


def test_r15_3_next_previous_and_done(qtbot, section, viewer, desk):
    click(qtbot, section.open)
    assert not section.open.isVisible()
    assert section.name.text() == "cell 1.tif"
    assert section.place.text() == "1 of 3 · untouched"
    assert section.progress.text() == "0 done, 0 started, 3 untouched"
    assert not section.previous.isEnabled()
    click(qtbot, section.next)
    assert section.place.text() == "2 of 3 · untouched"
    assert desk.stage.image.name == "cell 2 #ü"
    click(qtbot, section.done)
    assert section.name.text() == "cell 10.png"
    assert not section.next.isEnabled()
    assert section.progress.text() == "1 done, 0 started, 2 untouched"
    click(qtbot, section.previous)
    assert section.place.text() == "2 of 3 · done"
    assert shown(viewer) == ["cell 2 #ü"]


def test_r15_3_the_filter_passes_over_what_is_done(qtbot, section, opener):
    click(qtbot, section.open)
    click(qtbot, section.done)
    section.unchecked.setChecked(True)
    assert [path.name for path in section.list.images.paths] == NAMES[1:]
    assert not section.previous.isEnabled()
    click(qtbot, section.done)
    click(qtbot, section.done)
    assert opener.series.counts.done == 3
    assert section.place.text() == "3 of 3 · done"
    section.unchecked.setChecked(False)
    assert len(section.list.images.paths) == 3


def test_the_end_is_said(section, opener, folder, said):
    opener.open_folder(folder)
    opener.previous()
    assert said()[-1] == "This is the first image."
    opener.open(opener.series.images[-1])
    opener.next()
    assert said()[-1] == "This is the last image."
    opener.pass_over(True)
    for path in opener.series.images:
        opener.series.mark(path, Standing.DONE)
    opener.next()
    assert said()[-1] == "All images are done."


def test_a_click_in_the_list_opens_an_image(qtbot, section, opener, desk):
    click(qtbot, section.open)
    place = section.list.visualRect(section.list.images.index(2)).center()
    qtbot.mouseClick(section.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert section.name.text() == "cell 10.png"
    assert len(desk.left) == 1, "opened once"
    opener.previous()
    assert section.list.currentIndex().row() == 1, "the list follows"


def test_the_list_says_how_far_each_image_is(qtbot, section, opener):
    click(qtbot, section.open)
    opener.mark(Standing.STARTED)
    model = section.list.images
    tips = [model.data(model.index(i), Qt.ItemDataRole.ToolTipRole) for i in range(3)]
    assert tips[:2] == ["cell 1.tif: started", "cell 2 #ü.tif: untouched"]
    dots = [model.data(model.index(i), Qt.ItemDataRole.DecorationRole) for i in range(3)]
    assert dots[0].cacheKey() != dots[1].cacheKey() == dots[2].cacheKey()


def test_r12_2_what_is_left_out_is_named(qtbot, section, folder):
    (folder / "broken.tif").write_bytes(b"no image")
    (folder / "cell 1_masks.tif").write_bytes(b"x")
    click(qtbot, section.open)
    assert section.name.text() == "cell 1.tif"
    assert section.progress.text() == "0 done, 1 started, 2 untouched · 2 left out"
    assert "cell 1_masks.tif: it is a mask" in section.progress.toolTip()
    assert "broken.tif' cannot be read as an image" in section.progress.toolTip()


def test_closing_the_folder_leaves_its_image(qtbot, section, viewer):
    click(qtbot, section.open)
    click(qtbot, section.leave)
    assert section.open.isVisible()
    assert shown(viewer) == ["cell 1"]
    assert viewer.keymap == {}


def test_no_folder_chosen_changes_nothing(qtbot, opener):
    section = SeriesSection(opener, ask=lambda parent: "")
    qtbot.addWidget(section)
    click(qtbot, section.open)
    assert opener.series is None


# the opener


def test_an_image_takes_the_place_of_the_one_before(opener, viewer, desk, folder):
    below = viewer.add_points(name="below")
    opener.open_folder(folder)
    image = opener.image
    above = viewer.add_labels(np.zeros((9, 9), int), name="above")
    masks = viewer.add_labels(np.zeros((20, 30), int), name="cell 1 masks")
    claim(masks, "masks", image)
    assert results_of(viewer, image) == [masks]
    opener.next()
    assert shown(viewer) == ["below", "cell 2 #ü", "above"]
    assert desk.left == [("cell 1", True)], "it is saved before its layers go"
    assert desk.stage.image is opener.image
    assert below in viewer.layers
    assert above in viewer.layers


def test_what_the_user_set_of_the_look_goes_over(opener, viewer, folder):
    opener.open_folder(folder)
    own = opener.image.contrast_limits
    opener.image.colormap = "green"
    opener.image.gamma = 0.5
    opener.next()
    assert opener.image.colormap.name == "green"
    assert opener.image.gamma == 0.5
    assert opener.image.contrast_limits != own, "each image has a contrast of its own"
    opener.image.contrast_limits = (3, 77)
    opener.next()
    assert opener.image.contrast_limits == [3, 77], "but one that was set stays"
    opener.previous()
    assert opener.image.contrast_limits == [3, 77]


def test_the_view_fits_each_image(opener, viewer, folder):
    opener.open_folder(folder)
    viewer.scene.camera.zoom = 100
    opener.next()
    assert viewer.scene.camera.zoom < 100
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], (10, 14.5), atol=0.5)


def test_images_are_read_alike(opener, desk, folder):
    for i in range(3):
        write(folder / f"a stack {i}.tif", np.zeros((3, 20, 30), "u2"))
    opener.open_folder(folder)
    desk.stage.read_as("CYX")
    desk.stage.choose_channel(2)
    opener.next()
    assert desk.stage.reading == Reading("CYX", 2)
    desk.stage.read_as("ZYX")
    opener.next()
    assert desk.stage.reading == Reading("ZYX", None)
    opener.next()
    assert desk.stage.reading == Reading("YX", None), "an image of another kind is read as it is"


def test_r2_7_what_can_not_be_saved_stays_open(opener, viewer, desk, folder):
    opener.open_folder(folder)
    image, told = opener.image, []
    opener.opened.connect(lambda *what: told.append(what))
    desk.problem = OSError("no room")
    with pytest.raises(OSError, match="no room"):
        opener.next()
    assert list(viewer.layers) == [image]
    assert opener.image is desk.stage.image is image
    assert opener.series.current.name == "cell 1.tif"
    assert told == []
    desk.problem = None
    opener.next()
    assert shown(viewer) == ["cell 2 #ü"]


def test_r15_3_files_that_can_not_be_read_are_passed_over(opener, viewer, folder, said):
    (folder / "cell 1b.tif").write_bytes(b"no image")
    (folder / "cell 1c.png").write_bytes(b"none either")
    opener.open_folder(folder)
    opener.next()
    assert shown(viewer) == ["cell 2 #ü"]
    assert len(opener.series.images) == 3
    assert next(text for text in said() if "is left out" in text).startswith("'cell 1b.tif'")
    opener.previous()
    assert shown(viewer) == ["cell 1"]


def test_r15_5_a_file_that_vanishes_is_passed_over(opener, viewer, folder, said):
    opener.open_folder(folder)
    (folder / NAMES[1]).unlink()
    opener.next()
    assert shown(viewer) == ["cell 10"]
    assert any("There is no file" in text for text in said())
    shutil.rmtree(folder)
    opener.previous()
    assert shown(viewer) == ["cell 10"], "the last image stays"


def test_a_folder_without_a_readable_image_is_refused(opener, viewer, tmp_path):
    (tmp_path / "a.tif").write_bytes(b"no image")
    with pytest.raises(ValueError, match="open another folder"):
        opener.open_folder(tmp_path)
    assert opener.series is None
    assert shown(viewer) == []


def test_r15_3_a_second_start_goes_on_where_it_stopped(opener, viewer, desk, folder):
    opener.open_folder(folder)
    opener.done_and_next()
    opener.close()
    another = ViewerModel()
    again = SeriesOpener(another, desk)
    again.open_folder(folder)
    assert again.series.current.name == NAMES[1]


def test_an_image_that_the_user_has_removed_can_be_opened_again(opener, viewer, folder):
    opener.open_folder(folder)
    viewer.layers.clear()
    assert opener.image is None
    opener.open(opener.series.images[0])
    assert shown(viewer) == ["cell 1"]
    viewer.layers.clear()
    opener.next()
    assert shown(viewer) == ["cell 2 #ü"]


def test_work_that_begins_does_not_undo_that_it_was_done(opener, folder):
    opener.mark(Standing.STARTED)
    opener.open_folder(folder)
    opener.mark(Standing.STARTED)
    assert opener.series.counts.started == 1
    opener.mark(Standing.DONE)
    opener.mark(Standing.STARTED)
    assert opener.series.counts.done == 1


def press(viewer, key):
    (slot,) = [slot for bound, slot in viewer.keymap.items() if str(bound) == key]
    slot(viewer)


def test_keys_go_from_image_to_image(opener, viewer, folder):
    opener.open_folder(folder)
    press(viewer, "PageDown")
    assert shown(viewer) == ["cell 2 #ü"]
    press(viewer, "PageUp")
    assert shown(viewer) == ["cell 1"]


def test_a_key_that_somebody_else_uses_is_left_alone(opener, viewer, folder):
    theirs = viewer.bind_key("PageDown", lambda viewer: None) or dict(viewer.keymap)
    opener.open_folder(folder)
    opener.close()
    assert {str(key) for key in viewer.keymap} == {str(key) for key in theirs} == {"PageDown"}


def test_an_image_knows_its_file(opener, viewer, folder):
    opener.open_folder(folder)
    assert path_of(opener.image) == str(folder / NAMES[0])
    assert path_of(viewer.add_image(np.zeros((9, 9)))) == ""


def test_r9_1_an_image_has_the_pixels_that_the_command_line_sees(viewer, tmp_path):
    path = tmp_path / "lzw.tif"
    pixels = np.arange(1800, dtype=np.uint8).reshape(20, 30, 3)
    Picture.fromarray(pixels).save(path, compression="tiff_lzw")
    image = open_image(viewer, path)
    np.testing.assert_array_equal(image.data, read_image(path))


def test_r14_1_an_image_is_held_as_itself_where_napari_wraps_the_viewer(viewer, folder):
    wrapped = PublicOnlyProxy(viewer)
    image = open_image(wrapped, folder / NAMES[0])
    assert image is viewer.layers[0]
    assert type(image) is Image
