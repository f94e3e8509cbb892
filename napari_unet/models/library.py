"""The models that are there: those that ship with the package, and the user's own."""

from __future__ import annotations

import os
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from platformdirs import user_data_path

from napari_unet import disk
from napari_unet.models.archive import SUFFIX, read_card, read_model
from napari_unet.schema.model_card import ModelCard

if TYPE_CHECKING:
    from napari_unet.models.model import Model

DEFAULT_MODEL = "nuclei-unet"
"""The shipped generalist."""


class Entry(NamedTuple):
    """One model of the library."""

    card: ModelCard
    path: Path
    shipped: bool

    @property
    def name(self) -> str:
        """The short name that the command line and `find` take."""
        return self.path.stem


def own_folder() -> Path:
    """Where the user's own models are; ``NAPARI_UNET_HOME`` moves it."""
    home = os.environ.get("NAPARI_UNET_HOME")
    return (Path(home) if home else user_data_path("napari-unet", appauthor=False)) / "models"


def shipped_folder() -> Path:
    """Where the starter models are."""
    return Path(str(files("napari_unet"))) / "starters"


def list_models() -> list[Entry]:
    """All models that can be read, the shipped ones first, then the newest of the user's own."""
    shipped = _entries(shipped_folder(), shipped=True)
    shipped.sort(key=lambda entry: (entry.name != DEFAULT_MODEL, entry.name))
    own = _entries(own_folder(), shipped=False)
    own.sort(key=lambda entry: entry.card.created, reverse=True)
    return shipped + own


def _entries(folder: Path, *, shipped: bool) -> list[Entry]:
    entries = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            entries.append(Entry(read_card(path), path, shipped))
        except ValueError:
            continue
    return entries


def find(name_or_path: str | Path) -> Path:
    """The file of a model, by path, short name, shown name or id.

    Raises
    ------
    ValueError
        If there is none; the sentence lists those that there are.
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    wanted = str(name_or_path)
    entries = list_models()
    for entry in entries:
        if wanted in (entry.name, entry.card.id) or wanted.lower() == entry.card.name.lower():
            return entry.path
    if path.suffix == SUFFIX:
        raise ValueError(f"There is no model file '{wanted}'; check its name.")
    raise ValueError(
        f"There is no model '{wanted}'. There are: {', '.join(e.name for e in entries) or 'none'}."
    )


def load_model(name_or_path: str | Path = DEFAULT_MODEL) -> Model:
    """Load a model of the library, or of a file.

    Parameters
    ----------
    name_or_path
        See `find`.

    Raises
    ------
    ValueError
        If there is none, or its file cannot be honoured.
    """
    return read_model(find(name_or_path))


def keep(path: Path) -> Entry:
    """Copy a model file into the user's own library; nothing there is ever overwritten."""
    card = read_card(path)
    kept = own_folder() / file_name(card)
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        disk.write_bytes(kept, path.read_bytes())
    return Entry(card, kept, shipped=False)


def file_name(card: ModelCard) -> str:
    """A safe file name for a model, whatever people call it: a slug and 8 digits of its id."""
    slug = re.sub(r"[^a-z0-9]+", "-", card.name.lower()).strip("-")[:48] or "model"
    return f"{slug}-{card.id[:8]}{SUFFIX}"
