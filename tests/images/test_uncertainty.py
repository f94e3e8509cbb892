import numpy as np
import pytest

from napari_unet.images.uncertainty import entropy


def test_a_coin_toss_is_1_and_certainty_is_0():
    p = np.array([[[0, 0.5, 1]]], np.float32)
    assert entropy(p).tolist() == [[0, 1, 0]]
    assert entropy(p).dtype == np.float32
    assert entropy(np.full((3, 1, 1), 1 / 3)) == pytest.approx(1)
    assert entropy(np.array([0.0, 0.5, 0.5])[:, np.newaxis, np.newaxis]) == pytest.approx(
        np.log(2) / np.log(3)
    )


def test_one_class_is_as_good_as_two():
    p = np.linspace(0, 1, 20, dtype=np.float32).reshape(1, 4, 5)
    assert np.array_equal(entropy(p), entropy(np.concatenate([1 - p, p])))
