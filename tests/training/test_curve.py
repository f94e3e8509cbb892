"""The short form of a curve is small, true, and the same after an interruption."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.training.curve import MOST_POINTS, Curve, thinned


def of(losses):
    curve = Curve()
    for loss in losses:
        curve.add(loss)
    return curve


def test_few_steps_are_kept_one_by_one():
    assert of([3.0, 2.0]).points() == ((1, 3.0), (2, 2.0))
    assert of([]).points() == ()


@given(st.integers(1, 3000))
def test_a_long_one_is_short_and_its_means_are_those_of_its_steps(steps):
    losses = np.linspace(9, 1, steps)
    points = of(losses).points()
    assert len(points) <= MOST_POINTS
    start = 0
    for end, mean in points:
        assert mean == pytest.approx(losses[start:end].mean())
        start = end
    assert start == steps


@given(st.integers(0, 200), st.integers(0, 200))
def test_it_goes_on_after_an_interruption_as_if_nothing_had_happened(before, after):
    losses = np.linspace(9, 1, before + after)
    resumed = Curve(**asdict(of(losses[:before])))
    for loss in losses[before:]:
        resumed.add(loss)
    assert resumed == of(losses)


def test_thinning_keeps_the_first_and_the_last():
    assert thinned([1, 2, 3]) == (1, 2, 3)
    few = thinned(range(1000), 5)
    assert len(few) == 5
    assert (few[0], few[-1]) == (0, 999)
