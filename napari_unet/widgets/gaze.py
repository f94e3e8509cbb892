"""Tells the prediction that runs where its user looks, so that it goes on there."""

from __future__ import annotations

from contextlib import suppress

from qtpy.QtCore import QObject

from napari_unet.session.session import Session
from napari_unet.widgets.runner import Throttle, guarded
from napari_unet.widgets.stage import Stage

_WAIT_MS = 200


class GazeFollower(QObject):
    """Lets the plane on the screen, and of it what is in the middle, come next, wherever that is.

    Parameters
    ----------
    session
        Runs the prediction.
    stage
        The image on the screen.
    """

    def __init__(self, session: Session, stage: Stage, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._stage = session, stage
        self._throttle = Throttle(_WAIT_MS, self)
        stage.viewer.scene.camera.events.connect(self._on_moved)
        stage.viewer.dims.events.current_step.connect(self._on_moved)

    @guarded
    def _on_moved(self) -> None:
        if self._run_of_the_image():
            self._throttle.call(self._tell)

    def _tell(self) -> None:
        if not self._run_of_the_image():
            return
        with suppress(ValueError):  # nothing of the image is on the screen
            self._session.look(self._stage.sight)

    def _run_of_the_image(self) -> bool:
        """Whether what runs works on the image on the screen."""
        run, work = self._session.running, self._stage.work
        return run is not None and work is not None and run.specimen is work.specimen
