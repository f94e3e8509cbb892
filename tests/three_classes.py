"""Synthetic images of three classes, and tiny models that tell them apart, for tests."""

from functools import cache

import numpy as np

from napari_unet.schema.events import finish
from napari_unet.schema.settings import AugmentSettings, NetworkSettings, TrainSettings
from napari_unet.training.examples import make_example
from napari_unet.training.new_model import new_model

NAMES = ("dark", "grey", "bright")


def three_classes(shape=(64, 80), seed=0):
    """Discs of two brightnesses on a dark ground, uint8, with the class of each pixel."""
    random = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    classes = np.zeros(shape, np.uint8)
    for index in range(classes.size // 365):
        y, x = random.uniform(0, shape)
        disc = np.hypot(rows - y, columns - x) < random.uniform(4, 9)
        classes[disc] = 1 + index % 2
    image = 20 + 90 * classes + random.normal(0, 6, shape)
    return image.clip(0, 255).astype(np.uint8), classes


@cache
def brightness_model(steps=150):
    """A model of two levels that has learnt to tell them apart, in about a second."""
    settings = TrainSettings(
        steps=steps,
        batch=2,
        patch_px=48,
        device="cpu",
        learning_rate=1e-2,
        augment=AugmentSettings(elastic_px=0, intensity=0.3),
    )
    shape = NetworkSettings(features=8, depth=2, classes=3)
    examples = [make_example(*three_classes(seed=seed), classes=3) for seed in range(4)]
    job = new_model("unet", shape, settings, examples, name="Brightness", class_names=NAMES)
    return finish(job)
