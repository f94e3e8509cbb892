import numpy as np
import pytest

from napari_unet.schema.events import TileDone
from napari_unet.session.edits import Region
from napari_unet.session.specimen import Specimen
from napari_unet.session.verdicts import confirmed, imported


def tile(box, value=1.0, classes=1):
    size = (classes, box[2] - box[0], box[3] - box[1])
    return TileDone(plane=0, box=box, probabilities=np.full(size, value, np.float32))


def test_tiles_land_in_their_plane_and_the_box_around_them_is_known():
    specimen = Specimen("a", "ZYX", (3, 20, 30))
    assert specimen.write((1,), tile((0, 0, 10, 10)))
    assert not specimen.write((1,), tile((5, 20, 12, 30), 0.5))
    assert specimen.seen == {(1,): (0, 0, 12, 30)}
    crop = specimen.crop((1,))
    assert crop.shape == (1, 12, 30)
    assert crop[0, 3, 3] == 1
    assert crop[0, 6, 25] == 0.5
    assert not specimen.probabilities[:, [0, 2]].any()


def test_another_number_of_classes_starts_anew():
    specimen = Specimen("a", "YX", (20, 30))
    specimen.write((), tile((0, 0, 20, 30)))
    assert specimen.write((), tile((0, 0, 5, 5), classes=3))
    assert specimen.probabilities.shape == (3, 20, 30)
    assert specimen.seen == {(): (0, 0, 5, 5)}


def test_a_plane_that_was_never_predicted_has_no_probabilities():
    with pytest.raises(KeyError):
        Specimen("a", "YX", (20, 30)).crop(())


def test_what_was_predicted_is_known_to_the_pixel():
    specimen = Specimen("a", "ZYX", (3, 20, 30))
    specimen.write((1,), tile((0, 0, 10, 10), 0.0))
    specimen.write((1,), tile((15, 20, 20, 30), 0.0))
    assert np.count_nonzero(specimen.predicted) == 150
    assert not specimen.predicted[1, 12, 15]
    specimen.write((1,), tile((0, 0, 5, 5), classes=3))
    assert np.count_nonzero(specimen.predicted) == 25


def test_what_is_confirmed_holds_objects_or_nothing_but_background():
    specimen = Specimen("a", "ZYX", (2, 20, 30))
    specimen.labels[1, 5:9, 5:9] = 1
    assert not specimen.confirms_objects
    specimen.history.do(confirmed(specimen.history, Region((0,), (0, 0, 20, 30))))
    specimen.history.do(confirmed(specimen.history, Region((1,), (9, 0, 20, 30))))
    assert not specimen.confirms_objects
    specimen.history.do(confirmed(specimen.history, Region((1,), (8, 8, 20, 30))))
    assert specimen.confirms_objects
    specimen.history.undo()
    assert not specimen.confirms_objects


def test_what_came_from_elsewhere_is_not_searched_for_objects():
    specimen = Specimen("a", "YX", (20, 30))
    states = np.ones((20, 30), np.uint8)
    specimen.history.do(imported(specimen.history, specimen.labels, specimen.labels, states))
    assert specimen.confirms_objects
