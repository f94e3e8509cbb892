import numpy as np
import pytest

from napari_unet.images import fingerprint as module
from napari_unet.images.fingerprint import fingerprint


@pytest.fixture
def stack():
    return np.random.default_rng(0).integers(0, 255, (5, 40, 50), np.uint8)


def test_r14_5_the_same_pixels_have_the_same_fingerprint_wherever_they_lie(stack):
    assert fingerprint(stack, "ZYX") == fingerprint(np.asfortranarray(stack), "ZYX")
    assert fingerprint(stack, "ZYX") == fingerprint(stack.copy(), "TYX")


@pytest.mark.parametrize("plane", [0, 2, 4])
def test_r14_5_other_pixels_have_another_one(stack, plane):
    before = fingerprint(stack, "ZYX")
    stack[plane, 20, 20] ^= 1
    assert fingerprint(stack, "ZYX") != before


def test_shape_and_type_are_part_of_it():
    zeros = [np.zeros(s, t) for s, t in [((4, 6), "u1"), ((6, 4), "u1"), ((4, 6), "u2")]]
    assert len({fingerprint(array, "YX") for array in zeros}) == 3


def test_only_a_sample_of_a_large_plane_is_read(monkeypatch):
    monkeypatch.setattr(module, "_SAMPLE_PX", 64)
    large = np.zeros((64, 64), np.uint8)
    before = fingerprint(large, "YX")
    large[:, 5] = 1
    assert fingerprint(large, "YX") != before, "every column is looked at somewhere"


def test_only_three_planes_of_a_stack_on_the_disk_are_read():
    class Counted:
        shape, dtype, read = (50, 8, 8), np.dtype("u1"), 0

        def __getitem__(self, index):
            Counted.read += 1
            return np.zeros((8, 8), np.uint8)

    fingerprint(Counted(), "ZYX")
    assert Counted.read == 3
