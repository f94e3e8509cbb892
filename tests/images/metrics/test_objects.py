"""Aggregated Jaccard and the distance of outlines, against slow and plain computations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import binary_erosion, rotate
from skimage.metrics import hausdorff_distance

from napari_unet.images.metrics import aji, compare, hausdorff_95
from napari_unet.images.metrics.outlines import outline_distances
from napari_unet.images.overlaps import overlaps

masks = arrays(np.uint8, (6, 7), elements=st.integers(0, 4))


def plain_aji(labels, truth):
    """Algorithm 1 of Kumar et al. 2017, line by line."""
    found = {i: labels == i for i in np.unique(labels[labels != 0])}
    shared = together = 0
    used = set()
    for real in (truth == j for j in np.unique(truth[truth != 0])):
        ious = {i: (one & real).sum() / (one | real).sum() for i, one in found.items()}
        best = max(ious, key=ious.get) if ious else None
        if best is None or ious[best] == 0:
            together += real.sum()
            continue
        shared += (found[best] & real).sum()
        together += (found[best] | real).sum()
        used.add(best)
    together += sum(one.sum() for i, one in found.items() if i not in used)
    return shared / together if together else 1.0


def outline(mask):
    return mask & ~binary_erosion(mask)


def plain_distance(one, other):
    here, there = np.argwhere(outline(one)), np.argwhere(outline(other))
    apart = np.linalg.norm(here[:, None] - there[None], axis=-1)
    return max(np.percentile(apart.min(0), 95), np.percentile(apart.min(1), 95))


def blobs(n=5, shift=0):
    rng = np.random.default_rng(n)
    labels = np.zeros((60, 70), int)
    y, x = np.mgrid[:60, :70]
    for i, (cy, cx, r) in enumerate(rng.uniform((5, 5, 4), (55, 65, 9), (n, 3)), start=1):
        labels[(y - cy) ** 2 + (x - cx - shift) ** 2 < r**2] = i * 3
    return labels


@settings(max_examples=150, deadline=None)
@given(labels=masks, truth=masks)
def test_aji_is_that_of_the_paper(labels, truth):
    assert aji(labels, truth) == pytest.approx(plain_aji(labels, truth))


def test_aji_of_a_row_by_hand():
    truth = np.array([[1, 1, 1, 1, 0, 2, 2, 0, 0]])
    labels = np.array([[1, 1, 1, 0, 0, 0, 0, 0, 5]])
    # 3 of 4 pixels of the first, the second missed (2 pixels), one of 1 pixel invented.
    assert aji(labels, truth) == 3 / (4 + 2 + 1)
    merged = np.array([[7, 7, 7, 7, 7, 7, 7, 0, 0]])
    assert aji(merged, truth) == (4 + 2) / (7 + 7)  # compared with both


@settings(max_examples=60, deadline=None)
@given(truth=masks)
def test_what_is_equal_is_perfect_whatever_the_ids(truth):
    other_ids = np.array([0, 9, 3, 200, 17])[truth]
    assert aji(other_ids, truth) == 1
    assert hausdorff_95(other_ids, truth) == (0 if truth.any() else None)


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_the_distance_of_outlines_is_that_of_each_object_by_itself(shift):
    labels, truth = blobs(shift=shift), rotate(blobs(), 3, reshape=False, order=0)
    pairs = overlaps(labels, truth)
    hits = pairs.iou > 0.5
    expected = [
        plain_distance(labels == i, truth == j)
        for i, j in zip(pairs.first[hits], pairs.second[hits], strict=True)
    ]
    assert len(expected) >= 3
    np.testing.assert_allclose(outline_distances(labels, truth, pairs), expected)
    assert hausdorff_95(labels, truth) == pytest.approx(np.mean(expected))
    assert hausdorff_95(labels, truth, pixel_size_um=0.25) == pytest.approx(np.mean(expected) / 4)
    assert hausdorff_95(truth, labels) == pytest.approx(hausdorff_95(labels, truth))


def test_a_shifted_square_is_as_far_away_as_it_was_shifted():
    truth = np.zeros((40, 40), int)
    truth[10:30, 10:30] = 1
    shifted = np.roll(truth, 3, axis=1)
    assert hausdorff_95(shifted, truth) == 3
    assert hausdorff_distance(outline(shifted > 0), outline(truth > 0)) == 3
    spike = truth.copy()
    spike[20, 30:33] = 1  # less than 5 % of the outline
    assert hausdorff_95(spike, truth) == 0
    assert hausdorff_distance(outline(spike > 0), outline(truth > 0)) == 3


def test_objects_that_were_not_found_have_no_distance():
    truth = blobs()
    assert hausdorff_95(np.zeros_like(truth), truth) is None
    assert hausdorff_95(truth, np.zeros_like(truth)) is None
    half = np.where(truth == 3, truth, 0)
    assert hausdorff_95(half, truth) == 0


def test_outlines_are_measured_only_where_asked_for():
    assert compare(blobs(), blobs()).distances_px is None
    assert compare(blobs(), blobs(), outlines=True).distances_px == (0,) * 5
