"""The work on each image: its layers, what corrects them, and its journal."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple
from weakref import WeakKeyDictionary, finalize

from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from napari_unet.schema.arrays import ArrayLike
from napari_unet.schema.correction import Correction
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.history import Tally
from napari_unet.session.journal import Found, Identity
from napari_unet.session.specimen import Specimen
from napari_unet.widgets import layers
from napari_unet.widgets.corrector import Corrector
from napari_unet.widgets.keeper import Keeper
from napari_unet.widgets.layers import Reading, Results
from napari_unet.widgets.reviewer import Reviewer
from napari_unet.widgets.runner import Bridge


class Work(NamedTuple):
    """What is done on one image."""

    results: Results
    corrector: Corrector
    reviewer: Reviewer
    reading: Reading

    @property
    def specimen(self) -> Specimen:
        """The image at work."""
        return self.results.specimen

    @property
    def identity(self) -> Identity:
        """What is in the image, and where it came from."""
        specimen, image = self.specimen, self.results.image
        path = "" if image is None else layers.origin_of(image).path
        return Identity(specimen.image_id, path, specimen.axes, specimen.shape)

    def drop(self) -> None:
        """Do nothing of what still waits."""
        self.reviewer.end()
        self.corrector.drop()

    def end(self) -> None:
        """Let go of all that listens and waits; nothing is done on the image any more."""
        self.drop()
        self.reviewer.deleteLater()
        self.corrector.deleteLater()


class Bench(QObject):
    """Has the work on every image, and lets it begin, go on and end.

    Parameters
    ----------
    viewer
        Where the images are.
    """

    changed = Signal()
    """What was corrected, or what an earlier session did."""

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._bridge = Bridge(self)
        self._works: WeakKeyDictionary[Image, Work] = WeakKeyDictionary()
        self._ends: WeakKeyDictionary[Image, finalize[..., Image]] = WeakKeyDictionary()
        self._orphans: list[Work] = []
        """Work on images that are gone, while their masks may still be there."""
        self.shows_known = True
        """Whether the layers show what is known of the pixels."""
        self.keeper = Keeper(self)
        self.keeper.changed.connect(self.changed)

    @property
    def works(self) -> list[Work]:
        """What was done on each image that is still open."""
        return [work for work in self._works.values() if work.results.image is not None]

    def work(self, image: Image | None) -> Work | None:
        """What was done on an image; None if nothing was yet."""
        return self._works.get(image) if image is not None else None

    def work_on(self, specimen: Specimen) -> Work | None:
        """The work on a specimen, if its image is still open."""
        return next((work for work in self.works if work.specimen is specimen), None)

    def show_known(self, shown: bool) -> None:
        """Show what is known of the pixels of all images, also of those that come; or hide it."""
        self.shows_known = shown
        for work in self._works.values():
            work.results.overlay.set_visible(shown)

    def begin(self, image: Image, reading: Reading) -> Work:
        """The work on an image, which begins now if it has not yet."""
        if image not in self._works:
            self._put(image, reading, self.keeper.keep(image, reading.axes))
        return self._works[image]

    def read_as(self, image: Image, reading: Reading) -> None:
        """Read an image in another way; if its axes are others, work on it starts anew."""
        work = self._works.get(image)
        if work is not None and work.reading.axes != reading.axes:
            self.leave(image)
        elif work is not None:
            self._works[image] = work._replace(reading=reading)

    def offer(self, image: Image | None) -> Found | None:
        """What was done on an image in an earlier session; None once it is corrected."""
        work = self.work(image)
        begun = work is not None and any(work.specimen.history.tally)
        return None if begun or image is None else self.keeper.offer(image)

    def restore(self, image: Image, reading: Reading) -> None:
        """Go on with what was done on an image in an earlier session."""
        found = self.offer(image)
        if found is not None:
            wanted = partial(self._is_offered, image, found.identity)
            self.keeper.restore(image, partial(self._go_on, image, reading), wanted)

    def leave(self, image: Image) -> None:
        """Bring to the disk what was done on an image, and let go of the work on it.

        Raises
        ------
        OSError
            If it could not be saved; nothing is let go of then.
        """
        self.keeper.release(image)
        self._take_away(image)
        self.changed.emit()

    def start_anew(self, image: Image) -> None:
        """See other pixels in an image: what was done on the former ones is theirs."""
        work = self._works.get(image)
        if work is not None and layers.fits(image, work.reading):
            identity = layers.origin_of(image).identity(work.reading.axes)
            if identity.content == work.specimen.image_id:
                return
        self.keeper.forget(image)
        try:
            self.keeper.release(image)
        finally:
            self._take_away(image)

    def sweep(self) -> None:
        """Let go of the work on images that are gone, once their masks are gone too."""
        for work in self._orphans.copy():
            if work.results.masks is None:
                self._orphans.remove(work)
                work.end()

    def close(self) -> None:
        """Take nothing back of what still waits, and bring all to the disk."""
        for work in self._works.values():
            work.drop()
        self.keeper.close()

    # what was corrected

    @property
    def tally(self) -> Tally:
        """What was corrected and confirmed on all images."""
        tallies = [work.specimen.history.tally for work in self.works]
        return Tally(*(sum(counts) for counts in zip(*tallies, strict=True)))

    @property
    def known_px(self) -> int:
        """Pixels of all images that training may learn from."""
        return sum(work.specimen.history.known_px for work in self.works)

    @property
    def confirms_objects(self) -> bool:
        """Whether more than background is confirmed on any of them."""
        return any(work.specimen.confirms_objects for work in self.works)

    def corrections(self) -> Iterator[Correction]:
        """What can be learned from: every plane with confirmed pixels, of all images."""
        for work in self.works:
            image = work.results.image
            if image is not None:
                yield from work.specimen.corrections(partial(_plane_of, image, work.reading))

    # how work begins and ends

    def _is_offered(self, image: Image, identity: Identity) -> bool:
        found = self.offer(image)
        return found is not None and found.identity == identity and image in self._viewer.layers

    def _go_on(self, image: Image, reading: Reading, specimen: Specimen) -> None:
        """Put a mask that was restored in the place of the one that is there."""
        former = self._take_away(image)
        if former is not None:
            specimen.adopt(former.specimen)
        work = self._put(image, reading, specimen)
        work.results.show_masks()
        work.results.overlay.show_all()
        self.changed.emit()

    def _put(self, image: Image, reading: Reading, specimen: Specimen) -> Work:
        results = Results(self._viewer, image, specimen)
        results.overlay.set_visible(self.shows_known)
        corrector = Corrector(self._viewer, results, self)
        corrector.changed.connect(self.changed)
        reviewer = Reviewer(self._viewer, results, corrector, self)
        reviewer.changed.connect(self.changed)
        work = self._works[image] = Work(results, corrector, reviewer, reading)
        end = self._ends[image] = finalize(image, self._bridge.post, partial(self._orphan, work))
        end.atexit = False
        return work

    def _orphan(self, work: Work) -> None:
        """An image is gone for good."""
        self._orphans.append(work)
        self.sweep()

    def _take_away(self, image: Image) -> Work | None:
        work = self._works.pop(image, None)
        if work is not None:
            self._ends.pop(image).detach()
            work.end()
            work.results.slots.remove()
        return work


def _plane_of(image: Image, reading: Reading, plane: PlaneIndex) -> ArrayLike:
    return layers.snapshot(image, reading, [plane])[0]
