"""The overlay: what a person said about the pixels, and the stroke that is being drawn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from napari.utils.colormaps import DirectLabelColormap

from napari_unet.schema.correction import State
from napari_unet.session.edits import PlaneIndex
from napari_unet.session.runs import Runs
from napari_unet.widgets.layers.masks import Labels
from napari_unet.widgets.layers.slots import Slots
from napari_unet.widgets.theme import CONFIRMED, CORRECTED, UNKNOWN

STROKE, FRAME = 255, 254
"""Values of a stroke that is being drawn, and of the frame around a place; no `State` has them."""
_FEW_PX = 100_000
"""So many pixels are drawn one by one; of more, the whole plane is drawn anew."""


def colour_of(state: int) -> str:
    """How pixels of a state are tinted; what is known of most of them is tinted least."""
    if state & State.UNKNOWN:
        return f"{UNKNOWN}70"
    if state & State.CORRECTED:
        return f"{CORRECTED}5c"
    return f"{CONFIRMED}3a" if state & State.CONFIRMED else "#00000000"


_MARKS: dict[int | None, str] = {None: "#00000000", STROKE: "#ffffffe0", FRAME: "#ffffffb0"}
_STATES: dict[int | None, str] = {state: colour_of(state) for state in range(2 * State.AUDITED)}


class Mark(NamedTuple):
    """Pixels that show something else than their state."""

    plane: PlaneIndex
    rows: np.ndarray
    columns: np.ndarray


class Overlay:
    """Shows the states of the pixels over the image.

    Nobody edits in its layer, and marks are seen also where the states are hidden.

    Parameters
    ----------
    slots
        The layers of the image.
    states
        uint8 (..., y, x), values of `State`.
    """

    def __init__(self, slots: Slots, states: np.ndarray) -> None:
        self._slots = slots
        self._states = states
        self._marks: dict[int, Mark] = {}
        self._shown = True
        """Whether the states are to be seen."""

    def show(self, runs: Runs) -> None:
        """Show pixels whose state has just become another one."""
        layer = self._slots.find("known")
        if not len(runs):
            return
        if layer is None:
            if self._slots.image is not None:
                self.show_all()
        elif runs.size <= _FEW_PX and layer.visible:  # napari has no picture of a hidden one
            where = np.unravel_index(runs.pixels, layer.data.shape)
            layer.data_setitem(where, runs.values.astype(np.uint8))
        else:
            runs.write(layer.data)
            layer.refresh(extent=False, thumbnail=False)

    def show_all(self) -> None:
        """Show the state of every pixel."""
        layer = self._slots.find("known")
        if layer is not None:
            layer.data[...] = self._states.reshape(layer.data.shape)
            layer.refresh(extent=False, thumbnail=False)
        elif self._states.any():
            self._layer()

    def mark(
        self, plane: PlaneIndex, rows: np.ndarray, columns: np.ndarray, value: int = STROKE
    ) -> None:
        """Show pixels of a stroke or a frame, in place of those that were shown of it before."""
        layer = self._layer()
        if not self._marks:
            self._shown = layer.visible  # it may have been hidden in the list of layers
        self._lift(layer, value)
        self._marks[value] = Mark(plane, rows, columns)
        if not layer.visible:
            self._look(layer)
        self._plane(layer, plane)[rows, columns] = value
        layer.refresh(extent=False, thumbnail=False)

    def unmark(self, value: int = STROKE) -> None:
        """Show no stroke, or no frame, any more."""
        layer = self._slots.find("known")
        if layer is not None and value in self._marks:
            self._lift(layer, value)
            if not self._shown:
                self._look(layer)
            layer.refresh(extent=False, thumbnail=False)

    def set_visible(self, shown: bool) -> None:
        """Show or hide the states."""
        self._shown = shown
        layer = self._slots.find("known")
        if layer is not None:
            self._look(layer)

    def _look(self, layer: Labels) -> None:
        """Where the states are hidden, show marks alone, as long as there are any."""
        layer.visible = self._shown or bool(self._marks)
        seen = _MARKS if self._marks and not self._shown else _STATES | _MARKS
        layer.colormap = DirectLabelColormap(color_dict=seen)

    def _lift(self, layer: Labels, value: int) -> None:
        """Show the states again where a mark was, and whatever other marks it covered."""
        mark = self._marks.pop(value, None)
        if mark is not None:
            at = mark.rows, mark.columns
            self._plane(layer, mark.plane)[at] = self._states[mark.plane][at]
        for other, (plane, rows, columns) in self._marks.items():
            self._plane(layer, plane)[rows, columns] = other

    def _plane(self, layer: Labels, plane: PlaneIndex) -> np.ndarray:
        shown: np.ndarray = layer.data[self._slots.frame.plane(plane)]
        return shown

    def _layer(self) -> Labels:
        layer: Labels | None = self._slots.find("known")
        if layer is None:
            layer = Labels(
                self._states.reshape(self._slots.frame.shape).copy(),
                name=f"{self._slots.name} known",
                opacity=1.0,
                visible=self._shown,
                colormap=DirectLabelColormap(color_dict=_STATES | _MARKS),
                **self._slots.placement,
            )
            layer.editable = False
            self._slots.add("known", layer)
        return layer
