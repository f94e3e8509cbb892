"""Folders of annotated images, read one at a time, so that thousands of them need no memory."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from napari_unet.images.axes import plane, plane_count, read_axes
from napari_unet.images.files import read_classes, read_image, read_labels, read_states
from napari_unet.images.pairs import Pair
from napari_unet.images.pixel_size import pixel_size_um
from napari_unet.inference.prepare import prepare
from napari_unet.models.model import Model
from napari_unet.schema.correction import Correction, State, learnable
from napari_unet.schema.events import Event
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import LossSettings, NetworkSettings, TrainSettings
from napari_unet.training.distributed import ALONE, World
from napari_unet.training.examples import Example, make_example
from napari_unet.training.new_model import new_model
from napari_unet.training.scoring import Exam

T = TypeVar("T")

ROOM_BYTES = 1 << 30
"""Examples that are held in memory at a time."""
USES = 8
"""How often a read image is drawn from before the next is read, where not all have room."""


class Lazily(Sequence[T], Generic[T]):
    """Makes something of each pair of files when it is asked for, and keeps nothing.

    Parameters
    ----------
    make
        What makes it.
    pairs
        Images with their labels.
    """

    def __init__(self, make: Callable[[Pair], T], pairs: Sequence[Pair]) -> None:
        self._make, self._pairs = make, pairs

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: Any) -> Any:
        return self._make(self._pairs[index])


def annotated_in(
    pairs: Sequence[Pair], classes: int = 1
) -> Sequence[tuple[np.ndarray, np.ndarray]]:
    """Images with their labels, as `napari_unet.training.evaluate.evaluate` takes them.

    Parameters
    ----------
    pairs
        Images with their labels.
    classes
        1 where labels are objects; more where they are so many classes.
    """
    return Lazily(partial(_annotated, classes=classes), pairs)


def corrections_in(pairs: Sequence[Pair], classes: int = 1) -> list[Correction]:
    """What a person vouches for: all pixels, or those that are known where a pair says so.

    Parameters are those of `annotated_in`.
    """
    return [_correction(pair, classes) for pair in pairs]


class Examples(Sequence[Example]):
    """Examples to train on, of which no more than a given room is held in memory.

    Where all have room each file is read once. Where they have not, one of eight draws reads the
    next image and forgets the oldest; the others go to one that is there. Of a large image only a
    random window is held, which moves in the same rhythm.

    Parameters
    ----------
    pairs
        Images with their labels.
    card
        How the future model wants its images.
    loss
        Shapes the weight maps.
    patch_px
        Side of the patches that are drawn; a window is four times as wide.
    seed
        Same seed and same order of draws, same examples.
    room_bytes
        How much is held; one example is always held.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        card: ModelCard,
        loss: LossSettings,
        *,
        patch_px: int = 128,
        seed: int = 0,
        room_bytes: int = ROOM_BYTES,
    ) -> None:
        self._pairs, self._card, self._loss = pairs, card, loss
        self._window_px = 4 * patch_px
        self._random = np.random.default_rng(seed)
        self._room_bytes = room_bytes
        self._held: dict[int, Example] = {}
        self._windows: set[int] = set()
        self._is_full = False
        self._draws = 0

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: Any) -> Any:
        is_due = self._draws % USES == 0
        self._draws += 1
        if index not in self._held and self._is_full and not is_due:
            index = list(self._held)[index % len(self._held)]
        if index not in self._held or (is_due and index in self._windows):
            self._hold(index)
        return self._held[index]

    @property
    def held_bytes(self) -> int:
        """What is held in memory now."""
        return sum(_bytes(example) for example in self._held.values())

    def _hold(self, index: int) -> None:
        self._held.pop(index, None)
        example = self._read(index)
        while self._held and self.held_bytes + _bytes(example) > self._room_bytes:
            del self._held[next(iter(self._held))]
            self._is_full = True
        self._held[index] = example

    def _read(self, index: int) -> Example:
        classes = self._card.network_settings.classes
        image, labels = _annotated(self._pairs[index], classes)
        known = _known(self._pairs[index])
        prepared = prepare(image, self._card)  # the whole image decides what is dark and bright
        if labels.size > (2 * self._window_px) ** 2:
            self._windows.add(index)
            window = self._window(labels.shape, known)
            prepared, labels = prepared[(slice(None), *window)].copy(), labels[window]
            known = None if known is None else known[window]
        return make_example(
            prepared, labels, known, classes=classes, percentiles=None, loss=self._loss
        )

    def _window(self, shape: tuple[int, ...], known: np.ndarray | None) -> tuple[slice, ...]:
        """A random window; one that holds a known pixel where not all are known."""
        places = np.flatnonzero(known) if known is not None else ()
        if not len(places):
            return tuple(self._part(0, length) for length in shape)
        at = np.unravel_index(self._random.choice(places), shape)
        first = [max(0, int(i) - self._window_px + 1) for i in at]
        stop = [min(length, int(i) + self._window_px) for i, length in zip(at, shape, strict=True)]
        return tuple(map(self._part, first, stop))

    def _part(self, first: int, stop: int) -> slice:
        """So many pixels as a window is wide, somewhere between two places."""
        start = first + int(self._random.integers(max(1, stop - first - self._window_px + 1)))
        return slice(start, start + self._window_px)


