import numpy as np
import pytest

from napari_unet.images import overlaps
from napari_unet.images.overlaps import counts, firsts


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_numbers_are_counted_piece_by_piece(dtype, monkeypatch):
    monkeypatch.setattr(overlaps, "_PIECE_PX", 7)
    numbers = np.random.default_rng(0).integers(0, 40, (9, 11)).astype(dtype)
    numbers[0, :7] = 3  # the first piece has not the highest number
    np.testing.assert_array_equal(counts(numbers), np.bincount(numbers.ravel()))


def test_of_no_pixels_there_is_none():
    assert counts(np.zeros((0, 4), np.int32)).tolist() == [0]


@pytest.mark.parametrize("shape", [(9, 11), (1, 1), (0, 4)])
def test_numbers_are_where_they_come_first(shape):
    numbers = np.random.default_rng(0).integers(0, 40, shape)
    found = firsts(numbers, 40)
    ids, first = np.unique(numbers, return_index=True)
    assert len(found) == 41
    np.testing.assert_array_equal(found[ids], first)
