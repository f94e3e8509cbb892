"""Annotated images, made ready for training."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from napari_unet.images.boxes import around
from napari_unet.images.normalize import normalize
from napari_unet.images.rescale import resize_labels
from napari_unet.images.targets import class_target, make_target
from napari_unet.schema.settings import LossSettings

SEEN_PX = 256
"""Patches of the usual size around a pixel see nothing farther away, whether bent or turned."""


class Example(NamedTuple):
    """One annotated image, normalised as a whole, with its target and weight map.

    Of an image that is known in part it is what patches can see.
    """

    image: Tensor
    """float32, (channel, y, x)."""
    target: Tensor
    """uint8, (y, x)."""
    weight_map: Tensor
    """float32, (y, x); 0 where nothing is known."""
    anchors: Tensor | None = None
    """(n, 2): pixels, y and x, around which patches are drawn; None is anywhere."""

    def to(self, device: torch.device) -> Self:
        """The same on another device."""
        return self._replace(
            **{k: v.to(device) for k, v in self._asdict().items() if v is not None}
        )


def make_example(
    image: np.ndarray,
    labels: np.ndarray,
    known: np.ndarray | None = None,
    *,
    classes: int = 1,
    percentiles: tuple[float, float] | None = (1.0, 99.8),
    loss: LossSettings = LossSettings(),  # noqa: B008 (frozen)
) -> Example:
    """Make an annotated image ready for training.

    Parameters
    ----------
    image
        The whole image, (y, x) or (channel, y, x), any real dtype.
    labels
        (y, x) integers: numbered objects, 0 is background; or classes. Those of an image that was
        prepared at another scale are brought to it.
    known
        (y, x), 0 where nobody vouched for the label; None means that all is known. Patches are then
        drawn around known pixels, half of them around those of objects, or as many around each
        class.
    classes
        1 where the labels are objects; more where they are so many classes.
    percentiles
        See `normalize`; None means that the image is normalised already.
    loss
        What the weight map is made for; that of classes has no border weights.
    """
    if labels.shape != image.shape[-2:]:
        labels = resize_labels(labels, image.shape[-2:])
        known = None if known is None else resize_labels(known, image.shape[-2:])
    shown = normalize(image, percentiles) if percentiles else image
    if known is not None:
        near = around(np.asarray(known) > 0, SEEN_PX)
        shown, labels, known = shown[..., *near], labels[near], known[near]
    if classes > 1:
        target, weight_map = class_target(labels, classes, known, balance=loss.balance)
    else:
        target, weight_map = make_target(labels, known, loss)
    anchors = None if known is None or np.all(known) else _anchors(target, weight_map)
    return Example(
        torch.from_numpy(np.ascontiguousarray(shown)),
        torch.from_numpy(target),
        torch.from_numpy(weight_map),
        anchors,
    )


def _anchors(target: np.ndarray, weight_map: np.ndarray, most: int = 20_000) -> Tensor:
    """Known pixels, evenly thinned, with as many of each value of the target that there is."""
    known = weight_map > 0
    values = range(int(target.max(initial=0)), -1, -1)
    groups = [np.flatnonzero(known & (target == value)) for value in values]
    size = min(most, max(len(group) for group in groups))
    even = [g[np.linspace(0, len(g) - 1, size).astype(int)] for g in groups if len(g)]
    places = np.concatenate(even) if even else np.empty(0, np.intp)
    return torch.from_numpy(np.stack(np.unravel_index(places, known.shape), axis=1))
