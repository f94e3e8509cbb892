"""Two models on one plane: each as it would segment alone, and the difference of both."""

import numpy as np
import pytest

from napari_unet.images.classes import mask_of
from napari_unet.images.difference import difference
from napari_unet.inference.compare import comparing
from napari_unet.inference.predict import predict
from napari_unet.schema.events import Compared
from napari_unet.schema.settings import PredictSettings
from tests.models_for_tests import tiny_model

SETTINGS = PredictSettings(tile_px=64, device="cpu")
IMAGE = np.random.default_rng(0).random((90, 70)).astype("f4")


def compared(old, new, region=None):
    *others, last = comparing(old, new, IMAGE, SETTINGS, region)
    assert not any(isinstance(event, Compared) for event in others)
    return last


@pytest.mark.parametrize("region", [None, (10, 20, 60, 65)])
@pytest.mark.parametrize("classes", [1, 3])
def test_each_mask_is_what_its_model_makes_alone(region, classes):
    models = [tiny_model(seed=seed, classes=classes) for seed in (0, 1)]
    found = compared(*models, region)
    assert found.box == (region or (0, 0, 90, 70))
    y0, x0, y1, x1 = found.box
    for model, mask in zip(models, (found.old, found.new), strict=True):
        alone = predict(IMAGE, model, SETTINGS).probabilities[:, y0:y1, x0:x1]
        expected = mask_of(alone, model.card.mask)
        assert ((mask > 0) == (expected > 0)).all()
    assert (found.difference == difference(found.old, found.new)).all()


def test_a_model_does_not_differ_from_itself():
    model = tiny_model(seed=3, classes=3)
    found = compared(model, model)
    assert found.old.any()
    assert (found.old == found.new).all()
    assert not found.difference.any()
