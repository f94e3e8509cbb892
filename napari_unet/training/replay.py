"""Show a network again what it knows while it learns something new, and see what it forgot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from skimage.measure import label

from napari_unet.images.class_metrics import confusion, scores_of
from napari_unet.images.weight_maps import class_balance, make_weight_map
from napari_unet.inference.tiled import predict_whole
from napari_unet.models.pack import Pack, joined
from napari_unet.networks.build import fuse
from napari_unet.networks.network import Network
from napari_unet.schema.settings import LossSettings, TrainSettings
from napari_unet.training.examples import Example
from napari_unet.training.packing import pack_of
from napari_unet.training.patches import Batch, PatchSampler, Sampler

SHARE = 0.5
"""The part of each batch that comes from the pack; a quarter forgets far more."""
NEW_PICTURES = 8
"""So many pictures of the corrections join the pack of a model that was fine-tuned."""
SURE = 128
"""From this confidence on, a pixel of the pack counts when what was forgotten is measured."""


class MixedSampler:
    """Draws most patches of a batch from new images and the others from a replay pack.

    Parameters
    ----------
    new, old
        Where they come from; a batch is as large as both of theirs together.
    """

    def __init__(self, new: PatchSampler, old: Sampler) -> None:
        self.new, self.old = new, old

    @property
    def steps_per_epoch(self) -> int:
        """Steps that show as many patches as there are new images."""
        return self.new.steps_per_epoch

    def draw(self, step: int) -> Batch:
        """The batch of this step: new patches first."""
        both = zip(self.new.draw(step), self.old.draw(step), strict=True)
        return Batch(*(torch.cat(parts) for parts in both))

    def with_example(self, place: int, example: Example) -> MixedSampler:
        """The same with a new image in the place of another one, or one more beyond the last."""
        return MixedSampler(self.new.with_example(place, example), self.old)


Replaying = PatchSampler | MixedSampler
"""Draws patches of new images, and maybe replays others."""


def replaying(
    examples: Sequence[Example],
    pack: Pack | None,
    settings: TrainSettings,
    network: Network,
) -> Replaying:
    """Draw patches of new images, and a part of each batch from a replay pack.

    Parameters
    ----------
    examples
        The new images.
    pack
        What the network is not to forget; None is nothing. A batch of one patch replays nothing.
    settings
        How the network is trained.
    network
        On the device of the training.
    """
    device = next(network.parameters()).device
    share = round(SHARE * settings.batch) if pack is not None else 0
    share = min(max(share, int(pack is not None)), settings.batch - 1)

    def sampler(examples: Sequence[Example], batch: int, seed: int) -> PatchSampler:
        return PatchSampler(
            [example.to(device) for example in examples],
            batch=batch,
            patch_px=network.fitting_px(settings.patch_px),
            settings=settings.augment,
            seed=seed,
            margin_px=network.margin_px,
        )

    new = sampler(examples, settings.batch - share, settings.seed)
    if pack is None or not share:
        return new
    old = list(examples_of(pack, settings.loss, network.settings.classes))
    return MixedSampler(new, sampler(old, share, settings.seed + 1))


def examples_of(pack: Pack, loss: LossSettings, classes: int = 1) -> Iterator[Example]:
    """The pictures of a pack as images to train on, weighted by how sure their targets are.

    Any loss can learn from them, as from pictures that a person annotated.
    """
    for image, target, confidence in zip(pack.images, pack.targets, pack.confidence, strict=True):
        truth, sure = target.numpy(), confidence.numpy().astype(np.float32) / 255
        if classes > 1:
            weights = class_balance(truth, sure > 0) if loss.balance else np.ones_like(sure)
        else:
            objects = label(truth, background=0, connectivity=2)  # gaps keep touching ones apart
            weights = make_weight_map(objects, sure > 0, loss)
        yield Example(image.float(), target, torch.from_numpy(weights * sure))


def replay_score(network: Network, pack: Pack) -> float:
    """How well a network still knows the pictures of a pack: IoU, all pictures together.

    Of objects their overlap over union, of classes the mean over classes. The network is left as
    it was.
    """
    classes = max(2, network.settings.classes)
    fused = fuse(network)
    table = np.zeros((classes, classes), np.int64)
    for image, target, confidence in zip(pack.images, pack.targets, pack.confidence, strict=True):
        found = predict_whole(fused, image.float().numpy())
        mask = found[0] > 0.5 if len(found) == 1 else found.argmax(0)
        table += confusion(mask, target.numpy(), classes, confidence.numpy() >= SURE)
    scores = scores_of(table)
    objects = scores.iou[1]
    if network.settings.classes > 1:
        return scores.mean_iou
    return 1.0 if objects is None else objects


def pack_after(
    pack: Pack | None, examples: Sequence[Example], settings: TrainSettings
) -> Pack | None:
    """The pack of a model that has learnt new images: what it had, and pictures of these.

    Who declines (``settings.replay_pack``) leaves it as it was.
    """
    if not settings.replay_pack:
        return pack
    return joined(pack, pack_of(examples, NEW_PICTURES, settings.seed))
