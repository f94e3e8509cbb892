"""How a model was fine-tuned last: kept, so that it can be done again, in Python or as commands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from napari_unet import __version__
from napari_unet.images.files import read_image
from napari_unet.schema.settings import FineTuneSettings, LossSettings
from napari_unet.session.journal import Identity, find
from napari_unet.session.origin import Origin
from napari_unet.session.script import call, changed, joined, options
from napari_unet.session.segmentation import NO_FILE, name_of, opened_file

NOT_TAUGHT = "Fine-tune first: what is copied does again what was done last."
CORRECTIONS, TUNED = "corrections", "tuned.safetensors"
"""Where corrections are exported to, and the file of the new model, where a script is run."""


@dataclass(frozen=True)
class Taught:
    """What a model was fine-tuned from last.

    Parameters
    ----------
    model, base
        Its file, and that of what training started from instead, if it did.
    images
        Those of which corrections were learnt, and the channel that the model saw of each. Of an
        image that was not open only its path and axes are known.
    settings
        How it was done.
    """

    model: Path
    base: Path | None
    images: tuple[tuple[Identity, int | None], ...]
    settings: FineTuneSettings


def why_not(taught: Taught | None) -> str:
    """Why no script can do a fine-tuning again, in one sentence; empty if one can."""
    if taught is None:
        return NOT_TAUGHT
    return "" if all(image.path for image, _ in taught.images) else NO_FILE


def checked(taught: Taught) -> Taught:
    """Look into the files: which still hold an image of which something was confirmed.

    Raises
    ------
    ValueError
        If one holds another image, or cannot be read whole; the sentence says what to do.
    """
    images = tuple(one for one in taught.images if _is_confirmed(one[0]))
    return replace(taught, images=images)


def _is_confirmed(image: Identity) -> bool:
    """Whether something was confirmed of an image; those that were open are known to be."""
    path = Path(image.path)
    if path.is_dir():
        raise ValueError(
            f"A script cannot read the corrections of '{path.name}': save them with Export "
            "corrections …, and fine-tune on that folder."
        )
    if image.content:
        return bool(opened_file(image))
    identity = Origin(read_image(path), image.path).identity(image.axes)
    return any(journal.confirmations for journal in find(identity))


def as_python(taught: Taught) -> str:
    """Write a script that teaches the same corrections, read from their journals."""
    return "\n".join(_lines(taught)) + "\n"


def as_command(taught: Taught) -> str:
    """Write commands, one a line, that export the corrections and teach them."""
    lines = []
    for image, channel in taught.images:
        words = ["napari-unet", "corrections", "export", _path(image), "--out", CORRECTIONS]
        lines.append(words + ([] if channel is None else ["--channel", str(channel + 1)]))
    words = ["napari-unet", "fine-tune", "--images", CORRECTIONS, "--out", TUNED]
    lines.append([*words, "--model", name_of(taught.model), *_options(taught.settings)])
    return "".join(f"{joined(line)}\n" for line in lines)


def _options(settings: FineTuneSettings) -> list[str]:
    """What differs; where steps are given, the seconds too, which would count no more else."""
    given = changed(settings, FineTuneSettings())
    given.pop("loss", None)
    if settings.steps is not None:
        given["seconds"] = settings.seconds
    return options(given) + options(changed(settings.loss, LossSettings()))


def _lines(taught: Taught) -> Iterator[str]:
    settings = taught.settings
    of_loss = ", LossSettings" if settings.loss != LossSettings() else ""
    usual = settings == FineTuneSettings()
    yield f"# How {name_of(taught.model)!r} was fine-tuned with napari-unet {__version__}."
    yield from ("from pathlib import Path", "", "from napari_unet import fine_tune, load_model")
    yield "from napari_unet.models.archive import write_model"
    if not usual:
        yield f"from napari_unet.schema.settings import FineTuneSettings{of_loss}"
    yield from ("from napari_unet.session.gathering import corrections_of", "", "corrections = [")
    for image, channel in taught.images:
        yield f"    *corrections_of(Path({_path(image)!r}), {image.axes!r}, {channel}),"
    yield from ("]", f"model = load_model({name_of(taught.model)!r})")
    run = "" if usual else f", {call(settings)}"
    if taught.base is not None:
        run += f", base=load_model({name_of(taught.base)!r})"
    yield f"tuned = fine_tune(model, corrections{run})"
    yield from ("print(tuned.proof.sentence)", f"write_model(tuned.model, Path({TUNED!r}))")


def _path(image: Identity) -> str:
    return str(Path(image.path).absolute())
