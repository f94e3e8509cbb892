"""Make the replay pack of a model from the images that it learns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from napari_unet.models.pack import Pack
from napari_unet.training.examples import Example

CROP_PX = 128
OBJECTS = 0.75
"""This part of the pictures shows an object in the middle, if an image has any."""


def pack_of(
    examples: Sequence[Example],
    count: int,
    seed: int = 0,
    chances: Sequence[float] | None = None,
) -> Pack:
    """Cut small pictures with their labels out of annotated images.

    Each shows a known place, by turns of every image, most of them around pixels of objects. What
    nobody vouched for stays unknown, and a smaller image is mirrored beyond its edges.

    Parameters
    ----------
    examples
        The annotated images, at least one.
    count
        Number of pictures.
    seed
        Same seed, same pictures.
    chances
        How often each image is drawn, in any unit; None is all of them alike.
    """
    random = np.random.default_rng(seed)
    share = np.ones(len(examples)) if chances is None else np.asarray(chances, float)
    most = min(count, int(np.count_nonzero(share)))
    order = random.choice(len(examples), most, replace=False, p=share / share.sum())
    crops = [_crop(examples[int(order[i % len(order)])], random) for i in range(count)]
    images, targets, confidence = (np.stack(part) for part in zip(*crops, strict=True))
    return Pack(*(torch.from_numpy(part) for part in (images, targets, confidence)))


def _crop(
    example: Example, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Image, target and confidence of a square; nothing is known in its mirrored rim."""
    shape = example.target.shape
    in_object = random.random() < OBJECTS
    if example.anchors is not None and len(example.anchors):
        places = example.anchors.cpu().numpy()  # known ones, half of them in objects
    else:
        places = np.argwhere(example.target.cpu().numpy() > 0) if in_object else np.empty((0, 2))
    centre = places[random.integers(len(places))] if len(places) else random.integers(shape)
    corner = np.clip(centre - CROP_PX // 2, 0, np.maximum(0, np.subtract(shape, CROP_PX)))
    part = np.s_[corner[0] : corner[0] + CROP_PX, corner[1] : corner[1] + CROP_PX]
    image, target = (t[(..., *part)].cpu().numpy() for t in (example.image, example.target))
    known = example.weight_map[part].cpu().numpy() > 0
    rim = [(0, CROP_PX - side) for side in target.shape]
    return (
        np.pad(image, [(0, 0), *rim], mode="symmetric").astype(np.float16),
        np.pad(target, rim).astype(np.uint8),
        np.pad(known, rim).astype(np.uint8) * 255,
    )
