"""What correcting by hand does: strokes become repairs, regions are confirmed."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QObject, Signal

from napari_unet.schema.prediction import Box
from napari_unet.session import verdicts
from napari_unet.session.commands import KINDS, TWO_CLICKS, clicked, dragged, stop_at
from napari_unet.session.edits import Kind, PlaneIndex, Region
from napari_unet.session.objects import Repair
from napari_unet.session.runs import Runs
from napari_unet.session.specimen import Specimen
from napari_unet.session.splitting import tidy
from napari_unet.session.strokes import Point, outline, pixels_under
from napari_unet.widgets.layers import Labels, Results, Stroke, box_in_view, current_plane
from napari_unet.widgets.recorder import Recorder
from napari_unet.widgets.runner import Latest, guarded
from napari_unet.widgets.toolbox import Toolbox
from napari_unet.widgets.tools import CONFIRM_KEY

_STROKE_ON_SCREEN_PX = 2.0
_CLICK_ON_SCREEN_PX = 6.0
"""Who moves the mouse no further than this has clicked."""


class Corrector(QObject):
    """What a person does to the masks of one image.

    Parameters
    ----------
    viewer
        Where the masks are.
    results
        Writes them.
    """

    changed = Signal()
    """The tool in use, what was done, or whether there is a mask to correct."""

    def __init__(
        self, viewer: ViewerModel, results: Results, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._results = results
        self.recorder = Recorder(results, self)
        self.recorder.changed.connect(self.changed)
        self.toolbox = Toolbox(viewer, results, self)
        self.toolbox.changed.connect(self._on_tool_changed)
        self.toolbox.commanded.connect(self.tidy)
        self._later = Latest(0, self)
        self._clicks: dict[PlaneIndex, Point] = {}
        """The place that was clicked with a tool that waits for another click on its plane."""
        results.on_masks = self._adopt

    @property
    def specimen(self) -> Specimen:
        """What is corrected."""
        return self._results.specimen

    @guarded
    def confirm_view(self) -> None:
        """Vouch for all pixels that are on the screen."""
        self.toolbox.masks()
        image = self._results.image
        if image is not None:
            height, width = self.specimen.shape[-2:]
            box = box_in_view(self._viewer, image, self.specimen.axes)
            self._confirm(box or (0, 0, height, width))

    @guarded
    def tidy(self) -> None:
        """Make an object of each piece of those that have fallen apart, on the whole plane."""
        self.toolbox.masks()
        if reason := self.toolbox.why_not_use("tidy"):
            raise ValueError(reason)
        plane, history = self._plane(), self.specimen.history
        moment, new_id = history.moment, history.highest + 1

        def show(repair: Repair) -> None:
            if history.moment == moment and not self.recorder.pressed:
                self._repair(plane, "tidy", repair)
            else:  # painted meanwhile
                self.tidy()

        self._later.ask(lambda: tidy(self._results.labels(plane).copy(), new_id), show)

    def drop(self) -> None:
        """Do nothing of what still waits."""
        self._later.drop()
        self.recorder.drop()

    def _adopt(self, masks: Labels) -> None:
        """Make a new layer of masks known."""
        self.recorder.adopt(masks)
        self.toolbox.adopt(masks, self._on_stroke_moved, self._on_stroke_ended)
        masks.bind_key(CONFIRM_KEY, lambda _: self.confirm_view(), overwrite=True)
        self.changed.emit()

    @guarded
    def _on_tool_changed(self) -> None:
        self._forget_clicks()
        self.changed.emit()

    @guarded
    def _on_stroke_moved(self, stroke: Stroke) -> None:
        if self.toolbox.why_not():
            return  # it is said once, when the stroke has ended
        if self.toolbox.tool == "box":
            stroke = outline(stroke[0], stroke[-1])
        self._show(stroke)

    @guarded
    def _on_stroke_ended(self, stroke: Stroke) -> None:
        plane, tool = self._plane(), self.toolbox.tool
        self._results.overlay.unmark()
        if tool == "box":
            self._confirm(_box(stroke, self.specimen.shape[-2:]))
        elif tool == "unsure":
            self._set_unsure(plane, stroke)
        elif tool == "right":
            self._confirm_object(plane, stroke[-1])
        elif tool in KINDS:
            self._use_on(plane, tool, stroke)

    def _use_on(self, plane: PlaneIndex, tool: str, stroke: Stroke) -> None:
        """Repair where a person clicked or drew a line."""
        labels, new_id = self._results.labels(plane), self.specimen.history.highest + 1
        if not self._is_click(stroke):
            self._forget_clicks()
            self._repair(plane, KINDS[tool], dragged(tool, labels, stroke, new_id))
        elif tool in TWO_CLICKS and plane not in self._clicks:
            self._clicks = {plane: stroke[-1]}
            self._show(stroke[-1:])
        else:
            points = [*self._clicks.values(), stroke[-1]]
            self._forget_clicks()
            self._repair(plane, KINDS[tool], clicked(tool, labels, points, new_id))

    def _show(self, stroke: Stroke) -> None:
        drawn = pixels_under(stroke, self.specimen.shape[-2:], self._stroke_width())
        self._results.overlay.mark(self._plane(), *drawn)

    def _forget_clicks(self) -> None:
        if self._clicks:
            self._clicks = {}
            self._results.overlay.unmark()

    def _repair(self, plane: PlaneIndex, kind: Kind, repair: Repair) -> None:
        """Change pixels of the masks, as one edit."""
        pixels = np.ravel_multi_index((*plane, repair.rows, repair.columns), self.specimen.shape)
        order = np.argsort(pixels)
        before = self._results.labels(plane)[repair.rows, repair.columns].astype(np.uint32)
        runs = Runs.of_pixels(pixels[order], before[order], repair.values[order])
        self.recorder.do(verdicts.painted(self.specimen.history, kind, runs))

    def _set_unsure(self, plane: PlaneIndex, stroke: Stroke) -> None:
        rows, columns = pixels_under(stroke, self.specimen.shape[-2:], self._stroke_width())
        pixels = np.ravel_multi_index((*plane, rows, columns), self.specimen.shape)
        self.recorder.do(verdicts.unsure(self.specimen.history, np.unique(pixels)))

    def _confirm_object(self, plane: PlaneIndex, at: Point) -> None:
        labels = self._results.labels(plane)
        self.recorder.do(verdicts.right(self.specimen.history, labels, stop_at(labels, plane, at)))

    def _confirm(self, box: Box) -> None:
        region = Region(self._plane(), box)
        self.recorder.do(verdicts.confirmed(self.specimen.history, region))

    def _plane(self) -> PlaneIndex:
        self.toolbox.masks()  # says so if they cannot be corrected now
        image = self._results.image
        if image is None:
            raise ValueError("The image of this mask is no longer open.")
        return current_plane(self._viewer, image, self.specimen.axes)

    def _stroke_width(self) -> int:
        """Of a drawn line, in pixels of the mask; the brush's for the tool that is one."""
        masks = self.toolbox.masks()
        if self.toolbox.tool == "unsure":
            return int(masks.brush_size)
        width = max(_STROKE_ON_SCREEN_PX, 5.0 if self._clicks else 0.0)
        return max(1, round(width / self._pixel_on_screen))

    @property
    def _pixel_on_screen(self) -> float:
        """How large a pixel of the mask is on the screen."""
        return float(self._viewer.scene.camera.zoom * abs(self.toolbox.masks().scale[-1]))

    def _is_click(self, stroke: Stroke) -> bool:
        far = np.abs(np.array(stroke) - stroke[0]).max() * self._pixel_on_screen
        return bool(far <= _CLICK_ON_SCREEN_PX)


def _box(stroke: Stroke, shape: tuple[int, ...]) -> Box:
    """The pixels of a box that was dragged from one corner to another."""
    corners = np.array([stroke[0], stroke[-1]])
    low = np.clip(np.round(corners.min(axis=0)), 0, shape).astype(int)
    high = np.clip(np.round(corners.max(axis=0)) + 1, 0, shape).astype(int)
    if (high - low < 2).any():
        raise ValueError("Drag a box: press, move, let go.")
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
