"""What was said of the images of a folder, kept in the user's own data folder.

Nothing is written beside the images. The record of a folder is found by the folder's path; one that
was moved is known again by its images: names, sizes, and how the files begin and end.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from napari_unet import disk
from napari_unet.models.library import own_folder

_ENDS = 1 << 16
"""Bytes at the beginning and the end of a file by which it is known again."""

logger = logging.getLogger(__name__)


class Mark(NamedTuple):
    """What was said of one image."""

    standing: str
    size: int
    """Bytes of its file: another size is another image."""
    ends: str
    """What the file begins and ends with, as a digest."""


def keep(folder: Path, marks: Mapping[str, Mark], name: str) -> None:
    """Save what was just said of one image, beside what was said of the others.

    Parameters
    ----------
    folder
        Where the images are.
    marks
        All that is known of them here, by the names of their files.
    name
        The image; what another window has said of the others meanwhile counts more.

    Raises
    ------
    OSError
        If it could not be written; the message says why in a sentence.
    """
    path = _path_of(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = _read(path)[1] if path.is_file() else {}
    images = {n: mark._asdict() for n, mark in {**marks, **kept, name: marks[name]}.items()}
    # in ASCII, for a file's name need not be valid text
    disk.write_text(path, json.dumps({"folder": str(folder), "images": images}, indent=1))


def marks_of(folder: Path, sizes: Mapping[str, int]) -> dict[str, Mark]:
    """What was said of the images of a folder, also if it has been moved since.

    Parameters
    ----------
    folder
        Where the images are now.
    sizes
        The bytes of each image that is there, by its name.
    """
    path = _path_of(folder)
    if path.is_file():
        return _read(path)[1]
    for former, marks in _others():
        same = all(sizes.get(name) == mark.size for name, mark in marks.items())
        if marks and same and not former.exists() and _known_again(folder, marks):
            return marks
    return {}


def mark_of(path: Path, standing: str) -> Mark:
    """What is said of an image, with all by which the image is known again.

    Raises
    ------
    OSError
        If its file cannot be read.
    """
    return Mark(standing, path.stat().st_size, _ends(path))


def _known_again(folder: Path, marks: Mapping[str, Mark]) -> bool:
    try:
        return all(_ends(folder / name) == mark.ends for name, mark in marks.items())
    except OSError:
        return False


def _ends(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256(file.read(_ENDS))
        file.seek(max(0, path.stat().st_size - _ENDS))
        digest.update(file.read(_ENDS))
    return digest.hexdigest()[:16]


def _own() -> Path:
    return own_folder().parent / "series"


def _path_of(folder: Path) -> Path:
    return _own() / f"{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}.json"


def _others() -> Iterator[tuple[Path, dict[str, Mark]]]:
    """The records of all folders, with where these were."""
    for path in sorted(_own().glob("*.json")):
        yield _read(path)


def _read(path: Path) -> tuple[Path, dict[str, Mark]]:
    """A record: its folder, and what was said; nothing if the file is damaged."""
    try:
        record: Any = json.loads(path.read_bytes())
        marks = {name: Mark(**mark) for name, mark in record["images"].items()}
        return Path(record["folder"]), marks
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        logger.warning("What was said of a folder of images is lost: '%s' (%s).", path, error)
        return path, {}
