"""Correcting by hand: the tool in use, what it does to the masks, and the count of it all."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from napari_unet.schema.prediction import Box
from napari_unet.session.edits import PlaneIndex, Region
from napari_unet.session.repairs import (
    Repair,
    delete_object,
    merge_objects,
    pixels_under,
    split_objects,
)
from napari_unet.session.specimen import Specimen
from napari_unet.widgets.layers import Gestures, Results, Stroke, box_in_view, current_plane
from napari_unet.widgets.runner import Latest, guarded
from napari_unet.widgets.tools import BY_NAME, CONFIRM_KEY, TOOLS, Tool

_COUNT_MS = 150
_STROKE_ON_SCREEN_PX = 2.0


class Corrector(QObject):
    """What a person does to the masks of one image, and how it is counted.

    Parameters
    ----------
    viewer
        Where the masks are.
    results
        Writes them.
    """

    changed = Signal()
    """The tool in use, the counts, or whether there is a mask to correct."""

    def __init__(
        self, viewer: ViewerModel, results: Results, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._results = results
        self._gestures: Gestures | None = None
        self._tool: Tool | None = None
        self._uncounted: dict[PlaneIndex, None] = {}
        self._counting = Latest(_COUNT_MS, self)
        results.on_masks = self._adopt

    @property
    def specimen(self) -> Specimen:
        """What is corrected."""
        return self._results.specimen

    @property
    def tool(self) -> str:
        """The name of the tool in use; empty if there is none."""
        if self._tool is not None:
            return self._tool.name
        masks = self._results.masks
        modes = {tool.mode: tool.name for tool in TOOLS if tool.mode}
        return modes.get(str(masks.mode), "") if masks is not None else ""

    def why_not(self) -> str:
        """Why nothing can be corrected now, in one sentence; empty if it can."""
        if self._results.masks is None:
            return "Segment first: there is no mask to correct yet."
        if self._viewer.dims.ndisplay != 2:
            return "Correcting works in 2D: press Ctrl+Y to leave the 3D view."
        return ""

    # tools

    @guarded
    def use(self, name: str) -> None:
        """Take a tool into use; the mask becomes the selected layer."""
        masks = self._masks()
        self._put_down()
        self._viewer.layers.selection.active = masks
        masks.visible = True
        tool = BY_NAME[name]
        if name == "new":
            self._start_object(masks)
        elif tool.mode:
            masks.mode = tool.mode
        else:
            self._take_up(masks, tool)
        self.changed.emit()

    @guarded
    def put_down(self) -> None:
        """Use no tool: the mouse moves the view again."""
        self._put_down()
        masks = self._results.masks
        if masks is not None:
            masks.mode = "pan_zoom"
        self.changed.emit()

    @guarded
    def confirm_view(self) -> None:
        """Vouch for all pixels that are on the screen."""
        self._masks()
        image = self._results.image
        if image is not None:
            box = box_in_view(self._viewer, image, self.specimen.axes)
            height, width = self.specimen.shape[-2:]
            self._confirm(box or (0, 0, height, width))

    @guarded
    def take_back(self) -> None:
        """Withdraw the region that was confirmed last."""
        edits = self.specimen.edits
        if not edits.regions:
            raise ValueError("No region has been confirmed yet.")
        plane = edits.regions[-1].plane
        edits.take_back()
        self._count(plane)

    def close(self) -> None:
        """Count nothing any more."""
        self._counting.drop()

    # a new layer of masks

    def _adopt(self, masks: Labels) -> None:
        axes = self._results.axes
        self._gestures = Gestures(masks, axes, self._on_stroke_moved, self._on_stroke_ended)
        masks.events.paint.connect(self._on_edited)
        masks.events.set_data.connect(self._on_edited)
        masks.events.mode.connect(self._on_mode_changed)
        for tool in TOOLS:
            if not tool.mode:  # the others have napari's own keys
                masks.bind_key(tool.key, lambda _, name=tool.name: self.use(name), overwrite=True)
        masks.bind_key(CONFIRM_KEY, lambda _: self.confirm_view(), overwrite=True)
        self.changed.emit()

    def _masks(self) -> Labels:
        if reason := self.why_not():
            raise ValueError(reason)
        masks = self._results.masks
        assert masks is not None
        return masks

    def _start_object(self, masks: Labels) -> None:
        edits = self.specimen.edits
        edits.highest += 1
        self._results.make_room(edits.highest)
        masks.selected_label = edits.highest
        masks.mode = "paint"

    def _take_up(self, masks: Labels, tool: Tool) -> None:
        masks.mode = "pick"
        self._tool = tool
        if self._gestures is not None:
            self._gestures.active = True
        masks.bind_key("Space", self._hold_to_move, overwrite=True)

    def _put_down(self) -> None:
        masks = self._results.masks
        if self._tool is not None and masks is not None:
            masks.bind_key("Space", None)
        self._tool = None
        if self._gestures is not None:
            self._gestures.active = False

    def _hold_to_move(self, masks: Labels) -> Generator[None, None, None]:
        """What napari does with the space key in every mode, for our tools too."""
        tool = self._tool
        self._put_down()
        masks.mode = "pan_zoom"
        yield
        if tool is not None:
            self._take_up(masks, tool)

    # strokes

    @guarded
    def _on_stroke_moved(self, stroke: Stroke) -> None:
        shape = self.specimen.shape[-2:]
        if self._tool is not None and self._tool.name == "box":
            (y0, x0), (y1, x1) = stroke[0], stroke[-1]
            stroke = [(y0, x0), (y0, x1), (y1, x1), (y1, x0), (y0, x0)]
        drawn = pixels_under(stroke, shape, self._stroke_width())
        self._results.show_stroke(self._plane(), *drawn)

    @guarded
    def _on_stroke_ended(self, stroke: Stroke) -> None:
        plane = self._plane()
        self._results.hide_stroke(plane)
        labels = self._results.labels(plane)
        match self._tool.name if self._tool else "":
            case "delete":
                self._results.apply(plane, delete_object(labels, stroke[-1]))
            case "merge":
                self._results.apply(plane, merge_objects(labels, stroke))
            case "split":
                self._split(plane, labels, stroke)
            case "forget":
                self._forget(plane, stroke)
            case "box":
                self._confirm(_box(stroke, labels.shape))

    def _split(self, plane: PlaneIndex, labels: np.ndarray, stroke: Stroke) -> None:
        edits = self.specimen.edits
        repair = split_objects(labels, stroke, edits.highest + 1)
        edits.highest = int(repair.values.max())
        self._results.apply(plane, repair)

    def _forget(self, plane: PlaneIndex, stroke: Stroke) -> None:
        """Back to what the model showed, and nothing vouched for."""
        rows, columns = pixels_under(stroke, self.specimen.shape[-2:], self._stroke_width())
        where = np.zeros(self.specimen.shape[-2:], bool)
        where[rows, columns] = True
        base = self.specimen.edits[plane].base
        self.specimen.edits.forget(plane, where)
        self._results.apply(plane, Repair(rows, columns, base[rows, columns]))
        self._count(plane)

    def _confirm(self, box: Box) -> None:
        plane = self._plane()
        self.specimen.edits.confirm(Region(plane, box))
        self._count(plane)

    def _plane(self) -> PlaneIndex:
        image = self._results.image
        if image is None:
            raise ValueError("The image of this mask is no longer open.")
        return current_plane(self._viewer, image, self.specimen.axes)

    def _stroke_width(self) -> int:
        """Of a drawn line, in pixels of the mask; the brush's for the tool that is one."""
        masks = self._masks()
        if self._tool is not None and self._tool.name == "forget":
            return int(masks.brush_size)
        pixel_on_screen = float(self._viewer.scene.camera.zoom * masks.scale[-1])
        return max(1, round(_STROKE_ON_SCREEN_PX / pixel_on_screen))

    # the count

    @guarded
    def _on_edited(self, event: Any) -> None:
        if self._results.image is not None:
            self._count(self._plane())

    @guarded
    def _on_mode_changed(self, event: Any) -> None:
        masks = self._results.masks
        if self._tool is not None and masks is not None and str(masks.mode) != "pick":
            self._put_down()
        self.changed.emit()

    def _count(self, plane: PlaneIndex) -> None:
        self._uncounted[plane] = None
        self._count_next(at_once=False)

    def _count_next(self, *, at_once: bool = True) -> None:
        if self._uncounted and self._results.masks is not None:
            plane = next(iter(self._uncounted))
            work = partial(self.specimen.edits.count, plane, self._results.labels(plane))
            self._counting.ask(work, partial(self._show_count, plane), at_once=at_once)

    def _show_count(self, plane: PlaneIndex, state: np.ndarray) -> None:
        self._uncounted.pop(plane, None)
        self._results.show_known(plane, state)
        self.changed.emit()
        self._count_next()


def _box(stroke: Stroke, shape: tuple[int, ...]) -> Box:
    """The pixels of a box that was dragged from one corner to another."""
    corners = np.array([stroke[0], stroke[-1]])
    low = np.clip(np.round(corners.min(axis=0)), 0, shape).astype(int)
    high = np.clip(np.round(corners.max(axis=0)) + 1, 0, shape).astype(int)
    if (high - low < 2).any():
        raise ValueError("Drag a box: press, move, let go.")
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
