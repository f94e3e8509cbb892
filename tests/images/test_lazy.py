"""An image that need not fit into memory is the same as one that does."""

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.images.axes import plane
from napari_unet.images.lazy import PlaneView, as_lazy, chunks_of, reading_px
from tests.watched import Watched

EVERY = [
    ((9, 11), "YX", None),
    ((2, 9, 11), "CYX", None),
    ((2, 9, 11), "CYX", 1),
    ((3, 9, 11), "ZYX", None),
    ((9, 11, 3), "YXC", None),
    ((9, 11, 3), "YXC", 2),
    ((9, 11, 4), "YXC", 3),
    ((9, 11, 2), "YXC", None),
    ((9, 2, 11), "YCX", None),
    ((2, 3, 2, 9, 11), "TZCYX", None),
    ((2, 3, 2, 9, 11), "TZCYX", 0),
    ((2, 3, 9, 11, 3), "TZYXC", None),
]


@pytest.mark.parametrize(("shape", "axes", "channel"), EVERY)
@settings(max_examples=5, deadline=None)
@given(st.data())
def test_a_view_of_a_plane_is_the_plane(shape, axes, channel, data):
    image = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    index = 0 if "Z" not in axes else data.draw(st.integers(0, 2))
    expected = plane(image, axes, index, channel)
    chunks = tuple(min(4, side) for side in shape)
    for array in (image, da.from_array(image, chunks), zarr.array(image, chunks=chunks)):
        view = PlaneView(array, axes, index, channel)
        assert (view.shape, view.ndim, view.dtype) == (
            expected.shape, expected.ndim, expected.dtype,
        )  # fmt: skip
        key = tuple(
            slice(*sorted(data.draw(st.tuples(*[st.integers(0, side)] * 2)))) if side > 4
            else slice(None)
            for side in view.shape
        )  # fmt: skip
        if 0 not in expected[key].shape:
            np.testing.assert_array_equal(view[key], expected[key])
        assert chunks_of(view) is None or len(chunks_of(view)) == view.ndim


def test_r6_3_a_view_reads_only_what_it_is_asked_for():
    image = Watched((3, 2, 50_000, 60_000), most=100)
    view = PlaneView(image, "ZCYX", 1, 1)
    assert view.shape == (50_000, 60_000)
    assert view[40_000:40_010, 59_000:59_010].shape == (10, 10)
    with pytest.raises(AssertionError, match="asked for at once"):
        view[0:11, 0:10]


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (None, (512, 512)),
        ((64, 100), (512, 500)),
        ((1000, 700), (1000, 700)),
        ((1, 30_000), (512, 30_000)),
        ((8192, 8192), (512, 512)),
    ],
)
def test_whole_chunks_are_read_where_they_are_not_too_large(chunks, expected):
    assert reading_px(chunks) == expected


@pytest.mark.parametrize(
    ("shape", "dtype"), [((5,), np.uint8), ((0, 5), np.uint8), ((4, 4), complex)]
)
def test_what_is_no_image_is_refused_without_reading_it(shape, dtype):
    with pytest.raises(ValueError, match=r"^The image [^\n]*$"):
        as_lazy(Watched(shape, most=0, dtype=dtype))


def test_axes_that_do_not_fit_are_refused_in_one_sentence():
    with pytest.raises(ValueError, match="do not fit an image of shape"):
        PlaneView(np.zeros((3, 4, 5)), "YX", 0)
