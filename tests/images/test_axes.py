import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.images.axes import (
    choices,
    describe,
    plane,
    plane_count,
    read_axes,
    spatial_shape,
)

TABLE = [
    # shape, rgb, axes, planes, shape of a plane, line
    ((64, 48), False, "YX", 1, (64, 48), "64 x 48"),
    ((64, 48, 3), True, "YXC", 1, (64, 48, 3), "64 x 48, colour"),
    ((64, 48, 4), True, "YXC", 1, (64, 48, 4), "64 x 48, colour"),
    ((64, 48, 3), False, "YXC", 1, (64, 48, 3), "64 x 48, colour"),
    *(
        (
            (c, 64, 48),
            False,
            "CYX",
            1,
            (c, 64, 48),
            f"{c} channels x 64 x 48; all channels together",
        )
        for c in (2, 3, 4, 5)
    ),
    ((20, 64, 48), False, "ZYX", 20, (64, 48), "20 slices x 64 x 48; each slice by itself"),
    ((90, 30, 20), False, "ZYX", 90, (30, 20), "90 slices x 30 x 20; each slice by itself"),
    (
        (8, 16, 16, 3),
        True,
        "ZYXC",
        8,
        (16, 16, 3),
        "8 slices x 16 x 16, colour; each slice by itself",
    ),
    (
        (7, 20, 64, 48),
        False,
        "TZYX",
        140,
        (64, 48),
        "7 time points x 20 slices x 64 x 48; each time point and each slice by itself",
    ),
    (
        (20, 2, 64, 48),
        False,
        "ZCYX",
        20,
        (2, 64, 48),
        "20 slices x 2 channels x 64 x 48; all channels together of each slice",
    ),
    (
        (2, 75, 75, 75),
        False,
        "CZYX",
        75,
        (2, 75, 75),
        "2 channels x 75 slices x 75 x 75; all channels together of each slice",
    ),
    ((1, 64, 48), False, "ZYX", 1, (64, 48), "1 slice x 64 x 48; each slice by itself"),
    (
        (1, 1, 64, 48),
        False,
        "TZYX",
        1,
        (64, 48),
        "1 time point x 1 slice x 64 x 48; each time point and each slice by itself",
    ),
    (
        (6, 3, 9, 64, 48),
        False,
        "TCZYX",
        54,
        (3, 64, 48),
        "6 time points x 3 channels x 9 slices x 64 x 48; all channels together of each time "
        "point and each slice",
    ),
    (
        (6, 9, 2, 64, 48),
        False,
        "TZCYX",
        54,
        (2, 64, 48),
        "6 time points x 9 slices x 2 channels x 64 x 48; all channels together of each time "
        "point and each slice",
    ),
    ((1, 1), False, "YX", 1, (1, 1), "1 x 1"),
]


@pytest.mark.parametrize(("shape", "rgb", "axes", "planes", "plane_shape", "line"), TABLE)
def test_r8_2_shapes_are_read_and_cut_into_planes(shape, rgb, axes, planes, plane_shape, line):
    assert read_axes(shape, rgb) == axes
    assert describe(shape, axes) == line
    assert plane_count(shape, axes) == planes
    array = np.zeros(shape, np.uint8)
    assert plane(array, axes, planes - 1).shape == plane_shape
    channel_axis = axes.find("C")
    expected = [n for axis, n in enumerate(shape) if axis != channel_axis]
    assert spatial_shape(shape, axes) == tuple(expected)


@pytest.mark.parametrize(("shape", "rgb", "axes"), [row[:3] for row in TABLE])
def test_r8_1_the_proposal_comes_first_among_readings_that_all_work(shape, rgb, axes):
    offered = choices(shape, rgb)
    assert offered[0] == axes
    assert len(set(offered)) == len(offered)
    for reading in offered:
        image = plane(np.zeros(shape, np.uint8), reading, 0)
        assert image.ndim in (2, 3)
        describe(shape, reading)


def test_r8_1_plausible_readings_only():
    assert choices((20, 64, 48)) == ["ZYX", "TYX", "CYX"]
    assert choices((90, 30, 20)) == ["ZYX", "TYX", "YXC"]  # no 90 channels
    assert choices((5, 64, 48, 3), rgb=True) == ["ZYXC", "TYXC"]
    assert choices((64, 48)) == ["YX"]


