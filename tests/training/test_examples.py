"""Of a large image that is known in part, only what patches see is made ready."""

import numpy as np
import pytest
import torch

from napari_unet.images.samples import cells
from napari_unet.schema.settings import AugmentSettings, LossSettings, TrainSettings
from napari_unet.training import examples
from napari_unet.training.examples import SEEN_PX, make_example
from napari_unet.training.patches import PatchSampler

IMAGE, LABELS = cells((760, 800), seed=0)


@pytest.fixture
def known():
    known = np.zeros(LABELS.shape, np.uint8)
    known[300:360, 700:] = 1
    return known


def test_r13_5_no_time_goes_into_what_no_patch_sees(known):
    found = make_example(IMAGE, LABELS, known)
    assert found.target.shape == (60 + 2 * SEEN_PX, 100 + SEEN_PX)
    assert found.image.shape[1:] == found.weight_map.shape == found.target.shape


def test_patches_are_those_of_the_whole_image(known, monkeypatch):
    drawn = batches(make_example(IMAGE, LABELS, known))
    monkeypatch.setattr(examples, "SEEN_PX", 10_000)
    for some, expected in zip(drawn, batches(make_example(IMAGE, LABELS, known)), strict=True):
        for part, other in zip(some, expected, strict=True):
            assert ((part - other).abs() > 1e-3).float().mean() < 1e-4  # but for rounding


def batches(example, steps=6):
    usual = TrainSettings()
    sampler = PatchSampler(
        [example], batch=8, patch_px=usual.patch_px, settings=AugmentSettings(), seed=1
    )
    return [sampler.draw(step) for step in range(steps)]


@pytest.mark.parametrize("sigma", [5.0, 20.0])
def test_border_weights_are_those_of_the_whole_image(known, sigma, monkeypatch):
    loss = LossSettings(sigma_px=sigma)
    near = make_example(IMAGE, LABELS, known, loss=loss)
    monkeypatch.setattr(examples, "SEEN_PX", 10_000)
    whole = make_example(IMAGE, LABELS, known, loss=loss)
    for name in ("target", "weight_map"):
        found, expected = getattr(near, name), getattr(whole, name)
        assert torch.equal(found[SEEN_PX:-SEEN_PX, SEEN_PX:], expected[300:360, 700:])
