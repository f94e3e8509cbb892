"""Shows what the new model makes of the plane on the screen, beside what the old one does."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import QObject, Signal

from napari_unet.images.difference import DIFFER, ONLY_NEW, ONLY_OLD
from napari_unet.jobs.messages import Ending, Message
from napari_unet.schema.events import Compared
from napari_unet.schema.requests import CompareRequest, FineTuned
from napari_unet.schema.settings import PredictSettings
from napari_unet.session import wording
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.session import Session
from napari_unet.widgets import layers
from napari_unet.widgets.layers import CLEAR, Passing, Role
from napari_unet.widgets.runner import guarded
from napari_unet.widgets.stage import Stage

WHOLE_PX = 1536 * 1536
"""Of a larger plane only what is on the screen is compared."""
OLD_COLOUR, NEW_COLOUR, DIFFER_COLOUR = "#d55e00", "#56b4e9", "#f0e442"
"""Everybody can tell them apart (Okabe and Ito 2008)."""
LEGEND = (
    (OLD_COLOUR, "only in the old mask"),
    (NEW_COLOUR, "only in the new mask"),
    (DIFFER_COLOUR, "in both, but differs: another object or class"),
)
ROLES: tuple[Role, ...] = ("difference", "old mask", "new mask")


class Comparison(QObject):
    """The layers that show the masks of the old and of the new model, and their difference.

    They are gone as soon as the new model is kept or discarded; nobody learns from them.

    Parameters
    ----------
    session
        Has the new model, and the one that is chosen.
    stage
        The image on the screen.
    """

    changed = Signal()
    """Whether masks are compared or shown."""

    def __init__(self, session: Session, stage: Stage, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._stage = session, stage
        self._shown: Passing | None = None
        self._of: FineTuned | None = None
        session.changed.connect(self._on_session_changed)
        stage.changed.connect(self._on_stage_changed)

    @property
    def shown(self) -> bool:
        """Whether masks are shown."""
        return self._shown is not None

    def why_not(self) -> str:
        """Why nothing can be compared now, in one sentence; empty if it can."""
        image, model = self._stage.image, self._session.model
        if image is None:
            return wording.NO_IMAGE
        try:
            reading = self._stage.reading
        except ValueError as error:
            return str(error)
        channels = model.card.network_settings.in_channels if model else 1
        unfit = layers.why_not_fit(image, reading, channels)
        return self._session.why_not_run() or unfit

    def show(self, settings: PredictSettings) -> None:
        """Have both models make the mask of the plane on the screen, and show them.

        Raises
        ------
        ValueError
            If that is not possible now; the sentence says why.
        """
        candidate, model, image = self._session.candidate, self._session.model, self._stage.image
        if reason := self.why_not():
            raise ValueError(reason)
        if candidate is None or model is None or image is None:
            raise ValueError("There is no new model to compare: fine-tune first.")
        reading, plane = self._stage.reading, self._stage.plane
        passing = Passing(self._stage.viewer, image, reading.axes)
        small = passing.size[0] * passing.size[1] <= WHOLE_PX
        request = CompareRequest(
            old=str(model.path),
            new=candidate.path,
            plane=layers.snapshot(image, reading, [plane])[0],
            settings=settings,
            region=None if small else self._stage.box_in_view,
        )
        self.hide()
        self._of = candidate
        self._session.run(request, partial(self._on_message, passing, plane))

    def visible(self, role: Role) -> bool:
        """Whether one of the layers is shown."""
        return self._shown is not None and self._shown.visible(role)

    def set_visible(self, role: Role, shown: bool) -> None:
        """Show or hide one of the layers."""
        if self._shown is not None:
            self._shown.set_visible(role, shown)

    def hide(self) -> None:
        """Take the masks out of the viewer."""
        if self._shown is not None:
            shown, self._shown = self._shown, None
            shown.remove()
            self.changed.emit()

    @guarded
    def _on_message(self, passing: Passing, plane: PlaneIndex, message: Message) -> None:
        if isinstance(message, Compared) and self._session.candidate is self._of:
            self._put(passing, plane, message)
        if isinstance(message, Ending):
            self.changed.emit()

    def _put(self, passing: Passing, plane: PlaneIndex, found: Compared) -> None:
        self._shown = passing
        one = partial(passing.show, plane=plane, box=found.box, outlines=True, visible=False)
        one("old mask", labels=found.old, colours={0: OLD_COLOUR})
        one("new mask", labels=found.new, colours={0: NEW_COLOUR})
        colours = {ONLY_OLD: OLD_COLOUR, ONLY_NEW: NEW_COLOUR, DIFFER: DIFFER_COLOUR}
        passing.show("difference", plane, found.box, found.difference, {0: CLEAR, **colours})

    @guarded
    def _on_session_changed(self) -> None:
        """The masks are those of a model that waits for a decision."""
        if self._session.candidate is not self._of:
            self.hide()

    @guarded
    def _on_stage_changed(self) -> None:
        """Nothing is shown over an image that is gone."""
        if self._shown is not None and self._shown.image is None:
            self.hide()
