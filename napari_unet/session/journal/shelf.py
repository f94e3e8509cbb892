"""Where journals are, and which there are for an image."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, cast

from napari_unet import disk
from napari_unet.models import library
from napari_unet.session.edits import Edit, Kind, Move
from napari_unet.session.journal.file import generations
from napari_unet.session.journal.lock import is_held
from napari_unet.session.journal.reader import reading
from napari_unet.session.journal.rows import MOVES, Identity, read_about

_CONFIRMATIONS = ("confirm", "right")
_log = logging.getLogger(__name__)


class Found(NamedTuple):
    """A journal that there is for an image."""

    path: Path
    """The journal."""
    identity: Identity
    """Its `path` differs from that of the image if that was moved or copied."""
    corrections: int
    """Edits by hand that were not taken back."""
    confirmations: int
    """Regions and objects that a person has confirmed."""
    last: float
    """When its last edit was made, in seconds since 1970."""
    busy: bool
    """Another window writes to it."""


def journals_folder() -> Path:
    """Where journals are: in the user's data folder; ``NAPARI_UNET_HOME`` moves it."""
    return library.own_folder().parent / "journals"


def spare_folder() -> Path:
    """Where journals go while they cannot be saved in their own folder."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"napari-unet-{user}"


def claim_spare_folder() -> None:
    """Make the spare folder, for this user only.

    Raises
    ------
    OSError
        If it cannot be made, or somebody else has made one of that name.
    """
    folder = spare_folder()
    disk.make_folder(folder, mode=0o700)
    if not _is_own(folder):
        raise PermissionError(f"'{folder}' belongs to another user")


def folder_for(identity: Identity, root: Path) -> Path:
    """The folder of all journals of one image's content, whatever the image is called."""
    key = hashlib.sha256(identity.content.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return root / key


def find(identity: Identity, folder: Path | None = None) -> list[Found]:
    """All journals of an image with this content, the newest first.

    Parameters
    ----------
    identity
        Of the image; one of the same content that was moved, renamed or copied is found too.
    folder
        Where journals are, if not in the user's data folder.
    """
    found = _looked_at(folder_for(identity, root) for root in _roots(folder))
    return [journal for journal in found if _is_same(journal.identity, identity)]


def all_journals(folder: Path | None = None) -> list[Found]:
    """All journals of all images, the newest first.

    Parameters
    ----------
    folder
        Where journals are, if not in the user's data folder.
    """
    roots = [root for root in _roots(folder) if root.is_dir()]
    return _looked_at(part for root in roots for part in root.iterdir() if part.is_dir())


def look(path: Path) -> Found | None:
    """What a journal holds, without reading the pixels; None, and a warning, if it is none."""
    try:
        with reading(path) as connection:
            identity, about = read_about(connection)
            rows = list(_kinds(connection, about.get("base", 0)))
    except ValueError as error:
        _log.warning("A journal is left out: %s", error)
        return None
    corrections, confirmations = counted(_done([kind for kind, _ in rows]))
    corrections += about.get("corrections", 0)
    confirmations += about.get("confirmations", 0)
    last = max((at for kind, at in rows if kind not in MOVES), default=about.get("last", 0.0))
    return Found(path, identity, corrections, confirmations, last, is_held(path))


def counted(kinds: Iterable[str]) -> tuple[int, int]:
    """How many of these edits corrected something, and how many confirmed something."""
    counts = Counter(kinds)
    corrections = sum(n for kind, n in counts.items() if Edit(cast(Kind, kind)).by_hand)
    return corrections, sum(counts[kind] for kind in _CONFIRMATIONS)


def _kinds(connection: sqlite3.Connection, base: int) -> Iterator[tuple[str, float]]:
    """What the entries after the first so many are and when they were made, as far as it goes."""
    with suppress(sqlite3.DatabaseError):
        yield from connection.execute(
            "SELECT kind, at FROM entries WHERE number > ? ORDER BY number", (base,)
        )


def _roots(folder: Path | None) -> list[Path]:
    """Where the folders of images may be."""
    spare = spare_folder()
    return [folder or journals_folder(), *([spare] if _is_own(spare) else [])]


def _looked_at(folders: Iterable[Path]) -> list[Found]:
    """What the journals in some folders hold, the newest first."""
    paths = [path for folder in folders for path in generations(folder)]
    found = [journal for path in paths if (journal := look(path)) is not None]
    return sorted(found, key=lambda journal: (journal.last, journal.path.name), reverse=True)


def _done(kinds: list[str]) -> list[str]:
    """The edits that are left when all steps back and forth are gone through."""
    done: list[str] = []
    undone: list[str] = []
    for kind in kinds:
        if kind == Move.UNDO.value:
            undone.extend(done[-1:])
            del done[-1:]
        elif kind == Move.REDO.value:
            done.extend(undone[-1:])
            del undone[-1:]
        else:
            done.append(kind)
            undone.clear()
    return done


def _is_same(one: Identity, other: Identity) -> bool:
    return (one.content, one.shape) == (other.content, other.shape)


def _is_own(folder: Path) -> bool:
    """Whether a folder is there, and of this user: others could put journals into it."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
