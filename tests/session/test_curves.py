"""Curves grow by a value each step, and cost nothing while they do."""

import time

import numpy as np
import pytest

from napari_unet.schema.events import StepDone, Validated
from napari_unet.session.curves import Curves, Growing, thinned
from tests.session.fakes import BETTER


def step(number):
    return StepDone(step=number, loss=1.0, learning_rate=0.1)


def test_each_value_comes_last_and_what_was_there_stays():
    first = Curves().after(step(1))
    second = first.after(step(2))
    tested = second.after(Validated(step=2, scores=BETTER))
    assert [one.step for one in first.steps] == [1]
    assert [one.step for one in tested.steps] == [1, 2]
    assert tested.steps is second.steps
    assert [one.step for one in tested.tests] == [2]
    assert len(second.tests) == 0


def test_two_that_grow_from_one_do_not_see_each_other():
    root = Growing("ab")
    one, other = root.after("c"), root.after("d")
    assert (list(root), list(one), list(other)) == (["a", "b"], ["a", "b", "c"], ["a", "b", "d"])
    assert list(one.after("e")) == ["a", "b", "c", "e"]
    assert (one[-1], root[-1], one[1:], root[1:]) == ("c", "b", ["b", "c"], ["b"])
    with pytest.raises(IndexError):
        root[2]


def test_r13_1_a_hundred_thousand_steps_are_no_burden():
    values = Growing()
    start = time.process_time()
    for number in range(100_000):
        values = values.after(number)
    assert time.process_time() - start < 2, "copied each time they take a minute"
    assert len(values) == 100_000


def test_few_points_are_drawn_as_they_are():
    places, values = np.arange(5.0), np.arange(5.0) ** 2
    for given, found in zip((places, values), thinned(places, values, 5), strict=True):
        np.testing.assert_array_equal(given, found)


def test_of_many_points_the_means_are_drawn():
    places = np.arange(1, 1001.0)
    at, mean = thinned(places, places % 2, 100)
    assert len(at) == len(mean) == 100
    np.testing.assert_allclose(mean, 0.5)
    np.testing.assert_allclose(at, np.arange(100) * 10 + 5.5)
    at, _ = thinned(places, places, 333)
    assert len(at) == 333
    assert (np.diff(at) > 0).all()


def test_what_is_no_number_is_left_out():
    at, values = thinned(np.arange(3.0), np.array([1, np.nan, np.inf]), 10)
    assert (at.tolist(), values.tolist()) == ([0], [1])
    assert len(thinned(np.empty(0), np.empty(0), 10)[0]) == 0
