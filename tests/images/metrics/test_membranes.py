"""The challenge's scores: thresholds, thinning, several sections."""

import numpy as np
import pytest
from scipy import ndimage

from napari_unet.images import metrics
from napari_unet.images.metrics import membrane_scores, regions, thinned


def section(seed=0, size=64):
    """True regions and a blurred, noisy guess of where they are."""
    rng = np.random.default_rng(seed)
    lines = np.abs(ndimage.gaussian_filter(rng.standard_normal((size, size)), 5)) < 0.008
    membrane = ndimage.binary_dilation(lines)
    truth = ndimage.label(~membrane)[0]
    guess = ndimage.gaussian_filter((~membrane).astype(float), 1.5)
    return np.clip(guess + 0.05 * rng.standard_normal(guess.shape), 0, 1), truth


def test_what_is_equal_is_perfect():
    _, truth = section()
    got = membrane_scores((truth != 0).astype(np.float32), truth)
    assert got.v_rand == got.v_info == 1
    assert got.rand_error == got.pixel_error == got.pixel_f_error == 0
    assert got.warping_error == got.split_merge_error == 0
    assert got.sections == 1


def test_each_score_is_that_of_its_own_function_at_the_best_threshold():
    interior, truth = section()
    thresholds = (0.3, 0.5, 0.7)
    got = membrane_scores(interior, truth, thresholds)
    found = [regions(interior, t) for t in thresholds]
    certainty = [np.abs(interior - t) for t in thresholds]
    v_rand = [metrics.v_rand(thinned(f), truth) for f in found]
    assert got.v_rand == max(v_rand) < 1
    assert got.threshold == thresholds[int(np.argmax(v_rand))]
    assert got.v_info == max(metrics.v_info(thinned(f), truth) for f in found)
    assert got.rand_error == min(metrics.rand_error(f, truth) for f in found)
    assert got.pixel_error == min(metrics.pixel_error(f, truth) for f in found)
    assert got.pixel_f_error == 1 - max(metrics.dice(f, truth) for f in found)
    bent = list(zip(found, certainty, strict=True))
    assert got.warping_error == min(metrics.warping_error(f, truth, c) for f, c in bent)
    assert got.split_merge_error == min(metrics.split_merge_error(f, truth, c) for f, c in bent)


def test_sections_share_a_threshold_and_are_averaged():
    (one, its_truth), (other, other_truth) = section(0), section(1)
    dark = other * 0.5  # best at another threshold
    thresholds = (0.2, 0.6)
    each = [
        [membrane_scores(p, t, [threshold]).v_rand for threshold in thresholds]
        for p, t in ((one, its_truth), (dark, other_truth))
    ]
    got = membrane_scores(np.stack([one, dark]), np.stack([its_truth, other_truth]), thresholds)
    assert got.v_rand == pytest.approx(np.mean(each, axis=0).max())
    assert got.sections == 2
    cut = [dark[:40], other_truth[:40]]  # sections may differ in size
    assert membrane_scores([one, cut[0]], [its_truth, cut[1]], thresholds).sections == 2


def test_regions_are_joined_at_sides_only():
    interior = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert regions(interior).tolist() == [[1, 0], [0, 2]]
    assert regions(interior, 0.05).max() == 1
    assert not regions(interior, 0.9).any()  # only what is above it


def test_thinning_leaves_a_line_and_judges_wide_membranes_like_narrow_ones():
    truth = np.zeros((20, 21), int)
    truth[:, :10], truth[:, 11:] = 1, 2
    wide = truth.copy()
    wide[:, 7:14] = 0
    assert (thinned(wide) == 0).sum() == 20
    assert metrics.v_rand(wide, truth) < 0.7
    assert metrics.v_rand(thinned(wide), truth) == 1
    merged = wide.copy()
    merged[9, 7:14] = 1
    merged = ndimage.label(merged)[0]
    assert metrics.v_rand(thinned(merged), truth) < 0.7


def test_a_gap_in_a_membrane_lowers_v_rand_and_costs_one_pixel_of_topology():
    truth = np.zeros((20, 21), int)
    truth[:, :10], truth[:, 11:] = 1, 2
    interior = (truth != 0).astype(float)
    interior[9, 10] = 1
    got = membrane_scores(interior, truth, [0.5])
    assert got.v_rand < 0.7
    assert got.split_merge_error == got.warping_error == 1 / truth.size


@pytest.mark.parametrize(
    ("interior", "truth", "thresholds", "says"),
    [
        (np.zeros((3, 3)), np.zeros((3, 4), int), (0.5,), "one plane"),
        (np.zeros((1, 2, 3, 3)), np.zeros((1, 2, 3, 3), int), (0.5,), "one plane"),
        (np.zeros((3, 3)), np.zeros((3, 3), int), (), "at least one"),
        ([], [], (0.5,), "at least one"),
    ],
)
def test_what_cannot_be_scored_is_refused(interior, truth, thresholds, says):
    with pytest.raises(ValueError, match=says):
        membrane_scores(interior, truth, thresholds)
