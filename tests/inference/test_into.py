"""Probabilities go straight to where they are wanted."""

import numpy as np
import pytest
import zarr

import napari_unet
from napari_unet.schema.settings import PredictSettings
from tests.models_for_tests import tiny_model
from tests.watched import Watched

TILE = PredictSettings(tile_px=64, device="cpu")


def test_r6_3_an_array_on_disk_becomes_one_on_disk(tmp_path):
    model = tiny_model(classes=2)
    image = Watched((250, 190), most=250 * 190)
    out = zarr.create_array(
        tmp_path / "out.zarr", shape=(2, 250, 190), dtype="f4", chunks=(1, 64, 64)
    )
    napari_unet.predict_into(image, out, model, TILE)
    expected = napari_unet.predict(image[:, :], model, TILE).probabilities
    np.testing.assert_array_equal(out[:], expected)


@pytest.mark.parametrize(("shape", "dtype"), [((1, 40, 50), "u1"), ((40, 50), "f4")])
def test_an_array_that_does_not_fit_is_refused_in_one_sentence(shape, dtype):
    with pytest.raises(ValueError, match=r"need an array of floats of the shape \(1, 40, 50\)"):
        napari_unet.predict_into(np.zeros((40, 50)), np.empty(shape, dtype), tiny_model(), TILE)


def test_a_disk_that_fails_is_said():
    class Full:
        shape, dtype = (1, 40, 50), np.dtype("f4")

        def __setitem__(self, key, value):
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        napari_unet.predict_into(np.zeros((40, 50)), Full(), tiny_model(), TILE)
