"""Trainings that were interrupted: kept on the disk while they run, and found after a crash."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from napari_unet import disk
from napari_unet.jobs.messages import Done, Ending, Message
from napari_unet.jobs.safekeeping import REQUEST, STATE
from napari_unet.models.library import Entry, own_folder
from napari_unet.session.journal.lock import Busy, Lock, is_held
from napari_unet.session.wording import when_text

_ABANDONED_S = 3600
"""So old is a folder that holds nothing before it is removed: another window may just make it."""

_logger = logging.getLogger(__name__)


class Unfinished(NamedTuple):
    """A training that was interrupted."""

    folder: Path
    model: str
    """The file of the model that it teaches."""
    step: int
    steps: int
    when: datetime
    """When its state was saved the last time."""


def safe_folder() -> Path:
    """Where trainings are kept while they run."""
    return own_folder().parent / "trainings"


def unfinished() -> list[Unfinished]:
    """All trainings that were interrupted and that no window goes on with, the newest first."""
    found = []
    for folder in safe_folder().glob("*"):
        try:
            if not is_held(folder / STATE):
                found.append(_read(folder))
        except FileNotFoundError:
            _remove_abandoned(folder)
        except (OSError, ValueError, KeyError, TypeError, sqlite3.Error) as error:
            _logger.warning("An interrupted training in '%s' is damaged: %s", folder, error)
    return sorted(found, key=lambda one: one.when, reverse=True)


def _read(folder: Path) -> Unfinished:
    saved = (folder / STATE).stat().st_mtime
    done = json.loads((folder / f"{STATE}.json").read_text(encoding="utf-8"))
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    when = datetime.fromtimestamp(saved)
    return Unfinished(folder, str(request["model"]), int(done["step"]), int(done["steps"]), when)


def _remove_abandoned(folder: Path) -> None:
    """Take away what was interrupted before its state was saved: there is nothing to go on with."""
    with suppress(OSError):
        if time.time() - folder.stat().st_mtime > _ABANDONED_S:
            _remove(folder)


def _remove(folder: Path) -> None:
    """Take a folder away, first the state, so that what is left of it is never offered.

    Windows keeps files that the engine still maps; they go when somebody looks later.
    """
    with suppress(OSError):
        (folder / STATE).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


class Safe:
    """Where the training of one window is kept, from its begin to its end.

    While it is open no other window offers to go on with it; the system lets go of it when this
    program dies.
    """

    def __init__(self) -> None:
        self.found: list[Unfinished] = []
        """What was interrupted, as far as it is known; see `look`."""
        self._folder: Path | None = None
        self._lock: Lock | None = None

    def look(self) -> None:
        """Look on the disk for what was interrupted."""
        self.found = unfinished()

    def open(self) -> str | None:
        """A folder for the training that begins now.

        None where the disk does not allow it: then that training starts anew after a crash.
        """
        folder = safe_folder() / uuid4().hex
        try:
            disk.make_folder(folder)
            return self._claim(folder)
        except (OSError, sqlite3.Error) as error:
            _logger.warning("A crash would lose this training: %s", error)
            return None

    def reopen(self, interrupted: Unfinished) -> str:
        """The folder of a training that goes on.

        Raises
        ------
        ValueError
            If another window goes on with it, or the disk does not allow it.
        """
        try:
            return self._claim(interrupted.folder)
        except Busy:
            raise ValueError("Another window goes on with this training.") from None
        except (OSError, sqlite3.Error) as error:
            raise ValueError(f"'{interrupted.folder}' cannot be used: {error}.") from None

    def _claim(self, folder: Path) -> str:
        self.release()
        self._lock = Lock(folder / STATE)
        self._folder = folder
        self.look()
        return str(folder)

    def hear(self, message: Message) -> None:
        """Listen to the training: what was kept goes when it has ended well.

        One that crashed, or that was killed because it did not end, can be gone on with.
        """
        if isinstance(message, Ending):
            folder = self._folder
            self.release()
            ended_well = isinstance(message, Done)
            if folder is not None and (ended_well or not (folder / STATE).exists()):
                _remove(folder)
            self.look()

    def release(self) -> None:
        """Let go of the folder; what is in it stays."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        self._folder = None

    def forget(self, folder: Path) -> None:
        """Remove what was kept of a training."""
        _remove(folder)
        self.look()


def unfinished_text(one: Unfinished, models: Sequence[Entry]) -> str:
    """Which training was interrupted, how far it was, and when."""
    names = [entry.card.name for entry in models if str(entry.path) == one.model]
    of = f" of '{names[0]}'" if names else ""
    return (
        f"A training{of} was interrupted at step {one.step} of {one.steps} ({when_text(one.when)})."
    )
