"""What a network is shown, and what it is judged by, come from the same place."""

import numpy as np
import pytest
import torch

from napari_unet.schema.settings import AugmentSettings
from napari_unet.training.examples import Example
from napari_unet.training.patches import PatchSampler


@pytest.fixture(scope="module")
def ramp():
    """Each pixel holds its row: in the image, the target and the weight map."""
    rows = torch.arange(1, 121).expand(90, 120).T.contiguous()
    return Example(rows[None].float(), rows.to(torch.uint8), rows.float())


def sampler_of(example, margin_px):
    settings = AugmentSettings(intensity=0)
    return PatchSampler(
        [example], batch=3, patch_px=20, settings=settings, seed=1, margin_px=margin_px
    )


@pytest.mark.parametrize("margin_px", [0, 1, 30])
def test_image_target_and_weight_map_are_bent_by_the_same_field(ramp, margin_px):
    batch = sampler_of(ramp, margin_px).draw(0)
    side = 20 + 2 * margin_px
    assert batch.images.shape == (3, 1, side, side)
    assert batch.targets.shape == batch.weight_maps.shape == (3, 20, 20)
    inner = slice(margin_px, margin_px + 20)
    middle = batch.images[:, 0, inner, inner]
    torch.testing.assert_close(middle, batch.weight_maps, atol=1e-3, rtol=0)
    assert float((middle - batch.targets).abs().max()) <= 0.5 + 1e-3
    assert middle.std() > 1


def test_around_a_patch_lies_more_of_the_image(ramp):
    """Beyond the target the image goes on; at the image's edge it is mirrored."""
    plain = AugmentSettings(flips=False, rotation_deg=0, scale=1, elastic_px=0, intensity=0)
    sampler = PatchSampler([ramp], batch=1, patch_px=200, settings=plain, margin_px=5)
    column = sampler.draw(0).images[0, 0, :, 105].round().long().tolist()
    rows = np.pad(np.arange(1, 121), 45, mode="symmetric")
    assert column == rows.tolist()


def test_nothing_is_done_to_an_image_as_a_whole_for_a_patch():
    """Each pixel of this one is the same one in memory; a copy would take 160 GB."""
    shape = 200_000, 200_000
    one = torch.ones(())
    example = Example(one.expand(1, *shape), one.byte().expand(shape), one.expand(shape))
    sampler = PatchSampler([example], batch=2, patch_px=20, settings=AugmentSettings(intensity=0))
    batch = sampler.draw(0)
    for part in batch:
        torch.testing.assert_close(part, torch.ones_like(part))
