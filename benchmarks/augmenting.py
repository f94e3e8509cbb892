"""What varying the patches costs of a step of training.

``python -m benchmarks.augmenting --out benchmarks/augmenting.json`` draws the batches of the
default U-Net (four patches of 128 x 128 pixels) from images of several sizes, and trains a step on
such a batch. Others then bend as many patches in their way: scipy's ``map_coordinates`` reads from
the image as we do; MONAI and kornia, where they are installed, bend what was cut out before, by
random fields of their own. All take turns in one thread, and it is the time of the processor.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from time import process_time
from typing import Any

import numpy as np
import torch
from scipy import ndimage
from torch import Generator, Tensor

from benchmarks.written import measure_and_write
from napari_unet.augment.elastic import elastic_displacements
from napari_unet.augment.geometry import nearest_pixels, patch_coordinates, sample
from napari_unet.augment.intensity import vary_intensity
from napari_unet.losses.loss import Loss
from napari_unet.networks.build import build_network, network_settings, on_device
from napari_unet.schema.catalog import LOSSES, resolve
from napari_unet.schema.settings import TrainSettings
from napari_unet.training.examples import Example
from napari_unet.training.patches import PatchSampler
from napari_unet.training.step import train_step
from napari_unet.training.train import make_optimizer

SIDES_PX = (256, 1024, 4096)
RUNS = 9
SETTINGS = TrainSettings(batch=4)
SIZE_PX, AUGMENT = SETTINGS.patch_px, SETTINGS.augment
Way = Callable[[], Any]


def example(side_px: int) -> Example:
    """An image of noise: what it shows makes no difference to the time."""
    image = torch.rand(1, side_px, side_px, generator=Generator().manual_seed(0))
    return Example(image, (image[0] > 0.5).to(torch.uint8), image[0] + 1)


def our_parts(of: Example, chance: Generator) -> dict[str, Way]:
    """What a draw consists of."""
    centres = torch.rand(SETTINGS.batch, 2, generator=chance) * (of.image.shape[-1] - 1)
    grids = patch_coordinates(centres, SIZE_PX, AUGMENT, chance)
    images = torch.rand(SETTINGS.batch, 1, SIZE_PX, SIZE_PX)

    def read() -> None:
        for grid in grids:
            pixels = nearest_pixels(grid, of.target.shape)
            _ = sample(of.image, grid), sample(of.weight_map[None], grid), of.target[pixels]

    return {
        "elastic": lambda: elastic_displacements(
            SETTINGS.batch, SIZE_PX, AUGMENT.elastic_px, chance
        ),
        "elastic and geometry": lambda: patch_coordinates(centres, SIZE_PX, AUGMENT, chance),
        "reading": read,
        "intensity": lambda: vary_intensity(images, AUGMENT.intensity, chance),
    }


def scipy_way(of: Example, chance: Generator) -> Way:
    """The same field and the same readings, by splines and `map_coordinates`."""
    side = of.image.shape[-1]
    centres = torch.rand(SETTINGS.batch, 2, generator=chance) * (side - 1)
    layers = [(of.image[0].numpy(), 1), (of.weight_map.numpy(), 1), (of.target.numpy(), 0)]
    lattice = np.mgrid[:SIZE_PX, :SIZE_PX] - (SIZE_PX - 1) / 2
    random = np.random.default_rng(0)

    def bend() -> None:
        for centre in centres.numpy():
            coarse = random.normal(0, AUGMENT.elastic_px, (2, 3, 3))
            bent = lattice + [ndimage.zoom(one, SIZE_PX / 3, order=3) for one in coarse]
            turned = np.tensordot(_rotation(random), bent, 1) + centre[:, None, None]
            for layer, order in layers:
                ndimage.map_coordinates(layer, turned, order=order, mode="reflect")

    return bend


def _rotation(random: np.random.Generator) -> np.ndarray:
    angle = random.uniform(-np.pi, np.pi)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def monai_way(layers: Tensor) -> Way:
    """Image, weight map and labels of each patch, bent, turned and scaled on a coarse grid."""
    from monai.transforms import Rand2DElasticd

    keys = ["image", "weight_map", "labels"]
    turned = Rand2DElasticd(
        keys,
        spacing=SIZE_PX / 2,
        magnitude_range=(0, 2 * AUGMENT.elastic_px),
        prob=1,
        rotate_range=np.pi,
        scale_range=0.3,
        mode=["bilinear", "bilinear", "nearest"],
    )
    patches = [{key: patch[None] for key, patch in zip(keys, one, strict=True)} for one in layers]
    return lambda: [turned(patch) for patch in patches]


def kornia_way(layers: Tensor) -> Way:
    """Image, weight map and labels of all patches, bent by a smoothed field of noise."""
    from kornia.geometry.transform import elastic_transform2d

    noise = torch.rand(len(layers), 2, SIZE_PX, SIZE_PX) * 2 - 1
    return lambda: (
        elastic_transform2d(layers[:, :2], noise),
        elastic_transform2d(layers[:, 2:], noise, mode="nearest"),
    )


def rivals(of: Example, chance: Generator) -> dict[str, Way]:
    """Those that are there."""
    layers = torch.rand(SETTINGS.batch, 3, SIZE_PX, SIZE_PX)
    found = {"scipy": scipy_way(of, chance)}
    if find_spec("monai") is not None:
        found["MONAI"] = monai_way(layers)
    if find_spec("kornia") is not None:
        found["kornia"] = kornia_way(layers)
    return found


def step_of_training(sampler: PatchSampler) -> Way:
    """One step of the default network on a batch that is there already."""
    network = on_device(build_network("unet", network_settings("unet")), torch.device("cpu"))
    optimizer = make_optimizer(network.train(), SETTINGS)
    loss: Loss = resolve(LOSSES, SETTINGS.loss.loss)(SETTINGS.loss)
    batch = sampler.draw(0)
    return lambda: train_step(network, batch, loss, optimizer, SETTINGS.learning_rate)


def measure() -> dict[str, list[float]]:
    """Milliseconds of every run of everything, by turns."""
    torch.set_num_threads(1)
    chance = Generator().manual_seed(0)
    examples = {side: example(side) for side in SIDES_PX}
    samplers = {
        side: PatchSampler([one], batch=SETTINGS.batch, patch_px=SIZE_PX, settings=AUGMENT)
        for side, one in examples.items()
    }
    middle = examples[1024]
    ways: dict[str, Way] = {"step": step_of_training(samplers[1024])}
    ways |= {f"draw {side}": partial(sampler.draw, 1) for side, sampler in samplers.items()}
    ways |= our_parts(middle, chance) | rivals(middle, chance)
    for way in ways.values():
        way()  # the first run also loads code
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(RUNS):
        for name, way in ways.items():
            start = process_time()
            way()
            found[name].append(round((process_time() - start) * 1000, 2))
    return found


if __name__ == "__main__":
    measure_and_write(__doc__, measure)
