"""Outlines and touching objects are counted as by hand, pixel by pixel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.images.metrics import boundary_f1, touching_pairs


def by_hand(labels, truth, known, tolerance):
    """The definition, without any shortcut."""

    def outline(mask):
        height, width = mask.shape
        found = []
        for y, x in np.argwhere((mask != 0) & known):
            for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                inside = 0 <= v < height and 0 <= u < width
                if inside and known[v, u] and mask[v, u] != mask[y, x]:
                    found.append((y, x))
                    break
        return found

    def near(here, there):
        return [p for p in here if any(np.hypot(*np.subtract(p, q)) <= tolerance for q in there)]

    found, real = outline(labels), outline(truth)
    if not found and not real:
        return 1.0
    precision = len(near(found, real)) / len(found) if found else 1.0
    recall = len(near(real, found)) / len(real) if real else 1.0
    return 2 * precision * recall / (precision + recall) if precision and recall else 0.0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0]))
def test_the_boundary_f1_is_the_definition(seed, tolerance):
    rng = np.random.default_rng(seed)
    labels, truth = np.kron(rng.integers(0, 3, (2, 4, 5)), np.ones((1, 3, 3), int))
    known = rng.random(labels.shape) > 0.2
    found = boundary_f1(labels, truth, known, tolerance)
    assert found == pytest.approx(by_hand(labels, truth, known, tolerance))


def square(y, x, side=10, shape=(40, 40)):
    mask = np.zeros(shape, np.uint8)
    mask[y : y + side, x : x + side] = 1
    return mask


def test_two_pixels_off_are_right_and_three_are_not():
    truth = square(10, 10)
    assert boundary_f1(square(12, 10), truth) == 1
    assert boundary_f1(square(13, 10), truth) < 1


def test_a_missing_line_between_two_objects_costs():
    truth = square(10, 10) + 2 * square(10, 20)
    assert boundary_f1((truth > 0).astype(int), truth) < 1
    assert boundary_f1(truth, truth) == 1


def test_where_the_known_part_ends_is_no_outline():
    everywhere = np.ones((40, 40), int)
    known = square(5, 5, 20)
    assert boundary_f1(everywhere, everywhere, known) == 1
    assert boundary_f1(everywhere * 0, everywhere, known) == 1


def test_nothing_found_of_something_is_0():
    assert boundary_f1(square(0, 0) * 0, square(10, 10)) == 0


@pytest.mark.parametrize("gap", [0, 1, 2])
def test_touching_objects_that_are_one_are_counted(gap):
    truth = square(10, 5) + 2 * square(10, 15 + gap) + 3 * square(25, 25)
    one = (square(10, 5) | square(10, 15 + gap)) * 7
    assert touching_pairs(one, truth) == (1, 1)
    assert touching_pairs(truth, truth) == (1, 0)
    assert touching_pairs(truth * 0, truth) == (1, 0)


def test_objects_far_apart_do_not_touch_and_merging_takes_more_than_half_of_both():
    truth = square(10, 5) + 2 * square(10, 18)
    assert touching_pairs(truth > 0, truth).pairs == 0
    touching = square(10, 5) + 2 * square(10, 15)
    half = touching.copy()
    half[:, 20:] = 0
    assert touching_pairs((half > 0) * 1, touching) == (1, 0)


def test_what_is_not_known_does_not_touch():
    truth = square(10, 5) + 2 * square(10, 15)
    known = np.zeros(truth.shape, bool)
    known[:, :15] = True
    assert touching_pairs(truth, truth, known).pairs == 0
