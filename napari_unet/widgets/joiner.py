"""Lets regions that are confirmed while a model learns join that very training, where wanted."""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal

from napari_unet.schema.correction import learnable
from napari_unet.schema.requests import Joining
from napari_unet.schema.training_record import Joined
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.meanwhile import Meanwhile
from napari_unet.session.session import Session
from napari_unet.widgets import layers
from napari_unet.widgets.bench import Bench, Work
from napari_unet.widgets.runner import guarded


class Joiner(QObject):
    """Lets regions join the training that runs, as soon as they are confirmed.

    A region takes along all that is known of its plane by then. What does not join, because it
    came too late or lies where models are judged, counts next time like all that is corrected
    meanwhile.

    Parameters
    ----------
    session
        Runs the training, and says what came of each region.
    bench
        The images that are open.
    meanwhile
        Knows what the training was given.
    """

    changed = Signal()
    """What came of a region."""

    def __init__(
        self, session: Session, bench: Bench, meanwhile: Meanwhile, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._bench, self._meanwhile = session, bench, meanwhile
        self.wanted = False
        """Whether a person wants it so."""
        bench.changed.connect(self._on_corrected)
        session.changed.connect(self._on_corrected)
        session.joined.connect(self._on_joined)

    def want(self, wanted: bool) -> None:
        """Let regions join from now on, those confirmed since the training began too; or not."""
        self.wanted = wanted
        self._hand_over()

    @guarded
    def _on_corrected(self) -> None:
        self._hand_over()

    def _hand_over(self) -> None:
        if not self.wanted or not self._session.learns:
            return
        for work in self._bench.works:
            history = work.specimen.history
            new = self._meanwhile.regions(history)
            self._meanwhile.send(new)
            places = [edit.region.plane for edit in new if edit.region]
            for plane in dict.fromkeys(places):
                if learnable(history.states[plane]).any():
                    self._session.join(_joining(work, plane, places.count(plane)))

    @guarded
    def _on_joined(self, joined: Joined) -> None:
        for work in self._bench.works:
            name = work.specimen.image_id
            if not joined.why_not and (joined.image_id + ":").startswith(name + ":"):
                self._meanwhile.learn(work.specimen.history, joined.at)
        self.changed.emit()


def _joining(work: Work, plane: PlaneIndex, regions: int) -> Joining:
    image, specimen = work.results.image, work.specimen
    if image is None:
        raise ValueError("The image of this mask is no longer open.")
    pixels = layers.snapshot(image, work.reading, [plane])[0]
    known = learnable(specimen.history.states[plane])
    return Joining(correction=specimen.correction(plane, known, pixels), regions=regions)
