"""Random patches of annotated images."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import NamedTuple, Protocol, Self, TypeVar

import torch
from torch import Generator, Tensor

from napari_unet.augment.geometry import nearest_pixels, patch_coordinates, sample
from napari_unet.augment.intensity import vary_intensity
from napari_unet.augment.share import WHOLE, Share
from napari_unet.schema.settings import AugmentSettings
from napari_unet.training.examples import Example

T = TypeVar("T")


class Batch(NamedTuple):
    """What one step of training sees."""

    images: Tensor
    """float32, (patch, channel, y, x); by the network's margin larger than the others."""
    targets: Tensor
    """int64, (patch, y, x)."""
    weight_maps: Tensor
    """float32, (patch, y, x)."""


class Sampler(Protocol):
    """What gives a training its batches; each depends on its step alone."""

    @property
    def steps_per_epoch(self) -> int:
        """Steps that show as many patches as there are images."""

    def draw(self, step: int) -> Batch:
        """The batch of this step."""


class PatchSampler:
    """Draws random, randomly varied patches from annotated images.

    The batch of a step depends on the seed and the step alone, so a run that was interrupted goes
    on with the same patches.

    Parameters
    ----------
    examples
        The annotated images; all have the same channels.
    chances
        How often each is drawn, in any unit; None is each once in an epoch, in random order.
    batch, patch_px, settings, seed
        See `TrainSettings`.
    margin_px
        How many pixels more of the image are shown on each side, see `Network.margin_px`.
    share
        Which patches of each batch are drawn, where several processes train.

    Raises
    ------
    ValueError
        If there is no example, or the processes cannot have equally many patches.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        *,
        batch: int,
        patch_px: int,
        settings: AugmentSettings,
        seed: int = 0,
        chances: Sequence[float] | None = None,
        margin_px: int = 0,
        share: Share = WHOLE,
    ) -> None:
        if not examples:
            raise ValueError("There is nothing to train on: add at least one annotated image.")
        if batch % share.size:
            raise ValueError(
                f"A batch of {batch} patches cannot be divided among {share.size} processes: "
                f"choose a multiple of {share.size}."
            )
        self.examples, self.share = examples, share
        self.batch, self.patch_px, self.settings, self.seed = batch, patch_px, settings, seed
        self.margin_px = margin_px
        self.chances = None if chances is None else torch.tensor(chances, dtype=torch.float32)

    @property
    def steps_per_epoch(self) -> int:
        """Steps that show as many patches as there are images."""
        return -(-len(self.examples) // self.batch)

    def draw(self, step: int) -> Batch:
        """The batch of this step."""
        generator = Generator().manual_seed(self.seed * 1_000_003 + step)
        examples = [self.examples[i] for i in self._chosen(step, generator)]
        centres = torch.stack([_centre(example, self.patch_px, generator) for example in examples])
        shown_px = self.patch_px + 2 * self.margin_px
        grids = patch_coordinates(centres, shown_px, self.settings, generator, self.share)
        parts = [
            _read(e, grid.to(e.image.device), self.margin_px)
            for e, grid in zip(self.share.of(examples), grids, strict=True)
        ]
        images, targets, weight_maps = (torch.stack(part) for part in zip(*parts, strict=True))
        intensity = Generator(images.device).manual_seed(generator.initial_seed())
        images = vary_intensity(images, self.settings.intensity, intensity, self.share)
        return Batch(images, targets, weight_maps)

    def with_example(self, place: int, example: Example) -> Self:
        """The same with an image in the place of another one, or one more beyond the last."""
        other = copy(self)
        example = example.to(self.examples[0].image.device)
        other.examples = put(self.examples, place, example)
        return other

    def _chosen(self, step: int, generator: Generator) -> list[int]:
        if self.chances is not None:
            return torch.multinomial(self.chances, self.batch, True, generator=generator).tolist()
        count = len(self.examples)
        places = range(step * self.batch, (step + 1) * self.batch)
        epochs = {place // count for place in places}
        orders = {epoch: self._order(epoch) for epoch in epochs}
        return [orders[place // count][place % count] for place in places]

    def _order(self, epoch: int) -> list[int]:
        generator = Generator().manual_seed(self.seed * 1_000_003 + epoch)
        return torch.randperm(len(self.examples), generator=generator).tolist()


def put(items: Sequence[T], place: int, item: T) -> list[T]:
    """A list with an item in the place of another one, or one more beyond the last."""
    return [*items[:place], item, *items[place + 1 :]]


def _centre(example: Example, size_px: int, generator: Generator) -> Tensor:
    if example.anchors is None or not len(example.anchors):
        last = torch.tensor(example.target.shape, dtype=torch.float32) - 1
        anywhere = torch.rand(2, generator=generator) * last
        return torch.where(last < size_px, last / 2, anywhere)  # a small image is shown whole
    index = torch.randint(len(example.anchors), (), generator=generator)
    return example.anchors[index].float().cpu()


def _read(example: Example, coordinates: Tensor, margin_px: int) -> tuple[Tensor, Tensor, Tensor]:
    """The pixels of one patch; nothing is done to the image as a whole, which may be large."""
    inner = slice(margin_px, len(coordinates) - margin_px)
    answered = coordinates[inner, inner]
    pixels = nearest_pixels(answered, example.target.shape)
    weight_map = sample(example.weight_map[None], answered)[0]
    known = example.weight_map[pixels] > 0
    return sample(example.image, coordinates), example.target[pixels].long(), weight_map * known