def model_from_folders(
    network: str,
    network_settings: NetworkSettings,
    settings: TrainSettings,
    pairs: Sequence[Pair],
    judged: Sequence[Pair] = (),
    *,
    name: str,
    data: str = "",
    class_names: tuple[str, ...] = (),
    world: World = ALONE,
) -> Generator[Event, None, Model]:
    """Train a new model on image files.

    Parameters
    ----------
    network, network_settings
        Its name and shape; its input channels are those of the first image. With more than one
        class the labels are classes.
    settings
        How it is trained.
    pairs
        What it is trained on.
    judged
        What it is judged by; without them the last parameters are taken.
    name, data, class_names
        What its card says.
    world
        See `train`.

    Yields
    ------
    StepDone, Progress and Validated.
    """
    sized = network_settings.model_copy(update={"in_channels": channels_of(pairs[0])})
    said: dict[str, Any] = {"name": name, "data": data, "class_names": class_names}
    said["pixel_size_um"] = _common_pixel_size(pairs)
    card = ModelCard(network=network, network_settings=sized, **said)
    examples = Examples(pairs, card, settings.loss, patch_px=settings.patch_px, seed=settings.seed)
    exams = Lazily(partial(_exam, card), judged)
    return (yield from new_model(network, sized, settings, examples, exams, world=world, **said))


def _common_pixel_size(pairs: Sequence[Pair], most: int = 20) -> float | None:
    """The side of a pixel in micrometres, if some of the images say it and all of these agree."""
    spread = pairs[:: -(-len(pairs) // most)]
    sizes = {round(size, 4) for pair in spread if (size := pixel_size_um(pair.image)) is not None}
    return sizes.pop() if len(sizes) == 1 else None


def channels_of(pair: Pair) -> int:
    """Channels of an image as a network sees it: colour is one, its luminance."""
    image = _plane(pair.image)
    return len(image) if image.ndim == 3 and image.shape[-1] not in (3, 4) else 1


def _plane(path: Path) -> np.ndarray:
    pixels = read_image(path)
    axes = read_axes(pixels.shape)
    if plane_count(pixels.shape, axes) > 1:
        raise ValueError(
            f"'{path}' is a stack of {plane_count(pixels.shape, axes)} planes: save each plane "
            "with its labels as a file of its own."
        )
    return plane(pixels, axes, 0)


def _annotated(pair: Pair, classes: int) -> tuple[np.ndarray, np.ndarray]:
    image = _plane(pair.image)
    return image, read_classes(pair.labels, classes) if classes > 1 else read_labels(pair.labels)


def _exam(card: ModelCard, pair: Pair) -> Exam:
    image, labels = _annotated(pair, card.network_settings.classes)
    known = _known(pair)
    return Exam(
        prepare(image, card), labels, np.ones(labels.shape, bool) if known is None else known > 0
    )


def _correction(pair: Pair, classes: int) -> Correction:
    image, labels = _annotated(pair, classes)
    known = _known(pair)
    if known is None:
        known = np.full(labels.shape, State.CONFIRMED, np.uint8)
    return Correction(
        image_id=pair.stem,
        image=image,
        labels=labels,
        known=known,
        classes=classes,
        pixel_size_um=pixel_size_um(pair.image),
    )


def _known(pair: Pair) -> np.ndarray | None:
    """The pixels to learn from, uint8 (y, x), values of `State`; None is all."""
    return None if pair.known is None else learnable(read_states(pair.known))


def _bytes(example: Example) -> int:
    return sum(part.nbytes for part in example if part is not None)
