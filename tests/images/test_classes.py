"""Masks of several classes, and the objects of one of them."""

import numpy as np
import pytest

from napari_unet.images.classes import class_mask, classes_in_mask, instances_of_class, mask_of
from napari_unet.images.instances import instances
from napari_unet.schema.settings import MaskSettings

CLASSES = np.zeros((12, 20), np.uint8)
CLASSES[2:8, 2:8] = CLASSES[2:8, 12:18] = 1
CLASSES[2:8, 8:12] = 2  # it touches both
PROBABILITIES = np.where(np.arange(3)[:, None, None] == CLASSES, 0.4, 0.3).astype(np.float32)


def test_each_pixel_gets_its_likeliest_class_whatever_the_threshold():
    for threshold in (0.01, 0.5, 0.99):
        found = mask_of(PROBABILITIES, MaskSettings(threshold=threshold, min_size_px=1000))
        np.testing.assert_array_equal(found, CLASSES)
        assert found.dtype == np.uint8
    assert class_mask(np.full((3, 2, 2), 1 / 3)).max() == 0  # of equal ones the first


def test_the_objects_of_one_class_are_numbered():
    plain = MaskSettings(split_touching=False, threshold=0.9)
    found = instances_of_class(PROBABILITIES, 1, plain)
    assert set(np.unique(found)) == {0, 1, 2}
    np.testing.assert_array_equal(found > 0, CLASSES == 1)
    assert instances_of_class(PROBABILITIES, 0, plain).max() == 1  # the first is one like others
    small = plain.model_copy(update={"min_size_px": 30})
    assert not instances_of_class(PROBABILITIES, 2, small).any()


def test_settings_say_what_a_mask_holds():
    of_one = MaskSettings(objects_of=1, split_touching=False)
    assert (classes_in_mask(3, MaskSettings()), classes_in_mask(3, of_one)) == (3, 1)
    assert (classes_in_mask(1, MaskSettings()), classes_in_mask(1, of_one)) == (1, 1)
    assert mask_of(PROBABILITIES, of_one).max() == 2
    one = PROBABILITIES[1:2]
    np.testing.assert_array_equal(mask_of(one, of_one), instances(one, of_one))


def test_a_class_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="no class 3: choose one from 0 to 2"):
        mask_of(PROBABILITIES, MaskSettings(objects_of=3))
