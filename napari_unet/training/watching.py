"""Let a person watch a network learn: what it makes of what is on the screen, every few seconds."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from typing import TypeVar

from napari_unet import memory
from napari_unet.inference.prepare import plane_size, prepare
from napari_unet.inference.tiled import predict_whole
from napari_unet.networks.build import fuse
from napari_unet.networks.network import Network
from napari_unet.schema.events import Event, Glimpse, Notice, Progress, StepDone
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.prediction import Box
from napari_unet.schema.requests import Answer, View
from napari_unet.training.beside import beside

T = TypeVar("T")

SHARE = 0.08
"""Looking takes so much of the time of training; a tenth where it takes longer than thought."""
EVERY_S = 2.0
MOST_SIDE_PX = 1024
"""Of a larger view only its middle is looked at."""
TO_SPARE = 1.5
"""A look is begun only if training goes on for so many times as long as it takes."""


def watching(
    training: Generator[Event, None, T],
    network: Network,
    card: ModelCard,
    view: View | None,
    patch_px: int,
) -> Generator[Event, Answer, T]:
    """Go on with a training, and look at the image with the present parameters now and then.

    What is learnt stays the same, bit for bit, as far as the time suffices for as many steps.

    Parameters
    ----------
    training
        The job, which yields `Progress` after each step.
    network
        What it trains, in place.
    card
        How the network is shown images.
    view
        What to look at; None is nothing.
    patch_px
        Pixels in a step, all patches together: what a first look costs is guessed from that.

    Yields
    ------
    Whatever the training does, and `Glimpse`.
    """
    looks = None
    if view is not None:
        try:
            looks = Looks(view, card, patch_px)
        except ValueError as error:
            yield Notice(text=f"Nothing is shown of what it learns meanwhile: {error}")

    def look(event: Event, answer: Answer) -> Iterator[Event]:
        if looks is not None and looks.due(event):
            yield from looks.look(network)

    return (yield from beside(training, look))


class Looks:
    """When to look, and what is seen.

    Parameters
    ----------
    view, card, patch_px
        See `watching`.

    Raises
    ------
    ValueError
        If the network cannot be shown such an image.
    """

    def __init__(self, view: View, card: ModelCard, patch_px: int) -> None:
        self._image = prepare(view.plane, card)
        self._size = plane_size(view.plane, card)
        self._box = middle(view.box or (0, 0, *self._size))
        y0, x0, y1, x1 = self._box
        self._guess = (y1 - y0) * (x1 - x0) * card.input.scale**2 / patch_px
        """How many steps as long as a look, at most: a step goes forward and back."""
        self._begun = self._last = self._stepped = time.monotonic()
        self._cost: float | None = None
        self._spent = 0.0
        self._step = 0
        self._ended = False

    def due(self, event: Event) -> bool:
        """Whether to look after this event of the training."""
        now = time.monotonic()
        if isinstance(event, StepDone):
            self._step, pace = event.step, now - self._stepped
            self._stepped = now
            if self._cost is None and event.step > 1:  # the first step is always slower
                self._cost = pace * self._guess
        if self._ended or self._cost is None or not isinstance(event, Progress):
            return False
        in_time = event.seconds_left is None or event.seconds_left > TO_SPARE * self._cost
        affordable = self._spent + self._cost <= SHARE * (now - self._begun)
        return in_time and affordable and now - self._last >= EVERY_S

    def look(self, network: Network) -> Generator[Event, None, None]:
        """Show what the network sees now; the network is left as it was."""
        begun = time.monotonic()
        try:
            found = predict_whole(fuse(network), self._image, region=self._box, size=self._size)
        except (RuntimeError, MemoryError) as error:
            if not memory.has_ended(error):
                raise
            self._ended = True
            yield Notice(text="Memory is short: what it learns meanwhile is not shown.")
            return
        self._last = self._stepped = time.monotonic()
        self._cost = self._last - begun
        self._spent += self._cost
        yield Glimpse(step=self._step, box=self._box, probabilities=found, seconds=self._cost)


def middle(box: Box) -> Box:
    """The middle of a box, as much of it as can be looked at."""
    y0, x0, y1, x1 = box
    height, width = min(y1 - y0, MOST_SIDE_PX), min(x1 - x0, MOST_SIDE_PX)
    top, left = y0 + (y1 - y0 - height) // 2, x0 + (x1 - x0 - width) // 2
    return top, left, top + height, left + width
