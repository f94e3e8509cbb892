"""Images, labels and probabilities at another size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.images.rescale import resize, resize_labels, scaled, source

sizes = st.tuples(st.integers(1, 60), st.integers(1, 60))


@settings(max_examples=60, deadline=None)
@given(sizes, sizes, st.integers(0, 2**16))
def test_no_pixel_exceeds_those_it_is_made_of(size, wanted, seed):
    image = np.random.default_rng(seed).random((2, *size), dtype=np.float32)
    found = resize(image, wanted)
    assert found.shape == (2, *wanted)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    assert found.min() >= image.min() - 1e-6
    assert found.max() <= image.max() + 1e-6


@pytest.mark.parametrize("wanted", [(41, 60), (20, 30), (57, 85), (80, 120)])
def test_a_ramp_stays_a_ramp(wanted):
    """What is linear in the position stays so, away from the edges: nothing is shifted."""
    y, x = np.mgrid[:40, :60].astype(np.float32)
    found = resize(np.stack([y, x]), wanted)
    for axis in (0, 1):
        have, want = (40, 60)[axis], wanted[axis]
        expected = (np.arange(want) + 0.5) * have / want - 0.5
        line = found[axis].mean(1 - axis)
        np.testing.assert_allclose(line[4:-4], expected[4:-4], atol=1e-3)


def test_a_checkerboard_becomes_grey_when_it_gets_smaller():
    board = (np.indices((64, 64)).sum(0) % 2).astype(np.float32)[None]
    assert np.abs(resize(board, (32, 32))[0, 2:-2, 2:-2] - 0.5).max() < 1e-5


@settings(max_examples=60, deadline=None)
@given(sizes, sizes, st.data())
def test_boxes_fit_without_a_seam(resized, size, data):
    seen = np.random.default_rng(0).random((1, *resized), dtype=np.float32)
    whole = resize(seen, size)
    top, left = (data.draw(st.integers(0, side - 1)) for side in size)
    core = (
        top,
        left,
        *(data.draw(st.integers(a + 1, b)) for a, b in zip((top, left), size, strict=True)),
    )
    needed = source(core, resized, size)
    y0, x0, y1, x1 = needed.box
    np.testing.assert_array_equal(
        needed.back(seen[:, y0:y1, x0:x1]), whole[:, core[0] : core[2], core[1] : core[3]]
    )


@settings(max_examples=60, deadline=None)
@given(sizes, st.integers(1, 4))
def test_enlarged_labels_are_repeated_and_come_back(size, times):
    labels = np.random.default_rng(0).integers(0, 9, size)
    large = resize_labels(labels, (size[0] * times, size[1] * times))
    np.testing.assert_array_equal(large, labels.repeat(times, 0).repeat(times, 1))
    np.testing.assert_array_equal(resize_labels(large, size), labels)


def test_an_image_never_vanishes():
    assert scaled((3, 100), 0.1) == (1, 10)
