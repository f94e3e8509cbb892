"""Every network of the catalogue is trained, kept in a file, fine-tuned and used for prediction."""

import numpy as np
import pytest

from napari_unet.images.samples import cells
from napari_unet.inference.predict import predict
from napari_unet.models.archive import read_model, write_model
from napari_unet.networks.build import network_settings
from napari_unet.schema.catalog import NETWORKS
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import StepDone, finish
from napari_unet.schema.settings import (
    AugmentSettings,
    FineTuneSettings,
    PredictSettings,
    TrainSettings,
)
from napari_unet.training.examples import make_example
from napari_unet.training.finetune import fine_tune
from napari_unet.training.new_model import new_model
from tests.networks.test_networks import tiny

STILL = AugmentSettings(flips=False, rotation_deg=0, scale=1, elastic_px=0, intensity=0)


@pytest.fixture(scope="module")
def annotated():
    return cells((80, 70), count=6, seed=0)


@pytest.mark.parametrize("name", NETWORKS)
def test_from_first_parameters_to_a_mask(name, annotated, tmp_path):
    image, labels = annotated
    losses = []
    shape = network_settings(name, **tiny(name, normalization="layer", features=4))
    settings = TrainSettings(
        steps=30, batch=4, patch_px=60, device="cpu", learning_rate=1e-2, augment=STILL
    )
    job = new_model(name, shape, settings, [make_example(image, labels)], name="tiny")
    model = finish(
        job, lambda event: losses.append(event.loss) if isinstance(event, StepDone) else None
    )
    assert np.mean(losses[-5:]) < 0.97 * np.mean(losses[:5])
    path = tmp_path / "tiny.safetensors"
    write_model(model, path)
    model = read_model(path)
    assert (model.card.network, model.card.network_settings) == (name, shape)

    correction = Correction(
        image_id="a", image=image, labels=labels, known=np.ones(labels.shape, np.uint8)
    )
    tuned = fine_tune(
        model, [correction], FineTuneSettings(steps=2, device="cpu", auto_input=False)
    ).model
    assert tuned.card.network == name
    before, after = (predict(image, one).probabilities for one in (model, tuned))
    assert before.shape == (1, 80, 70)
    assert np.abs(before - after).max() > 1e-4
    turned = predict(image, tuned, PredictSettings(rotations=True)).probabilities
    assert np.abs(turned - after).max() < 0.5
