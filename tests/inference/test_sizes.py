"""Every size that an image can have, from a pixel to more than an index of 31 bits reaches."""

import numpy as np
import pytest
import tifffile

from napari_unet.inference.predict import predict_planes, ready_network
from napari_unet.inference.prepare import PreparedPlane
from napari_unet.inference.tiled import predict_whole
from napari_unet.schema.events import TileDone
from napari_unet.schema.settings import PredictSettings
from tests.models_for_tests import tiny_model

CPU = PredictSettings(tile_px=64, device="cpu")
WINDOW_PX, KNOWN_PX = 256, 96
"""Of a far corner that is predicted by itself, and so many of it that no halo is missing for."""


@pytest.mark.parametrize("name", ["unet", "unet++"])
def test_r10_2_every_side_from_1_to_64(name):
    """Whatever the pooling grid makes of it, the answer is as large and the same by tiles."""
    network = ready_network(tiny_model(name), CPU)
    image = np.random.default_rng(0).random((1, 64, 64), dtype=np.float32)
    for side in range(1, 65):
        part = image[:, :side, : 65 - side]
        whole = predict_whole(network, part)
        assert whole.shape == part.shape
        assert np.isfinite(whole).all()
        np.testing.assert_allclose(predict_whole(network, part, tile_px=32), whole, atol=1e-4)


def mapped(folder):
    """20,000 x 30,000 pixels in a file that takes next to no room: most rows were never written."""
    image = tifffile.memmap(folder / "a.tif", shape=(20_000, 30_000), dtype="u1")
    noise = np.random.default_rng(0).integers(0, 255, (400, 30_000), dtype=np.uint8)
    image[: 24 * 200 : 24] = noise[:200]
    image[-200:] = noise[200:]
    image.flush()
    return tifffile.memmap(folder / "a.tif", mode="r")


def huge(folder):
    """3,000 megapixels, more than 2 ** 31, that are one row again and again."""
    row = np.random.default_rng(0).integers(0, 255, 60_000, dtype=np.uint8)
    return np.broadcast_to(row, (50_000, 60_000))


@pytest.mark.parametrize("make", [mapped, huge])
def test_r6_5_the_far_corner_of_a_very_large_image(tmp_path, make):
    model, image = tiny_model(), make(tmp_path)
    height, width = image.shape
    corner = height - KNOWN_PX, width - KNOWN_PX, height, width
    found = np.full((KNOWN_PX, KNOWN_PX), np.nan)
    for event in predict_planes(model, [image], CPU, region=corner):
        if isinstance(event, TileDone):
            y0, x0, y1, x1 = np.subtract(event.box, corner[:2] * 2)
            found[y0:y1, x0:x1] = event.probabilities[0]
    window = PreparedPlane(image, model.card)[:, -WINDOW_PX:, -WINDOW_PX:]
    expected = predict_whole(ready_network(model, CPU), window)[0, -KNOWN_PX:, -KNOWN_PX:]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.std() > 1e-3
