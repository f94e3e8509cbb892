"""Elastic deformation against scipy, and what augmentation must never do."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Generator

from napari_unet.augment.elastic import elastic_displacements
from napari_unet.augment.geometry import nearest_pixels, patch_coordinates, sample
from napari_unet.augment.intensity import vary_intensity
from napari_unet.schema.settings import AugmentSettings


def generator(seed=0):
    return Generator().manual_seed(seed)


def keys_kernel(t, a=-0.75):
    """Bicubic convolution kernel (Keys 1981)."""
    t = np.abs(t)
    near = (a + 2) * t**3 - (a + 3) * t**2 + 1
    far = a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a
    return np.where(t <= 1, near, np.where(t < 2, far, 0))


def test_displacements_are_the_coarse_grid_interpolated_bicubically():
    coarse = torch.randn(1, 2, 3, 3, generator=generator(4)).double().numpy()[0] * 10
    found = elastic_displacements(1, 65, 10, generator(4))[0].numpy()
    position = np.linspace(0, 2, 65)
    taps = np.arange(-2, 6)
    kernel = keys_kernel(position[:, None] - taps)
    fold = np.zeros((8, 3))
    fold[np.arange(8), np.clip(taps, 0, 2)] = 1
    weights = kernel @ fold
    expected = np.einsum("yi,cij,xj->yxc", weights, coarse, weights)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_displacements_have_the_paper_s_size():
    drawn = elastic_displacements(4000, 3, 10, generator())
    assert drawn.std().item() == pytest.approx(10, rel=0.02)
    assert drawn.mean().item() == pytest.approx(0, abs=0.3)


def test_elastic_patch_equals_scipy_map_coordinates():
    image = np.random.default_rng(0).random((96, 80)).astype(np.float32)
    settings = AugmentSettings(flips=False, rotation_deg=0, scale=1, elastic_px=10)
    grid = patch_coordinates(torch.tensor([[48.0, 40.0]]), 64, settings, generator())[0]
    found = sample(torch.from_numpy(image)[None], grid)[0].numpy()
    coordinates = grid.double().numpy().transpose(2, 0, 1)
    expected = ndimage.map_coordinates(image.astype(float), coordinates, order=1, mode="reflect")
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("shape", [(50, 50), (300, 9), (1, 1)])
def test_labels_by_nearest_neighbour_equal_scipy(shape):
    labels = np.random.default_rng(0).integers(0, 9, shape)
    grid = patch_coordinates(torch.tensor([[25.0, 25.0]]), 40, AugmentSettings(), generator(3))[0]
    found = torch.from_numpy(labels)[nearest_pixels(grid, shape)].numpy()
    coordinates = grid.double().numpy().transpose(2, 0, 1)
    expected = ndimage.map_coordinates(labels, coordinates, order=0, mode="reflect")
    assert (found == expected).mean() > 0.999  # ties at half pixels may round either way


@pytest.mark.parametrize("shape", [(256, 200), (60, 33), (1500, 1023), (1, 5)])
def test_labels_are_read_where_torch_reads_to_the_last_bit(shape):
    labels = torch.arange(shape[0] * shape[1]).view(shape)
    for seed, elastic_px in enumerate((0, 10, 10)):
        middle = (torch.tensor([shape]) - 1) / 2
        settings = AugmentSettings(elastic_px=elastic_px)
        grid = patch_coordinates(middle, 128, settings, generator(seed))[0]
        unit = (2 * grid + 1) / torch.tensor(shape, dtype=torch.float32) - 1
        expected = torch.nn.functional.grid_sample(
            labels[None, None].float(),
            unit.flip(-1)[None],
            mode="nearest",
            padding_mode="reflection",
            align_corners=False,
        )[0, 0]
        assert torch.equal(labels[nearest_pixels(grid, shape)], expected.long())


def test_nothing_turned_on_reads_the_patch_as_it_is():
    image = torch.rand(1, 31, 33)
    settings = AugmentSettings(flips=False, rotation_deg=0, scale=1, elastic_px=0)
    grid = patch_coordinates(torch.tensor([[15.0, 16.0]]), 9, settings, generator())[0]
    torch.testing.assert_close(sample(image, grid), image[:, 11:20, 12:21], atol=1e-5, rtol=0)


def test_r12_6_image_and_labels_move_together_and_no_label_is_new():
    stripes = (torch.arange(128)[:, None] // 16 + torch.arange(128)[None] // 16) % 2
    labels = stripes * 7
    for seed in range(5):
        centre = torch.tensor([[64.0, 64.0]])
        grid = patch_coordinates(centre, 64, AugmentSettings(), generator(seed))[0]
        image = sample(stripes[None].float(), grid)[0]
        moved = labels[nearest_pixels(grid, labels.shape)]
        assert set(moved.unique().tolist()) <= {0, 7}
        clear = (image - 0.5).abs() > 0.49
        assert torch.equal((moved > 0)[clear], (image > 0.5)[clear])


@pytest.mark.parametrize("flips", [False, True])
def test_flips_mirror_half_of_the_patches(flips):
    settings = AugmentSettings(flips=flips, elastic_px=0)
    grids = patch_coordinates(torch.zeros(400, 2), 3, settings, generator())
    down, right = grids[:, 2, 0] - grids[:, 0, 0], grids[:, 0, 2] - grids[:, 0, 0]
    handed = down[:, 0] * right[:, 1] - down[:, 1] * right[:, 0]
    assert (handed < 0).float().mean().item() == pytest.approx(0.5 if flips else 0, abs=0.1)


def test_scale_stays_within_its_bounds():
    settings = AugmentSettings(scale=2, elastic_px=0)
    grids = patch_coordinates(torch.zeros(200, 2), 3, settings, generator())
    length = (grids[:, 2, 0] - grids[:, 0, 0]).norm(dim=-1) / 2
    assert 0.5 <= length.min() < 0.6
    assert 1.8 < length.max() <= 2.0


def test_intensity_off_changes_nothing_and_on_keeps_order():
    images = torch.rand(3, 1, 16, 16)
    assert torch.equal(vary_intensity(images, 0, generator()), images)
    varied = vary_intensity(images, 1, generator())
    for before, after in zip(images, varied, strict=True):
        assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.5
        assert not torch.equal(before, after)


def test_same_seed_same_patches():
    one, two = (
        patch_coordinates(torch.zeros(2, 2), 8, AugmentSettings(), generator(5)) for _ in "ab"
    )
    assert torch.equal(one, two)
