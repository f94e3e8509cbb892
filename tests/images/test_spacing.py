"""The reach of border weights is suggested from the objects themselves."""

import numpy as np
import pytest

from napari_unet.images.border_weights import border_weights
from napari_unet.images.samples import cells
from napari_unet.images.spacing import spacing
from napari_unet.images.targets import open_gaps


def squares(side, gap, count=3):
    labels = np.zeros((side + 20, count * (side + gap) + 20), np.uint16)
    for i in range(count):
        left = 10 + i * (side + gap)
        labels[10 : 10 + side, left : left + side] = i + 1
    return labels


@pytest.mark.parametrize(("gap", "step"), [(0, 2), (1, 2), (3, 4), (5, 6)])
def test_the_step_is_from_edge_to_edge(gap, step):
    found = spacing(squares(40, gap))
    assert (found.pairs, found.step_px) == (2, step)
    assert found.diameter_px == pytest.approx(2 * 40 / np.sqrt(np.pi))


def test_usual_gaps_count_nearly_in_full_and_wide_ones_do_not():
    labels = squares(60, 3)
    sigma = spacing(labels).sigma_px
    assert sigma == 8
    extra = border_weights(labels, 10, sigma)[40, 70:73] - 1
    assert extra == pytest.approx(10 * np.exp(-1 / 8), rel=1e-5)


def test_touching_objects_get_about_what_the_paper_has():
    labels = squares(40, 0)
    assert spacing(labels).sigma_px == 4
    assert border_weights(open_gaps(labels), 10, 4).max() > 9.5


def test_small_objects_get_a_short_reach():
    assert spacing(squares(8, 2)).sigma_px == 2.5
    assert spacing(squares(2, 0)).sigma_px >= 0.5


def test_objects_far_apart_suggest_nothing():
    assert spacing(squares(10, 30)) is None
    assert spacing(squares(10, 3, count=1)) is None
    assert spacing(np.zeros((20, 20), np.uint8)) is None


def test_ids_and_their_order_make_no_difference():
    _, labels = cells((128, 128), count=14, seed=3)
    other = np.where(labels > 0, 7 * (labels.max() + 1 - labels), 0)
    assert spacing(labels) == spacing(other)
