"""What every network of the catalogue can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from napari_unet.schema.settings import NetworkSettings


class Network(nn.Module, ABC):
    """A network that gives each pixel of an image one logit per class.

    Parameters
    ----------
    settings
        Its shape. A subclass reads what it needs.

    Notes
    -----
    Images are (batch, channel, y, x), logits (batch, class, y, x). Height and width of the logits
    are multiples of ``multiple``, ``remainder_px`` more; those of the image are by twice
    ``margin_px`` larger, for networks whose convolutions are not padded.
    """

    defaults: ClassVar[NetworkSettings] = NetworkSettings()
    """Its shape where nothing but its name is given: that of its paper."""
    fixed: ClassVar[frozenset[str]] = frozenset({"deep_supervision", "dropout"})
    """The settings that are part of what it is: they are as in ``defaults``, or it is not built."""

    settings: NetworkSettings
    widths: list[int]

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        self.settings = settings
        self.widths = [settings.features << level for level in range(settings.depth)]

    @abstractmethod
    def heads(self, image: Tensor, level: int | None = None) -> list[Tensor]:
        """Logits of every head, (batch, class, y, x) each, the best one last.

        ``level`` asks for the head at that depth only, so that the rest need not be computed;
        a network without heads at several depths refuses it with a ValueError.
        """

    def forward(self, image: Tensor) -> Tensor:
        """Logits of the last head, (batch, class, y, x)."""
        return self.heads(image)[-1]

    def probabilities(self, image: Tensor, level: int | None = None) -> Tensor:
        """Probabilities, (batch, class, y, x): the mean of all heads, or of the one asked for."""
        heads = [activate(logits.float()) for logits in self.heads(image, level)]
        return torch.stack(heads).mean(0) if len(heads) > 1 else heads[0]

    @property
    def multiple(self) -> int:
        """The pooling grid: height and width of what it answers go by multiples of this."""
        return 1 << (self.settings.depth - 1)

    @property
    def remainder_px(self) -> int:
        """What height and width of what it answers are more than a multiple, in pixels."""
        return 0

    @property
    def margin_px(self) -> int:
        """How many pixels it has to be shown around what it answers; 0 where it pads with zeros."""
        return 0

    def fitting_px(self, wanted_px: int) -> int:
        """The smallest side that it can answer which is not below the one wanted."""
        return wanted_px + (self.remainder_px - wanted_px) % self.multiple

    @property
    def halo_px(self) -> int:
        """How far from a pixel the image can still change its answer, in pixels.

        Two 3 x 3 convolutions reach 2 pixels of their level; pooling rounds to its grid; bilinear
        upsampling reaches 1 pixel of the level below, the 2 x 2 convolution after a nearest one 1
        of its own.
        """
        convolutions = sum(2 << level for level in range(self.settings.depth))
        decoder = convolutions - 2 * self.multiple
        below = {"transposed": 0, "bilinear": 2, "nearest": 1}[self.settings.upsampling]
        upsampling = below * (self.multiple - 1)
        return convolutions + decoder + upsampling + self.multiple - 1


def activate(logits: Tensor) -> Tensor:
    """Logits to probabilities: sigmoid for one class, softmax over several."""
    return torch.sigmoid(logits) if logits.shape[1] == 1 else torch.softmax(logits, dim=1)
