"""What correcting by hand does: strokes become repairs, regions are confirmed, all is counted."""

from __future__ import annotations

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
from napari_unet.widgets.counter import Counter
from napari_unet.widgets.layers import Results, Stroke, box_in_view, current_plane
from napari_unet.widgets.runner import guarded
from napari_unet.widgets.toolbox import Toolbox
from napari_unet.widgets.tools import CONFIRM_KEY

_STROKE_ON_SCREEN_PX = 2.0


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
    """The tool in use, the counts, or whether there is a mask to correct."""

    def __init__(
        self, viewer: ViewerModel, results: Results, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._results = results
        self.toolbox = Toolbox(viewer, results, self)
        self.toolbox.changed.connect(self.changed)
        self.counter = Counter(results, self)
        self.counter.changed.connect(self.changed)
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
    def take_back(self) -> None:
        """Withdraw the region that was confirmed last."""
        edits = self.specimen.edits
        if not edits.regions:
            raise ValueError("No region has been confirmed yet.")
        plane = edits.regions[-1].plane
        edits.take_back()
        self.counter.count(plane)

    def _adopt(self, masks: Labels) -> None:
        """Make a new layer of masks known."""
        self.toolbox.adopt(masks, self._on_stroke_moved, self._on_stroke_ended)
        masks.events.paint.connect(self._on_edited)
        masks.events.set_data.connect(self._on_edited)
        masks.bind_key(CONFIRM_KEY, lambda _: self.confirm_view(), overwrite=True)
        self.changed.emit()

    @guarded
    def _on_edited(self, event: Any) -> None:
        """Painted, undone or redone: the pixels are compared later, once it is quiet."""
        if self._results.image is not None:
            self.counter.count(self._plane())

    @guarded
    def _on_stroke_moved(self, stroke: Stroke) -> None:
        if self.toolbox.tool == "box":
            (y0, x0), (y1, x1) = stroke[0], stroke[-1]
            stroke = [(y0, x0), (y0, x1), (y1, x1), (y1, x0), (y0, x0)]
        drawn = pixels_under(stroke, self.specimen.shape[-2:], self._stroke_width())
        self._results.show_stroke(self._plane(), *drawn)

    @guarded
    def _on_stroke_ended(self, stroke: Stroke) -> None:
        plane = self._plane()
        self._results.hide_stroke(plane)
        labels = self._results.labels(plane)
        match self.toolbox.tool:
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
        self.counter.count(plane)

    def _confirm(self, box: Box) -> None:
        plane = self._plane()
        self.specimen.edits.confirm(Region(plane, box))
        self.counter.count(plane)

    def _plane(self) -> PlaneIndex:
        image = self._results.image
        if image is None:
            raise ValueError("The image of this mask is no longer open.")
        return current_plane(self._viewer, image, self.specimen.axes)

    def _stroke_width(self) -> int:
        """Of a drawn line, in pixels of the mask; the brush's for the tool that is one."""
        masks = self.toolbox.masks()
        if self.toolbox.tool == "forget":
            return int(masks.brush_size)
        pixel_on_screen = float(self._viewer.scene.camera.zoom * masks.scale[-1])
        return max(1, round(_STROKE_ON_SCREEN_PX / pixel_on_screen))


def _box(stroke: Stroke, shape: tuple[int, ...]) -> Box:
    """The pixels of a box that was dragged from one corner to another."""
    corners = np.array([stroke[0], stroke[-1]])
    low = np.clip(np.round(corners.min(axis=0)), 0, shape).astype(int)
    high = np.clip(np.round(corners.max(axis=0)) + 1, 0, shape).astype(int)
    if (high - low < 2).any():
        raise ValueError("Drag a box: press, move, let go.")
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
