"""Find the input that a model needs to see an image's objects: bright, and of a size it knows."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Sequence
from typing import NamedTuple

import numpy as np
from skimage.measure import label

from napari_unet.device import choose_device
from napari_unet.images.boxes import around
from napari_unet.images.class_metrics import confusion
from napari_unet.images.classes import class_mask
from napari_unet.images.instances import instances
from napari_unet.images.metrics import combine, compare
from napari_unet.inference.prepare import at_scale, prepare
from napari_unet.inference.tiled import predict_whole
from napari_unet.models.model import Model
from napari_unet.models.pack import Pack
from napari_unet.networks.build import fuse, on_device
from napari_unet.networks.network import Network
from napari_unet.schema.correction import Correction
from napari_unet.schema.events import Event, Progress, finish
from napari_unet.schema.input import AutoInput, InputSettings
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import Device, MaskSettings
from napari_unet.training.exam_area import densest
from napari_unet.training.heldout import held_out
from napari_unet.training.scales import BEYOND, scales_for
from napari_unet.training.scoring import scores_of_classes
from napari_unet.training.train import quality

SAME = (0.02, 0.1)
"""Masks that differ by no more than one object in all, within these bounds, are equally good, if
they are at least half as good."""
SIDE_PX, CONTEXT_PX, MOST_WINDOWS = 256, 32, 4


class Window(NamedTuple):
    """A corrected part of an image, with some context around it."""

    bright: np.ndarray
    """float32, (channel, y, x), normalised, not resized."""
    dark: np.ndarray
    """The same of the negative."""
    labels: np.ndarray
    counted: np.ndarray
    """bool, (y, x)."""


class Choice(NamedTuple):
    """One way of looking at an image and making objects of it."""

    input: InputSettings
    split: bool


def finding_input(
    model: Model,
    corrections: Sequence[Correction],
    device: Device = "auto",
    most: int = MOST_WINDOWS,
    seconds: float = math.inf,
) -> Generator[Event, None, AutoInput]:
    """The job behind `find_input`; yields Progress after each input that was tried.

    ``most`` is how many corrections are looked at; each takes about a second. After so many
    ``seconds`` no further input is tried, the most usual ones having been first.
    """
    end = time.monotonic() + seconds
    windows = _windows(model.card, corrections, most)
    present = Choice(model.card.input, model.card.mask.split_touching)
    if not windows:
        return _said(present, present)
    objects = sum(map(_objects, windows))
    if not objects:  # nothing to find says nothing of how to look for it
        first = _first(model.card, corrections, None)
        return _said(present._replace(input=first), present)
    network = on_device(fuse(model.network()), choose_device(device).device)
    scales = scales_for(_size_ratio(model.pack, windows), objects)
    first = _first(model.card, corrections, scales.fitting)
    wanted = _ordered(first, scales.tried)
    total, found = len(wanted), dict[Choice, float]()
    for one in wanted:
        if found and time.monotonic() > end:
            break
        found |= _tried(network, windows, one, model.card.mask)
        yield Progress(phase="input", done=len(found) // 2, total=total)
    same = float(np.clip(1 / objects, *SAME))
    best = _best(found, same)
    if scales.from_afar:
        shown = best.input.model_copy(update={"scale": first.scale})
        return _said(best._replace(input=shown), present)
    for scale in BEYOND.get(best.input.scale, ()):
        if scale > scales.largest or time.monotonic() > end:
            break
        further = best.input.model_copy(update={"scale": scale})
        found |= _tried(network, windows, further, model.card.mask)
    return _said(_best(found, same), present)


def find_input(
    model: Model, corrections: Sequence[Correction], device: Device = "auto"
) -> AutoInput:
    """Try what a model has to be shown to find the objects of an image: no training, some seconds.

    Bright or dark objects, some scales, and objects as connected components or split at their
    waists are tried on up to four corrected windows of 256 x 256 pixels, without those pixels that
    are held out. Masks are judged by their objects and their pixels. Of equally good scales the one
    that the pixel sizes ask for is taken where both are known, else that at which the objects are
    about as large as those that the model knows, else what the model had. Objects more than three
    times as wide as known ones are shown at a third of their size, whatever is found of them.

    Parameters
    ----------
    model
        Its parameters stay as they are.
    corrections
        Whole planes with labels, and which of their pixels somebody vouched for.
    device
        Where the network runs.

    Raises
    ------
    ValueError
        If an image and the model do not fit.
    """
    return finish(finding_input(model, corrections, device))


def shown_so(card: ModelCard, found: AutoInput) -> ModelCard:
    """The card of a model that is shown images in the way that was found."""
    chosen = InputSettings(inverted=found.inverted, scale=found.scale)
    mask = card.mask.model_copy(update={"split_touching": found.split})
    return card.model_copy(update={"input": chosen, "mask": mask})


def _windows(
    card: ModelCard, corrections: Sequence[Correction], most: int = MOST_WINDOWS
) -> list[Window]:
    usable = [
        (one, known, known & ~held_out(known.shape, one.image_id))
        for one, known in ((one, np.asarray(one.known) > 0) for one in corrections)
        if one.classes == card.classes and known.any()
    ]
    taught = [(one, learnt) for one, _, learnt in usable if learnt.any()]
    # As in training, what is held out serves only if there is nothing else.
    chosen = taught or [(one, known) for one, known, _ in usable]
    return [_window(card, *one) for one in chosen[:: max(1, math.ceil(len(chosen) / most))]]


def _window(card: ModelCard, correction: Correction, counted: np.ndarray) -> Window:
    """The part of a corrected image that says most."""
    labels = np.asarray(correction.labels)
    y, x = densest(counted + (1.0 * counted) * (labels > 0), SIDE_PX)
    seen = np.zeros_like(counted)
    seen[y : y + SIDE_PX, x : x + SIDE_PX] = True
    part = around(seen, CONTEXT_PX)
    bright, dark = (
        prepare(
            correction.image,
            card.model_copy(update={"input": InputSettings(inverted=inverted)}),
        )[(slice(None), *part)]
        for inverted in (False, True)
    )
    return Window(bright, dark, labels[part], (counted & seen)[part])


def _size_ratio(pack: Pack | None, windows: Sequence[Window]) -> float | None:
    """The scale at which the usual object is as large as those that a model knows, if known."""
    if pack is None:
        return None
    known = _width([label(target, connectivity=2) for target in pack.targets.numpy()])
    shown = _width([window.labels * window.counted for window in windows])
    return known / shown if known and shown else None


def _width(labels: Sequence[np.ndarray]) -> float:
    """Side of a square of the usual object's size, in pixels; 0 if there is no object."""
    sizes = np.concatenate([np.unique(one[one > 0], return_counts=True)[1] for one in labels])
    return float(np.sqrt(np.median(sizes))) if len(sizes) else 0.0


