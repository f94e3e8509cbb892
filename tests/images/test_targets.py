"""What a network is taught about labels that are classes."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_unet.images.files import read_classes
from napari_unet.images.targets import class_target

LABELS = np.array([[0, 1, 1], [2, 2, 0]], np.uint8)


def test_classes_are_taught_as_they_are_and_count_the_same():
    target, weight_map = class_target(LABELS, 3)
    np.testing.assert_array_equal(target, LABELS)
    assert target.dtype == np.uint8
    assert (weight_map == 1).all()


def test_what_nobody_vouches_for_does_not_count_and_may_be_any_value():
    known = np.array([[1, 1, 0], [1, 1, 4]])
    target, weight_map = class_target(np.where(known, LABELS, 255), 3, known)
    np.testing.assert_array_equal(weight_map, known > 0)
    np.testing.assert_array_equal(target[known > 0], LABELS[known > 0])
    assert target.max() < 3


def test_a_value_that_is_no_class_is_refused():
    with pytest.raises(ValueError, match="value 2, but 2 classes are 0 to 1"):
        class_target(LABELS, 2)


def test_a_file_of_classes_is_read_as_it_is(tmp_path):
    path = tmp_path / "classes.png"
    Image.fromarray(LABELS).save(path)
    np.testing.assert_array_equal(read_classes(path, 3), LABELS)
    one_class = np.where(LABELS == 2, 2, 0).astype(np.uint8)  # as labels, this would be split
    tifffile.imwrite(tmp_path / "one.tif", one_class)
    np.testing.assert_array_equal(read_classes(tmp_path / "one.tif", 3), one_class)
    Image.fromarray(LABELS).convert("RGB").save(path)
    np.testing.assert_array_equal(read_classes(path, 3), LABELS)


def test_a_file_with_more_classes_is_refused_by_name_and_value(tmp_path):
    path = tmp_path / "classes.tif"
    tifffile.imwrite(path, LABELS)
    with pytest.raises(ValueError, match=r"classes\.tif' holds the value 2, but 2 classes"):
        read_classes(path, 2)


def test_colours_are_no_classes(tmp_path):
    path = tmp_path / "classes.png"
    colours = np.zeros((4, 5, 3), np.uint8)
    colours[1, 1] = 255, 0, 0
    Image.fromarray(colours).save(path)
    with pytest.raises(ValueError, match=r"classes\.png' is in colour, and classes are numbers"):
        read_classes(path, 3)
