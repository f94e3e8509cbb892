"""Keeps what is done to the images on the disk, and gives back what earlier sessions did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from weakref import WeakKeyDictionary, WeakSet

from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from napari_unet.session.edits import Entry
from napari_unet.session.journal import Found, Journal, compact, find, read
from napari_unet.session.origin import Origin
from napari_unet.session.specimen import Specimen
from napari_unet.widgets import layers
from napari_unet.widgets.runner import Bridge, Latest, tell

_SAVE_S = 5.0
"""How long letting go of an image waits for the disk."""


class Keeper(QObject):
    """Has a journal for each image that is worked on."""

    changed = Signal()
    """Another journal was found, or has been restored."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = Bridge(self)
        self._search = Latest(0, self)
        self._reading = Latest(0, self)
        self._reading.failed.connect(self._on_failed)
        self._journals: WeakKeyDictionary[Image, Journal] = WeakKeyDictionary()
        self._all: WeakSet[Journal] = WeakSet()
        """Those too whose image is gone, but not its masks."""
        self._found: WeakKeyDictionary[Image, Sequence[Found]] = WeakKeyDictionary()
        """What each can be restored from, the one that is offered first."""
        self._axes: WeakKeyDictionary[Image, str] = WeakKeyDictionary()
        """How each image was read when it was looked for."""
        self._origins: WeakKeyDictionary[Image, Origin] = WeakKeyDictionary()
        self._dismissed: WeakSet[Image] = WeakSet()
        self.restoring = False

    def look(self, image: Image, axes: str) -> None:
        """Look in the background for what was done on an image in earlier sessions."""
        if self._axes.get(image) != axes:
            self._found.pop(image, None)
        self._axes[image] = axes
        if image in self._dismissed:
            return
        work = partial(_worked_on, self._origin(image), axes)
        self._search.ask(work, partial(self._offer, image), at_once=True)

    def offer(self, image: Image) -> Found | None:
        """What was done on an image in an earlier session, if anything was."""
        return next(iter(self._found.get(image, [])), None)

    def offers(self, image: Image) -> Sequence[Found]:
        """The same of all earlier sessions that were not restored since, the newest first."""
        return sorted(self._found.get(image, []), key=lambda found: found.last, reverse=True)

    def choose(self, image: Image, found: Found) -> None:
        """Offer what was done in this one of the earlier sessions."""
        self._found[image] = [found, *(one for one in self.offers(image) if one != found)]
        self.changed.emit()

    def dismiss(self, image: Image) -> None:
        """Offer it no more in this session; it stays on the disk."""
        self._dismissed.add(image)
        self._found.pop(image, None)
        self.changed.emit()

    def forget(self, image: Image) -> None:
        """Offer nothing that was found for other pixels."""
        self._found.pop(image, None)
        self._origins.pop(image, None)
        self._dismissed.discard(image)

    def keep(self, image: Image, axes: str) -> Specimen:
        """A new specimen of an image; all that is done to it is written to the disk."""
        identity = self._origin(image).identity(axes)
        specimen = Specimen.of(identity)
        self._attach(image, specimen, Journal(identity, on_problem=self._tell))
        return specimen

    def restore(
        self, image: Image, use: Callable[[Specimen], None], is_wanted: Callable[[], bool]
    ) -> None:
        """Read the journal that was found, and go on with it.

        Parameters
        ----------
        image
            The layer.
        use
            Gets a specimen with the mask, its states and its history.
        is_wanted
            Asked when it has been read: whether it can still take the place of what is there.
        """
        found = self.offer(image)
        if found is not None and not self.restoring:
            self.restoring = True
            answer = partial(self._use, image, use, is_wanted)
            self._reading.ask(partial(_replayed, found), answer, at_once=True)
            self.changed.emit()

    def release(self, image: Image) -> None:
        """Bring all that was done to an image to the disk, and let go of its journal.

        Raises
        ------
        OSError
            If that takes too long; it is still tried.
        """
        journal = self._journals.get(image)
        if journal is not None:
            if not journal.flush(_SAVE_S):
                raise OSError(f"What you did to '{image.name}' is not saved yet: wait, try again.")
            journal.close()

    def close(self) -> None:
        """Bring all to the disk."""
        self._search.drop()
        self._reading.drop()
        self.restoring = False
        for journal in list(self._all):
            journal.close()

    def _origin(self, image: Image) -> Origin:
        """That of an image as it is now; what was read to look for it is not read again."""
        origin, known = layers.origin_of(image), self._origins.get(image)
        if known is None or known.array is not origin.array:
            known = self._origins[image] = origin
        return known

    def _offer(self, image: Image, found: Sequence[Found]) -> None:
        if found:
            self._found[image] = found
            self.changed.emit()

    def _use(
        self,
        image: Image,
        use: Callable[[Specimen], None],
        is_wanted: Callable[[], bool],
        replayed: tuple[Found, list[Entry], Specimen],
    ) -> None:
        self.restoring = False
        if not is_wanted():
            tell("The image was corrected, read anew or closed meanwhile, so nothing was restored.")
            self.changed.emit()
            return
        found, entries, specimen = replayed
        if image in self._journals:
            self._journals.pop(image).close()
        identity = self._origin(image).identity(specimen.axes)
        journal = Journal.resume(found, entries, identity, on_problem=self._tell)
        self._attach(image, specimen, journal)
        self._found.pop(image, None)
        use(specimen)
        self.changed.emit()

    def _attach(self, image: Image, specimen: Specimen, journal: Journal) -> None:
        self._journals[image] = journal
        self._all.add(journal)
        # not by its method, which would be held weakly: masks can outlive their image
        specimen.history.entered.connect(lambda entry: journal.write(entry))

    def _tell(self, sentence: str) -> None:
        """Show a sentence of a journal, which comes from another thread."""
        self._bridge.post(partial(tell, sentence))

    def _on_failed(self) -> None:
        self.restoring = False
        self.changed.emit()


def _worked_on(origin: Origin, axes: str) -> list[Found]:
    """The journals of an image that hold something a person did, the newest first."""
    found = [one for one in find(origin.identity(axes)) if one.corrections or one.confirmations]
    return [one for one in found if not one.busy]


def _replayed(found: Found) -> tuple[Found, list[Entry], Specimen]:
    found = compact(found)
    identity, entries = read(found.path)
    specimen = Specimen.of(identity)
    specimen.labels = specimen.history.replay(entries)
    return found, entries, specimen
