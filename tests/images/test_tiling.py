"""Tiles cover the image once, and their halo is where it has to be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.images.tiling import MARGIN_PX, Gaze, canvas, mirrored, read, tiles
from tests.watched import Watched

sizes = st.tuples(st.integers(1, 200), st.integers(1, 200))
multiples = st.sampled_from([1, 2, 4, 8, 16])


@settings(max_examples=150, deadline=None)
@given(sizes, st.integers(16, 120), st.integers(0, 60), multiples, st.data())
def test_r10_2_every_pixel_is_answered_exactly_once(shape, tile_px, halo_px, multiple, data):
    y = sorted(data.draw(st.tuples(*[st.integers(0, shape[0])] * 2)))
    x = sorted(data.draw(st.tuples(*[st.integers(0, shape[1])] * 2)))
    region = data.draw(st.none() | st.just((y[0], x[0], y[1], x[1])))
    count = np.zeros(shape, int)
    whole = canvas(shape, multiple)
    for tile in tiles(shape, tile_px, halo_px, multiple, region):
        y0, x0, y1, x1 = tile.core
        count[y0:y1, x0:x1] += 1
        height, width = tile.read[2] - tile.read[0], tile.read[3] - tile.read[1]
        assert height % multiple == width % multiple == 0
        assert tile.read[0] % multiple == tile.read[1] % multiple == 0
        assert (tile.crop[2] - tile.crop[0], tile.crop[3] - tile.crop[1]) == (y1 - y0, x1 - x0)
        for side in (0, 1):
            halo = tile.crop[side]
            assert halo >= halo_px or tile.read[side] == 0
            halo = (height, width)[side] - tile.crop[side + 2]
            assert halo >= halo_px or tile.read[side + 2] == whole.shape[side]
    expected = np.zeros(shape, int)
    y0, x0, y1, x1 = region or (0, 0, *shape)
    expected[y0:y1, x0:x1] = 1
    np.testing.assert_array_equal(count, expected)


@settings(max_examples=150, deadline=None)
@given(
    sizes, st.integers(16, 120), multiples, st.integers(1, 60), st.sampled_from([0, 4]), st.data()
)
def test_r10_2_a_network_that_does_not_pad_answers_every_pixel_once(
    shape, tile_px, multiple, margin, more, data
):
    """Its answer lies on the same grid in every tile, and is as large as it can give."""
    y = sorted(data.draw(st.tuples(*[st.integers(0, shape[0])] * 2)))
    x = sorted(data.draw(st.tuples(*[st.integers(0, shape[1])] * 2)))
    region = data.draw(st.none() | st.just((y[0], x[0], y[1], x[1])))
    remainder = more % multiple
    found = list(
        tiles(shape, tile_px, 7, multiple, region, margin_px=margin, remainder_px=remainder)
    )
    assert [tile.core for tile in found] == [
        tile.core for tile in tiles(shape, tile_px, 7, multiple, region)
    ]
    for tile in found:
        for side in (0, 1):
            answered = tile.read[side + 2] - tile.read[side] - 2 * margin
            assert answered % multiple == remainder
            assert tile.read[side] % multiple == 0
            assert 0 <= tile.crop[side] < multiple
            assert 0 <= answered - tile.crop[side + 2] < multiple
            in_canvas = tile.read[side] + margin + tile.crop[side]
            assert in_canvas == tile.core[side] + MARGIN_PX


@given(sizes)
def test_the_canvas_is_the_image_mirrored(shape):
    image = np.random.default_rng(0).random((2, *shape))
    size = canvas(shape, 16).shape
    padding = [(0, 0), *((MARGIN_PX, c - s - MARGIN_PX) for c, s in zip(size, shape, strict=True))]
    expected = np.pad(image, padding, mode="reflect")
    np.testing.assert_array_equal(read(image, (0, 0, *size)), expected)


def test_r6_3_only_the_tile_s_pixels_are_read():
    class Watched:
        shape = (1, 10_000, 10_000)

        def __getitem__(self, index):
            part = np.broadcast_to(np.float32(0), self.shape)[index]
            assert part.size <= (64 + 2 * 48) ** 2
            return part

    for tile in list(tiles((10_000, 10_000), 64, 32, 16))[::997]:
        read(Watched(), tile.read)


def test_r6_5_indices_beyond_31_bits():
    last = list(tiles((16, 2**33), 2**32, 16, 16))[-1]
    assert last.core == (0, 2**32, 16, 2**33)


@pytest.mark.parametrize("shape", [(46_341, 46_341), (20_000, 110_000), (3, 2**31 + 7)])
@pytest.mark.parametrize("margin_px", [0, 92])
def test_r6_5_every_tile_of_a_plane_with_more_than_2_to_the_31_pixels(shape, margin_px):
    """Nothing overflows: cores cover the plane, and what is read lies on the canvas."""
    assert shape[0] * shape[1] > 2**31
    tile_px = max(2048, max(shape) // 2000)
    found = list(tiles(shape, tile_px, 112, 16, margin_px=margin_px))
    area = sum((y1 - y0) * (x1 - x0) for (y0, x0, y1, x1), _, _ in found)
    assert area == shape[0] * shape[1]
    assert found[-1].core[2:] == shape
    whole = canvas(shape, 16).shape
    for tile in found:
        assert all(type(place) is int for box in tile for place in box)
        height, width = tile.read[2] - tile.read[0], tile.read[3] - tile.read[1]
        assert 0 < height <= tile_px + 16 * 32
        assert 0 < width <= tile_px + 16 * 32
        if not margin_px:
            assert tile.read[2] <= whole[0]
            assert tile.read[3] <= whole[1]


def test_r6_5_the_far_corner_of_a_huge_plane_is_read_and_mirrored():
    image = Watched((1, 50_000, 60_000), most=300 * 300)
    (tile,) = tiles((50_000, 60_000), 128, 32, 16, region=(49_900, 59_900, 50_000, 60_000))
    rows = mirrored(np.arange(tile.read[0], tile.read[2]) - MARGIN_PX, 50_000)
    columns = mirrored(np.arange(tile.read[1], tile.read[3]) - MARGIN_PX, 60_000)
    expected = (7 * 0 + 49 * rows[:, None] + 343 * columns[None]) % 251
    np.testing.assert_array_equal(read(image, tile.read)[0], expected)


def test_what_the_user_sees_comes_first():
    order = [tile.core for tile in tiles((512, 512), 64, 16, 16, gaze=Gaze((300, 300, 400, 400)))]
    assert order[0] == (320, 320, 352, 352)
    assert order[-1][:2] == (0, 0)


@pytest.mark.parametrize("side", [1, 64, 500])
def test_the_first_tile_of_many_is_cut_in_four(side):
    """All are answered once, whatever their size, and a few tiles stay as they are."""
    look = (200, 100, 300, 300)
    plain = {tile.core for tile in tiles((side, 500), 48, 16, 16)}
    looked = [tile.core for tile in tiles((side, 500), 48, 16, 16, gaze=Gaze(look))]
    begun = [core for core in looked if core not in plain]
    (whole,) = plain - set(looked)
    assert begun == looked[: len(begun)]
    assert len(begun) == (2 if side == 1 else 4)
    assert sum(_area(core) for core in begun) == _area(whole)
    few = {tile.core for tile in tiles((90, 90), 48, 16, 16)}
    assert {tile.core for tile in tiles((90, 90), 48, 16, 16, gaze=Gaze(look))} == few


def test_r6_3_where_the_user_looks_by_now_comes_next():
    """What is left is put in order anew, and nothing is cut twice."""
    gaze = Gaze((0, 0, 100, 100))
    cut = tiles((512, 512), 64, 16, 16, gaze=gaze)
    found = [next(cut).core for _ in range(6)]
    gaze.box = (400, 400, 500, 500)
    found += [tile.core for tile in cut]
    assert found[0] == (0, 0, 32, 32) or found[0] == (32, 32, 64, 64)
    assert found[6] == (448, 448, 512, 512)
    assert len(set(found)) == len(found)
    assert sum(map(_area, found)) == 512 * 512


def test_without_a_gaze_tiles_come_as_one_reads():
    cores = [tile.core for tile in tiles((200, 200), 64, 16, 16)]
    assert cores == sorted(cores)
    assert cores == [tile.core for tile in tiles((200, 200), 64, 16, 16, gaze=Gaze())]


def _area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def test_mirroring_a_single_pixel_repeats_it():
    assert (mirrored(np.arange(-5, 5), 1) == 0).all()
