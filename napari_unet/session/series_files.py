"""What lies in a folder of images: the images themselves, and what is left out and why."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from napari_unet.images.files import KNOWN, MASKS, PROBABILITIES, SUFFIXES

_OURS = {
    MASKS: "it is a mask",
    PROBABILITIES: "it holds probabilities",
    KNOWN: "it says which pixels are known",
}


class Listing(NamedTuple):
    """What lies in a folder of images, by the names of the files."""

    images: dict[str, int]
    """The images in the order in which people count, with their sizes in bytes."""
    masked: frozenset[str]
    """Those of which a mask lies beside them."""
    skipped: dict[str, str]
    """What is left out, and why."""


def look_into(folder: Path) -> Listing:
    """List the images of a folder; no file is opened, and folders in it are not looked at.

    Raises
    ------
    ValueError
        If there is no such folder, or it can not be read.
    """
    images: dict[str, int] = {}
    skipped: dict[str, str] = {}
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: natural(entry.name))
    except OSError as error:
        raise ValueError(
            f"The folder '{folder}' cannot be read ({error.strerror}); open another one."
        ) from error
    for entry in entries:
        if entry.name.startswith(".") or Path(entry.name).suffix.lower() not in SUFFIXES:
            continue
        size, why = _examine(entry)
        if why:
            skipped[entry.name] = why
        else:
            images[entry.name] = size
    stems = {_stem(name).removesuffix(MASKS) for name in skipped if _stem(name).endswith(MASKS)}
    return Listing(images, frozenset(name for name in images if _stem(name) in stems), skipped)


def natural(name: str) -> tuple[list[str | int], str]:
    """What to sort names by, so that "cell 2" comes before "cell 10"."""
    parts = re.split(r"(\d+)", name.casefold())
    return [int(part) if i % 2 else part for i, part in enumerate(parts)], name


def _examine(entry: os.DirEntry[str]) -> tuple[int, str]:
    """The size of a file, and why it is left out; empty if it is not."""
    for end, why in _OURS.items():
        if _stem(entry.name).endswith(end):
            return 0, why
    try:
        if not entry.is_file():
            return 0, "it is no file"
        size = entry.stat().st_size
    except OSError as error:
        return 0, f"it cannot be read ({error.strerror})"
    if not os.access(entry.path, os.R_OK):
        return size, "it cannot be read (Permission denied)"
    return size, "" if size else "it is empty"


def _stem(name: str) -> str:
    return Path(name).stem
