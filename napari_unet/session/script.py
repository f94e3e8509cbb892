"""The last segmentation as a script: in Python, and as a command."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from napari_unet import __version__
from napari_unet.images.classes import classes_in_mask
from napari_unet.images.files import MASKS
from napari_unet.schema.settings import PredictSettings, Record
from napari_unet.schema.settings.record import option
from napari_unet.session.exchange import place_name
from napari_unet.session.segmentation import Segmentation

OUT = "masks"
"""The folder for results, where the script is run: nothing beside the image is overwritten."""


def as_python(done: Segmentation) -> str:
    """Write a script that makes the same mask, of just what was segmented.

    Only settings are named that are not as everybody has them.
    """
    blocks = (_imports(done), _reading(done), _segmenting(done), _saving(done))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def as_command(done: Segmentation) -> str:
    """Write a command that makes the same mask, of the whole file.

    Only settings are named that are not as everybody has them, or as the model's card says.

    Raises
    ------
    ValueError
        If no option says what was done; the sentence names what does.
    """
    words = ["napari-unet", "predict", str(done.path), "--out", OUT, "--model", done.model]
    if done.axes != done.own_axes:
        words += ["--axes", done.axes]
    if done.channel is not None:
        words += ["--channel", str(done.channel + 1)]
    words += options(changed(done.settings, PredictSettings()))
    words += options(changed(done.mask, done.card.mask))
    return joined(words) + "\n"


def command_note(done: Segmentation) -> str:
    """What the command does beyond the last run, in one sentence; empty if it is the same."""
    if len(done.planes) < done.all_planes:
        return "The command segments all slices, not only the last one."
    return "The command segments the whole image, not only what was in view." if done.region else ""


def changed(record: Record, base: Record) -> dict[str, Any]:
    """The values of a record that are others than in another one, by the name of their field."""
    pairs = ((name, getattr(record, name)) for name in type(base).model_fields)
    return {name: value for name, value in pairs if value != getattr(base, name)}


def options(values: dict[str, Any]) -> list[str]:
    """Fields as words of the command line.

    Raises
    ------
    ValueError
        If a field is to be left open that a model fills in: there are no words for that.
    """
    words: list[str] = []
    for name, value in values.items():
        if value is None:
            raise ValueError(f"No option takes --{option(name)} back: copy it as Python instead.")
        if isinstance(value, bool):
            words.append(f"--{'' if value else 'no-'}{option(name)}")
        else:
            words += [f"--{option(name)}", str(value)]
    return words


def joined(words: Sequence[str]) -> str:
    """Words as one line that the shell of this computer takes apart into just these words."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def call(record: Record) -> str:
    """A record as Python, with what is not as everybody has it."""
    given = changed(record, type(record)())
    said = {n: call(v) if isinstance(v, Record) else repr(v) for n, v in given.items()}
    return f"{type(record).__name__}({', '.join(f'{n}={v}' for n, v in said.items())})"


def _imports(done: Segmentation) -> Iterator[str]:
    writer = _writer(done)
    records = {type(one).__name__ for one in (done.mask, *_given(done))}
    yield f"# How {done.path.name!r} was segmented with napari-unet {__version__}."
    yield "from pathlib import Path"
    yield ""
    if done.region or len(done.planes) > 1:
        yield "import numpy as np"
        yield ""
    yield "from napari_unet import load_model, predict"
    yield "from napari_unet.images.axes import plane"
    yield "from napari_unet.images.classes import mask_of"
    names = writer if done.stored_at else f"read_image, {writer}"
    yield f"from napari_unet.images.files import {names}"
    if done.stored_at:
        yield "from napari_unet.images.stores import open_large"
    yield f"from napari_unet.schema.settings import {', '.join(sorted(records))}"


def _reading(done: Segmentation) -> Iterator[str]:
    if done.stored_at:
        yield f"image = open_large(Path({str(done.stored_at)!r}))"
    else:
        yield f"image = read_image({str(done.path)!r})"
    yield f"model = load_model({done.model!r})"


def _segmenting(done: Segmentation) -> Iterator[str]:
    """One plane, or one after the other."""
    several = len(done.planes) > 1
    channel = "" if done.channel is None else f", channel={done.channel}"
    run = "".join(f", {call(one)}" for one in _given(done))
    run += f", region={done.region}" if done.region else ""
    index = "index" if several else str(done.planes[0])
    mask = f"mask_of(probabilities, {call(done.mask)})"
    body = [
        f"pixels = plane(image, {done.axes!r}, {index}{channel})",
        f"probabilities = predict(pixels, model{run}).probabilities",
        f"masks.append({mask})" if several else f"masks = {mask}",
    ]
    if several:
        yield "masks = []"
        yield f"for index in {_counted(done)}:"
    yield from (f"    {line}" if several else line for line in body)
    if done.region:
        y0, x0, y1, x1 = done.region
        height, width = done.shape[-2:]
        yield f"masks = np.pad(masks, (({y0}, {height - y1}), ({x0}, {width - x1})))"


def _saving(done: Segmentation) -> Iterator[str]:
    several = len(done.planes) > 1
    alone = not several and done.all_planes > 1
    front = done.shape[:-2]
    at = tuple(map(int, np.unravel_index(done.planes[0], front))) if alone else ()
    name = f"{done.path.stem}{place_name(done.axes, at) if alone else ''}{MASKS}.tif"
    yield f"out = Path({OUT!r})"
    yield "out.mkdir(exist_ok=True)"
    yield f"{_writer(done)}(out / {name!r}, {'np.stack(masks)' if several else 'masks'})"


def _given(done: Segmentation) -> list[PredictSettings]:
    """How the model was run, if not as everybody runs it."""
    return [done.settings] if done.settings != PredictSettings() else []


def _counted(done: Segmentation) -> str:
    every = tuple(range(done.all_planes))
    return f"range({done.all_planes})" if done.planes == every else str(done.planes)


def _writer(done: Segmentation) -> str:
    holds = classes_in_mask(done.card.classes, done.mask)
    return "write_classes" if holds > 1 else "write_masks"
