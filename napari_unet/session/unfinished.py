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
from napari_unet.jobs.messages import Cancelled, Done, Failed, Message
from napari_unet.jobs.safekeeping import REQUEST, STATE
from napari_unet.models.library import Entry, own_folder
from napari_unet.schema.requests import FineTuned
from napari_unet.session.journal.lock import Busy, Lock, is_held
from napari_unet.session.wording import when_text

_RESULT = "result.json"
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
    """When its state was saved the last time, or when it ended."""
    tuned: FineTuned | None = None
    """What it made, if it ended and only the decision on the new model is missing."""


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
    tuned = _made(folder)
    saved = folder / (STATE if tuned is None else _RESULT)
    when = datetime.fromtimestamp(saved.stat().st_mtime)
    model = str(json.loads((folder / REQUEST).read_text(encoding="utf-8"))["model"])
    if tuned is not None:
        return Unfinished(folder, model, tuned.steps, tuned.steps, when, tuned)
    done = json.loads((folder / f"{STATE}.json").read_text(encoding="utf-8"))
    return Unfinished(folder, model, int(done["step"]), int(done["steps"]), when)


def _made(folder: Path) -> FineTuned | None:
    """What a training has made; None if it has not ended, or its model is gone."""
    path = folder / _RESULT
    if not path.exists():
        return None
    tuned = FineTuned.model_validate_json(path.read_text(encoding="utf-8"))
    return tuned if Path(tuned.path).exists() else None


def _remove_abandoned(folder: Path) -> None:
    """Take away what was interrupted before its state was saved: there is nothing to go on with."""
    with suppress(OSError):
        if time.time() - folder.stat().st_mtime > _ABANDONED_S:
            _remove(folder)


def _remove(folder: Path) -> None:
    """Take a folder away, first what it is known by, so that its rest is never offered.

    Windows keeps files that the engine still maps; they go when somebody looks later.
    """
    for name in (_RESULT, STATE):
        with suppress(OSError):
            (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


class Safe:
    """Where the training of one window is kept, from its begin to the decision on its model.

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
        """Listen to the training: what it made waits here for a decision.

        One that crashed, or that was killed because it did not end, can be gone on with.
        """
        match message:
            case Done(result=FineTuned() as tuned):
                self._note(tuned)
            case Done() | Failed() | Cancelled() if self._can_go_on:
                self.release()
                self.look()
            case Done() | Failed() | Cancelled():
                self.empty()

    @property
    def _can_go_on(self) -> bool:
        return self._folder is not None and (self._folder / STATE).exists()

    def _note(self, tuned: FineTuned) -> None:
        try:
            if self._folder is not None:
                disk.write_text(self._folder / _RESULT, tuned.model_dump_json())
        except OSError as error:
            _logger.warning("After a crash this model would not be offered again: %s", error)

    def empty(self) -> None:
        """Remove what was kept: there is nothing to go on with, or it was decided on."""
        folder = self._folder
        self.release()
        if folder is not None:
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
    if one.tuned is not None:
        return (
            f"A training{of} has ended ({when_text(one.when)}), and its model was neither kept nor "
            "discarded."
        )
    return (
        f"A training{of} was interrupted at step {one.step} of {one.steps} ({when_text(one.when)})."
    )