@pytest.mark.parametrize(
    ("shape", "labels", "rgb", "axes"),
    [
        ((3, 64, 48), ("t", "y", "x"), False, "TYX"),
        ((3, 64, 48), ("Time", "-2", "-1"), False, "TYX"),
        ((2, 64, 48), ("-3", "-2", "-1"), False, "CYX"),
        ((9, 8, 64, 48), ("channel", " Z ", "row", "column"), False, "CZYX"),
        ((5, 64, 48, 3), ("frame", "y", "x"), True, "TYXC"),
        ((64, 48, 9), ("y", "x", "z"), False, "ZYX"),  # planes lie otherwise: by shape
        ((9, 64, 48), ("z", "z", "x"), False, "ZYX"),  # not understood: by shape
        ((9, 64, 48), ("t", "z", "x"), False, "ZYX"),
        ((9, 64, 48), ("t",), False, "ZYX"),
    ],
)
def test_r8_1_labels_of_the_image_count_if_they_are_understood(shape, labels, rgb, axes):
    assert read_axes(shape, rgb, labels) == axes


def test_the_line_names_the_channel():
    line = describe((20, 2, 512, 512), "ZCYX", channel=0)
    assert line == "20 slices x 2 channels x 512 x 512; channel 1 of each slice"
    assert describe((2, 9, 9), "CYX", 1) == "2 channels x 9 x 9; channel 2"
    assert describe((9, 9, 3), "YXC", 2) == "9 x 9, colour; blue"


@given(data=st.data(), letters=st.permutations("TCZYX"), n=st.integers(2, 5))
def test_every_plane_is_what_indexing_by_name_gives(data, letters, n):
    axes = "".join([a for a in letters if a in "YX" or a in letters[: n - 2]])
    shape = tuple(data.draw(st.lists(st.integers(1, 5), min_size=len(axes), max_size=len(axes))))
    array = np.arange(np.prod(shape)).reshape(shape)
    standard = array.transpose([axes.index(a) for a in "TZCYX" if a in axes])
    if {"T", "Z"} <= {*axes} and axes.index("Z") < axes.index("T"):
        standard = standard.swapaxes(0, 1)  # planes are counted in the order of the axes
    planes = standard.reshape(plane_count(shape, axes), *standard.shape[-3 + ("C" not in axes) :])
    for index, expected in enumerate(planes):
        whole = plane(array, axes, index)
        if axes.endswith("YXC") and shape[-1] in (3, 4):
            whole = np.moveaxis(whole, -1, 0)
        assert np.array_equal(whole, expected)
        for channel in range(dict(zip(axes, shape, strict=True)).get("C", 0)):
            assert np.array_equal(plane(array, axes, index, channel), expected[channel])


def test_r6_3_only_the_plane_asked_for_is_read():
    read = []

    def block(block_info=None):
        read.append(block_info[None]["chunk-location"])
        return np.zeros((1, 1, 8, 8), np.uint8)

    lazy = da.map_blocks(
        block, chunks=((1,) * 9, (1, 1), (8,), (8,)), dtype=np.uint8, meta=np.empty(0)
    )
    assert plane(lazy, "ZCYX", 4, channel=1).shape == (8, 8)
    assert read == [(4, 1, 0, 0)]


def test_r6_3_a_memory_mapped_plane_stays_on_the_disk(tmp_path):
    stack = np.lib.format.open_memmap(tmp_path / "a.npy", "w+", np.uint16, (3, 4, 5))
    assert np.shares_memory(plane(stack, "ZYX", 1), stack)


@pytest.mark.parametrize("shape", [(), (5,), (1, 2, 3, 4, 5, 6)])
def test_no_plane_in_it_is_said(shape):
    with pytest.raises(ValueError, match="choose one with 2 to 5 axes"):
        read_axes(shape)


@pytest.mark.parametrize("axes", ["YX", "ZYY", "QYX", "TZC", "ZCYX"])
def test_axes_that_do_not_fit_are_refused(axes):
    for function in (spatial_shape, plane_count, describe):
        with pytest.raises(ValueError, match="choose one letter of T, C, Z, Y, X for each"):
            function((3, 4, 5), axes)


def test_planes_and_channels_that_are_not_there_are_refused():
    stack = np.zeros((3, 2, 4, 5))
    for index in (-1, 3):
        with pytest.raises(ValueError, match=f"no plane {index}: the image has 3, counted from 0"):
            plane(stack, "ZCYX", index)
    with pytest.raises(ValueError, match="no channel 3: the image has 2, counted from 1"):
        plane(stack, "ZCYX", 0, channel=2)
