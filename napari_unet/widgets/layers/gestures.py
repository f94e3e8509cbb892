"""Clicks and drags on the masks, for the tools that napari does not have."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from napari_unet.session.strokes import Point
from napari_unet.widgets.layers.masks import Labels

Stroke = list[Point]


class Gestures:
    """Turns the mouse on a layer of masks into strokes, while one of our tools is in use.

    The layer is in napari's pick mode then: it has a cross for a cursor, and dragging does not move
    the view. What pick mode itself does, choosing the label under the cursor, is taken back.

    Parameters
    ----------
    masks
        The layer.
    axes
        Its axes, for example "ZYX".
    on_moved, on_ended
        Called with the places so far while the mouse is dragged, and when it is let go.
    """

    def __init__(
        self,
        masks: Labels,
        axes: str,
        on_moved: Callable[[Stroke], None],
        on_ended: Callable[[Stroke], None],
    ) -> None:
        self._y, self._x = axes.index("Y"), axes.index("X")
        self._on_moved, self._on_ended = on_moved, on_ended
        self.active = False
        # before napari's own, which changes the selected label
        masks.mouse_drag_callbacks.insert(0, self._drag)

    def _drag(self, masks: Labels, event: Any) -> Generator[None, None, None]:
        if not self.active or event.button != 1:
            return
        selected = masks.selected_label
        stroke = [self._place(masks, event)]
        yield
        while event.type == "mouse_move":
            stroke.append(self._place(masks, event))
            self._on_moved(stroke)
            yield
        masks.selected_label = selected
        self._on_ended(stroke)

    def _place(self, masks: Labels, event: Any) -> Point:
        at = masks.world_to_data(event.position)
        return float(at[self._y]), float(at[self._x])
