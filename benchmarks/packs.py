"""Give the starter models their replay packs: synthetic pictures, and what they see in them.

``python -m benchmarks.packs`` draws nuclei under fluorescence, in stained tissue and in smears
under brightfield, keeps the pictures on which a starter model is sure and right, and writes them
into its file; its parameters and its card stay as they are, to the bit. No picture of a data set is
in a pack. A few seconds for each model on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from scipy import ndimage
from skimage.transform import resize

from benchmarks.smears import cloud, smear
from napari_unet.images.normalize import normalize
from napari_unet.images.samples import cells
from napari_unet.images.targets import open_gaps
from napari_unet.inference.tiled import predict_whole
from napari_unet.models.archive import read_model, write_model
from napari_unet.models.library import shipped_folder
from napari_unet.models.model import Model
from napari_unet.models.pack import Pack
from napari_unet.networks.build import fuse
from napari_unet.networks.network import Network
from napari_unet.training.packing import CROP_PX

Look = Literal["fluorescence", "tissue", "brightfield"]
WANTED: dict[Look, int] = {"fluorescence": 10, "tissue": 6, "brightfield": 6}
"""How many pictures of each look there are in a pack: more of those that are forgotten sooner."""
SIDE = 256
TRIES = 8
"""At most so many are drawn for each that is kept."""
AGREEMENT = 0.7
"""Pictures on which a model is less sure, or less right, are left out."""
LEAST, MOST = 0.01, 0.8
"""And those with less or more object."""


class Picture(NamedTuple):
    """A synthetic picture and what a model makes of it."""

    image: np.ndarray
    """float32, (channel, y, x), normalised."""
    truth: np.ndarray
    """bool, (y, x)."""
    probability: np.ndarray
    """float32, (y, x): the model's own."""

    @property
    def agreement(self) -> float:
        """IoU of what the model sees with what was drawn, times how sure it is."""
        seen = self.probability > 0.5
        union = (seen | self.truth).sum()
        iou = (seen & self.truth).sum() / union if union else 1.0
        return float(iou * np.abs(2 * self.probability - 1).mean())


def draw(look: Look, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture of 256 x 256 pixels and its labels, other than all before it.

    Size, density, brightness, sharpness and noise are drawn at random. In tissue and brightfield
    nuclei are darker than what is around them.
    """
    random = np.random.default_rng(seed)
    if look == "brightfield":
        picture, labels = smear(SIDE, seed)
    else:
        picture, labels = _nuclei(random, look, seed)
    blurred = ndimage.gaussian_filter(picture, random.uniform(0, 1.5))
    return blurred + random.normal(0, random.uniform(0, 0.06), blurred.shape), labels


def _nuclei(random: np.random.Generator, look: Look, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Nuclei side by side, bright on black or dark in the pink of tissue."""
    side = int(random.integers(160, 520))
    image, labels = cells((side, side), seed=seed)
    image = resize(image.astype(np.float32), (SIDE, SIDE), order=1, anti_aliasing=True)
    labels = resize(labels, (SIDE, SIDE), order=0, anti_aliasing=False, preserve_range=True)
    bright = normalize(image)[0].clip(0, 1.5) ** random.uniform(0.5, 1.3)
    return (_tissue(random, bright, labels) if look == "tissue" else bright), labels.astype(int)


def _tissue(random: np.random.Generator, bright: np.ndarray, labels: np.ndarray) -> np.ndarray:
    fine, coarse = (cloud(random, bright.shape, size) for size in (2.0, 8.0))
    inside = ndimage.gaussian_filter((labels > 0).astype(np.float32), 0.8)
    nuclei = inside * random.uniform(0.5, 0.9) + 0.25 * bright
    stroma = random.uniform(0.02, 0.12) * (fine + 1.5 * coarse)
    return np.asarray(1 - nuclei + (1 - inside) * stroma)


def pictures(network: Network, look: Look, count: int, seed: int = 0) -> Iterator[Picture]:
    """Synthetic pictures of one look, each with what a network sees in it."""
    fused = fuse(network)
    for n in range(count):
        image, labels = draw(look, seed + n)
        shown = normalize(image)
        probability = predict_whole(fused, shown)[0]
        part = np.s_[64 : 64 + CROP_PX, 64 : 64 + CROP_PX]
        truth = open_gaps(labels)[part] > 0
        yield Picture(shown[:, part[0], part[1]], truth, probability[part])


def pack_for(model: Model, seed: int = 0) -> Pack:
    """A replay pack for a model that finds nuclei: synthetic pictures with its own answers.

    Raises
    ------
    ValueError
        If it is sure of none of them.
    """
    network, chosen = model.network(), []
    for n, (look, count) in enumerate(WANTED.items()):
        drawn = pictures(network, look, count * TRIES, seed + 10_000 * n)
        known = (p for p in drawn if LEAST < p.truth.mean() < MOST and p.agreement > AGREEMENT)
        kept = list(islice(known, count))
        print(f"{look}: agreement {', '.join(f'{p.agreement:.2f}' for p in kept)}", flush=True)
        chosen += kept
    if not chosen:
        raise ValueError(
            f"'{model.card.name}' sees no synthetic nuclei: give it a pack of its own images."
        )
    probability = torch.from_numpy(np.stack([p.probability for p in chosen]))
    return Pack(
        torch.from_numpy(np.stack([p.image for p in chosen])).half(),
        (probability > 0.5).to(torch.uint8),
        ((2 * probability - 1).abs() * 255).round().to(torch.uint8),
    )


def give_pack(path: Path, seed: int = 0) -> Model:
    """Write a model file anew, with a replay pack; the pack that it had is replaced."""
    model = read_model(path)
    packed = replace(model, pack=pack_for(model, seed))
    made = path.with_suffix(".new.safetensors")
    made.unlink(missing_ok=True)
    write_model(packed, made)
    made.replace(path)
    return packed


def main() -> None:
    """Give every starter model its pack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=shipped_folder())
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for path in sorted(arguments.folder.glob("*.safetensors")):
        print(path.name, flush=True)
        give_pack(path)


if __name__ == "__main__":
    main()
