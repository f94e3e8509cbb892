"""A folder of images that is worked through: which there are, which is open, which are done."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence, Set
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from psygnal import Signal

from napari_unet.session import series_record as record
from napari_unet.session.series_files import look_into, natural


class Standing(StrEnum):
    """How far the work on an image is."""

    UNTOUCHED = "untouched"
    STARTED = "started"
    DONE = "done"


class Counts(NamedTuple):
    """How many images are how far."""

    done: int = 0
    started: int = 0
    untouched: int = 0


class Series:
    """A folder of images that is worked through, one after another.

    The images are sorted as people count: "cell 2" comes before "cell 10". What was said of them is
    kept in the user's own data folder, and nothing is ever written beside the images.

    Parameters
    ----------
    folder
        Where the images are; folders in it are not looked at.
    corrected
        Gives the names of images in a folder of which corrections are kept somewhere.

    Raises
    ------
    ValueError
        If the folder can not be read, or has no image in it.
    """

    changed = Signal()
    """The images, what is said of them, or which is open."""
    noticed = Signal(str)
    """One sentence that the user should read."""

    def __init__(
        self, folder: str | Path, corrected: Callable[[Path], Set[str]] = lambda folder: set()
    ) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self._corrected = corrected
        self._here: Path | None = None
        """The image that was opened last, though its file may be gone meanwhile."""
        self.images: tuple[Path, ...] = ()
        """The files, in their order."""
        self.skipped: dict[str, str] = {}
        """The names of files that are left out, each with the reason."""
        self._sizes: dict[str, int] = {}
        self._begun: frozenset[str] = frozenset()
        self._look()
        if not self.images:
            raise ValueError(
                f"'{self.folder}' holds no images that can be read; put PNG, TIFF or JPEG files "
                "into it."
            )
        self._marks: dict[str, record.Mark] = record.marks_of(self.folder, self._sizes)

    def refresh(self) -> None:
        """Look into the folder again; files that could not be read get another try.

        Raises
        ------
        ValueError
            If the folder is gone.
        """
        self._look()
        self.changed.emit()

    def _look(self) -> None:
        listing = look_into(self.folder)
        self._sizes, self.skipped = listing.images, listing.skipped
        self.images = tuple(self.folder / name for name in listing.images)
        self._begun = listing.masked | self._corrected(self.folder)

    # where its user is

    @property
    def current(self) -> Path | None:
        """The image that is open; None if none is, or its file is gone."""
        return self._here if self._here in self.images else None

    @property
    def index(self) -> int | None:
        """Place of the open image, counted from 0; None if none is open."""
        return self.images.index(self.current) if self.current is not None else None

    def open(self, path: Path) -> None:
        """Say which image is open now.

        Raises
        ------
        ValueError
            If it is none of the series.
        """
        if path not in self.images:
            raise ValueError(f"'{path.name}' is none of the images in '{self.folder}'; open those.")
        self._here = path
        self.changed.emit()

    def next(self, unchecked_only: bool = False) -> Path | None:
        """The image to go on with; None if there is none.

        Parameters
        ----------
        unchecked_only
            Pass over images that are done, and after the last one look from the first one on.
        """
        before, after = self._around()
        if not unchecked_only:
            return next(iter(after), None)
        return self._unchecked([*after, *before])

    def previous(self, unchecked_only: bool = False) -> Path | None:
        """The image before; None if there is none.

        Parameters
        ----------
        unchecked_only
            Pass over images that are done.
        """
        before = self._around()[0][::-1]
        return self._unchecked(before) if unchecked_only else next(iter(before), None)

    def _around(self) -> tuple[Sequence[Path], Sequence[Path]]:
        """The images before the one that is open, and those after it."""
        if self._here is None:
            return (), self.images
        at = bisect_left(self.images, natural(self._here.name), key=lambda path: natural(path.name))
        return self.images[:at], self.images[at + (self._here in self.images[at : at + 1]) :]

    def _unchecked(self, images: Iterable[Path]) -> Path | None:
        return next((path for path in images if self.standing(path) is not Standing.DONE), None)

    # how far it is

    def standing(self, path: Path) -> Standing:
        """How far the work on an image is."""
        mark = self._marks.get(path.name)
        if mark is not None and mark.size == self._sizes.get(path.name):  # else it was replaced
            return Standing(mark.standing)
        return Standing.STARTED if path.name in self._begun else Standing.UNTOUCHED

    @property
    def counts(self) -> Counts:
        """How many images are how far."""
        standings = [self.standing(path) for path in self.images]
        return Counts(*(standings.count(s) for s in reversed(Standing)))

    def mark(self, path: Path, standing: Standing) -> None:
        """Keep what a person says of an image, or that work on it has begun."""
        if path not in self.images or standing is self.standing(path):
            return
        try:
            self._marks[path.name] = record.mark_of(path, standing.value)
        except OSError as error:
            self.skip(path, f"it can no longer be read ({error.strerror})")
            return
        self._sizes[path.name] = self._marks[path.name].size
        try:
            record.keep(self.folder, self._marks, path.name)
        except OSError as error:
            self.noticed.emit(f"Which images are done is forgotten when you close napari: {error}.")
        self.changed.emit()

    def skip(self, path: Path, why: str) -> None:
        """Leave out a file that turned out to be no image; what was said of it stays kept."""
        if path in self.images:
            self.images = tuple(other for other in self.images if other != path)
            self.skipped[path.name] = why
            self.noticed.emit(f"'{path.name}' is left out: {why.rstrip('.')}.")
            self.changed.emit()
