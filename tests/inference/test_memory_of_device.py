"""What a network's device has to hold is a tile, however large the image is."""

import numpy as np
import pytest
import torch

from napari_unet.inference import tiled
from napari_unet.inference.predict import predict
from napari_unet.schema.settings import PredictSettings
from tests.live_memory import most_on
from tests.models_for_tests import tiny_model

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
MODEL = tiny_model()


def most(side, device="cpu", tile_px=64):
    image = np.random.default_rng(0).integers(0, 255, (side, side), dtype=np.uint8)
    settings = PredictSettings(tile_px=tile_px, device=device)
    return most_on(device, lambda: predict(image, MODEL, settings))


def test_r3_2_memory_does_not_depend_on_the_size_of_the_image():
    assert most(512) < 1.05 * most(192)


@GPU
def test_r3_2_memory_of_the_gpu_does_not_depend_on_the_size_of_the_image():
    assert most(8192, "cuda", 512) < 1.05 * most(2048, "cuda", 512)


def test_r3_2_answers_that_stay_on_the_device_would_be_found_out(monkeypatch):
    run, kept = tiled._run, []

    def keep(*arguments, **options):
        kept.append(run(*arguments, **options))
        return kept[-1]

    monkeypatch.setattr(tiled, "_run", keep)
    assert most(512) > 2 * most(192)