def _first(
    card: ModelCard, corrections: Sequence[Correction], fitting: float | None
) -> InputSettings:
    """What is taken where nothing is better: by the pixel sizes, by the objects', or as it was."""
    sizes = [one.pixel_size_um for one in corrections if one.pixel_size_um is not None]
    scale = card.input.scale
    if card.pixel_size_um is not None and sizes:
        scale = round(float(np.clip(np.median(sizes) / card.pixel_size_um, 0.1, 10)), 2)
    elif fitting is not None:
        scale = fitting
    return card.input.model_copy(update={"scale": scale})


def _ordered(first: InputSettings, scales: Sequence[float]) -> list[InputSettings]:
    """All inputs to try, the most usual first."""
    every = [InputSettings(inverted=dark, scale=s) for dark in (False, True) for s in scales]
    every.append(first.model_copy(update={"inverted": not first.inverted}))

    def distance(one: InputSettings) -> tuple[float, bool]:
        return abs(math.log(one.scale / first.scale)), one.inverted != first.inverted

    return list(dict.fromkeys([first, *sorted(every, key=distance)]))


def _tried(
    network: Network, windows: Sequence[Window], wanted: InputSettings, mask: MaskSettings
) -> dict[Choice, float]:
    """How good the masks are with an input, as the model makes objects and the other way."""
    probabilities = [
        predict_whole(
            network,
            at_scale(window.dark if wanted.inverted else window.bright, wanted.scale),
            size=window.labels.shape,
        )
        for window in windows
    ]
    found = {}
    for split in (mask.split_touching, not mask.split_touching):
        tried = mask.model_copy(update={"split_touching": split, "objects_of": None})
        found[Choice(wanted, split)] = _quality(probabilities, windows, tried)
    return found


def _quality(
    probabilities: Sequence[np.ndarray], windows: Sequence[Window], mask: MaskSettings
) -> float:
    """Objects and pixels; pixels do not count where a mask takes nearly everything for object."""
    classes = len(probabilities[0])
    pairs = list(zip(probabilities, windows, strict=True))
    if classes > 1:
        return quality(
            scores_of_classes(
                [confusion(class_mask(p), w.labels, classes, w.counted) for p, w in pairs]
            )
        )
    masks = [instances(p, mask) for p in probabilities]
    scores = combine([compare(m, w.labels, w.counted) for m, w in zip(masks, windows, strict=True)])
    left = sum(int((w.counted & (m == 0)).sum()) for m, w in zip(masks, windows, strict=True))
    background = sum(int((w.counted & (w.labels == 0)).sum()) for w in windows)
    collapsed = 2 * left < background
    return quality(scores.model_copy(update={"iou": 0.0}) if collapsed else scores)


def _objects(window: Window) -> int:
    return len(np.unique(window.labels[window.counted & (window.labels > 0)]))


def _best(found: dict[Choice, float], same: float) -> Choice:
    """The most usual of those that are as good as the best."""
    best = max(found.values())
    enough = max(best - same, best / 2)
    return next(choice for choice, value in found.items() if value >= enough)


def _said(found: Choice, present: Choice) -> AutoInput:
    same = found.input == present.input
    plain = found.input == InputSettings()
    sentence = InputSettings().sentence if same else found.input.sentence
    return AutoInput(
        inverted=found.input.inverted,
        scale=found.input.scale,
        split=found.split,
        sentence="neither inverted nor resized" if plain and not same else sentence,
    )
