import dask.array as da
import numpy as np
import pytest

from napari_unet.images.lazy import PlaneView, whole
from napari_unet.session import verdicts
from napari_unet.session.edits import Region
from napari_unet.widgets.layers import Reading


@pytest.fixture
def stage(desk):
    return desk.stage


def test_without_an_image_there_is_nothing_on_the_stage(stage):
    assert stage.image is None
    assert stage.images == []
    assert stage.work is None
    with pytest.raises(ValueError, match="open one first"):
        _ = stage.reading


def test_an_image_that_is_opened_is_chosen(stage, viewer):
    first = viewer.add_image(np.zeros((8, 9)))
    assert stage.image is first
    second = viewer.add_image(np.zeros((8, 9)))
    assert stage.image is second
    stage.choose(first)
    viewer.add_labels(np.zeros((8, 9), int))
    assert stage.image is first


def test_r14_1_the_image_stays_chosen_when_it_is_renamed_or_moved(stage, viewer):
    first, second = (viewer.add_image(np.zeros((8, 9)), name=name) for name in "ab")
    stage.choose(first)
    second.name = "a"
    first.name = "other"
    viewer.layers.move(0, 2)
    assert stage.image is first


def test_when_the_chosen_image_is_removed_another_takes_its_place(stage, viewer):
    first, second = (viewer.add_image(np.zeros((8, 9))) for _ in range(2))
    viewer.layers.remove(second)
    assert stage.image is first
    viewer.layers.remove(first)
    assert stage.image is None


def test_r8_1_the_reading_is_proposed_and_remembered_for_each_image(stage, viewer):
    stack = viewer.add_image(np.zeros((20, 2, 32, 32)))
    plane = viewer.add_image(np.zeros((32, 32)))
    stage.choose(stack)
    assert stage.reading == Reading("ZCYX", 0)
    stage.choose_channel(1)
    stage.choose(plane)
    assert stage.reading == Reading("YX", None)
    stage.choose(stack)
    assert stage.reading == Reading("ZCYX", 1)


def test_r8_1_reading_the_axes_in_another_way_starts_anew(stage, viewer):
    viewer.add_image(np.zeros((3, 32, 32)))
    assert stage.reading == Reading("CYX", 0)
    before = stage.begin()
    stage.choose_channel(2)
    assert stage.work.results is before.results, "another channel is the same image"
    stage.read_as("ZYX")
    assert stage.work is None
    assert stage.reading == Reading("ZYX", None)
    assert stage.begin().results.specimen.shape == (3, 32, 32)


def confirm(work, region):
    history = work.results.specimen.history
    history.do(verdicts.confirmed(history, region))


def test_corrections_of_all_images_are_learned(stage, viewer):
    images = [viewer.add_image(np.full((8, 9), value, np.float32)) for value in (1, 2)]
    for image in images:
        stage.choose(image)
        confirm(stage.begin(), Region((), (1, 1, 5, 5)))
    assert stage.bench.tally.regions == 2
    corrections = list(stage.bench.corrections())
    assert [correction.image.max() for correction in corrections] == [1, 2]
    assert len({correction.image_id for correction in corrections}) == 2
    viewer.layers.remove(images[0])
    assert stage.bench.tally.regions == 1


def test_r14_4_corrections_are_a_snapshot(stage, segmented, image):
    confirm(segmented, Region((), (0, 0, 40, 60)))
    (correction,) = stage.bench.corrections()
    labels, known = correction.labels.copy(), correction.known.copy()
    segmented.results.masks.paint((10, 10), 0)
    image.data[...] = 7
    np.testing.assert_array_equal(correction.labels, labels)
    np.testing.assert_array_equal(correction.known, known)
    assert correction.image.max() == 1


def test_r4_1_what_is_learned_of_an_image_on_the_disk_is_not_read_in_the_window(desk, viewer):
    stage = desk.stage
    image = viewer.add_image(da.zeros((7, 32, 32)), contrast_limits=(0, 1))
    confirm(stage.begin(), Region((3,), (0, 0, 9, 9)))
    (correction,) = stage.bench.corrections()
    assert isinstance(correction.image, PlaneView)
    assert correction.image.shape == (32, 32)
    view = desk.watcher.view()
    assert isinstance(view.plane, PlaneView)
    image.data = np.ones((7, 32, 32))
    assert not whole(correction.image).any(), "what was there when it was asked for"


def test_each_plane_has_an_id_of_its_own(stage, viewer):
    viewer.add_image(np.zeros((7, 32, 32)))
    confirm(stage.begin(), Region((0,), (0, 0, 9, 9)))
    confirm(stage.begin(), Region((6,), (0, 0, 9, 9)))
    ids = [correction.image_id for correction in stage.bench.corrections()]
    assert len(set(ids)) == 2
