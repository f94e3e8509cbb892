"""The tool in the user's hand: napari's own modes and ours, with their keys."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from napari.components import ViewerModel
from qtpy.QtCore import QObject, Signal

from napari_unet.session.kind import NO_OBJECTS
from napari_unet.widgets.layers import Gestures, Labels, Results, Stroke, shows_plane
from napari_unet.widgets.runner import guarded
from napari_unet.widgets.tools import BY_NAME, OF_OBJECTS, TOOLS, Tool


class Toolbox(QObject):
    """Takes tools up and puts them down; only one is in use.

    One of ours puts the layer into napari's pick mode, so it ends when the mode changes.

    Parameters
    ----------
    viewer
        Where the masks are.
    results
        Has the layer of masks.
    """

    changed = Signal()
    """Another tool is in use."""
    commanded = Signal(str)
    """A tool that acts at once, on the whole plane."""

    def __init__(
        self, viewer: ViewerModel, results: Results, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._results = results
        self._tool: Tool | None = None
        self._gestures: Gestures | None = None

    @property
    def tool(self) -> str:
        """The name of the tool in use; empty if there is none."""
        if self._tool is not None:
            return self._tool.name
        masks = self._results.masks
        modes = {tool.mode: tool.name for tool in TOOLS if tool.mode}
        return modes.get(str(masks.mode), "") if masks is not None else ""

    def why_not(self) -> str:
        """Why no tool can be used now, in one sentence; empty if one can."""
        if self._results.masks is None:
            return "Segment first: there is no mask to correct yet."
        if self._viewer.dims.ndisplay != 2:
            return "Correcting works in 2D: press Ctrl+Y to leave the 3D view."
        image = self._results.image
        if image is not None and not shows_plane(self._viewer, image, self._results.specimen.axes):
            return "Correcting works on planes of x and y: press Ctrl+E until you see one."
        return ""

    def why_not_use(self, name: str) -> str:
        """Why this tool can not be used now, in one sentence; empty if it can."""
        reason = self.why_not()
        if not reason and name in OF_OBJECTS and self._results.specimen.classes > 1:
            return NO_OBJECTS
        return reason

    def masks(self) -> Labels:
        """The layer that is corrected.

        Raises
        ------
        ValueError
            If there is none, or no plane of it is in view.
        """
        masks, reason = self._results.masks, self.why_not()
        if masks is None or reason:
            raise ValueError(reason)
        return masks

    def adopt(
        self, masks: Labels, on_moved: Callable[[Stroke], None], on_ended: Callable[[Stroke], None]
    ) -> None:
        """Make a new layer of masks known: its mouse, its keys, its modes."""
        self._gestures = Gestures(masks, self._results.slots.frame.axes, on_moved, on_ended)
        masks.events.mode.connect(self._on_mode_changed)
        masks.events.selected_label.connect(self._on_label_selected)
        for tool in TOOLS:
            if not tool.mode:  # the others have napari's own keys
                masks.bind_key(tool.key, lambda _, name=tool.name: self.use(name), overwrite=True)

    @guarded
    def use(self, name: str) -> None:
        """Take a tool into use; the mask becomes the selected layer."""
        masks, tool = self.masks(), BY_NAME[name]
        if reason := self.why_not_use(name):
            raise ValueError(reason)
        if name == "tidy":
            self.commanded.emit(name)
            return
        self._let_go()
        self.select(masks)
        if name == "new":
            self._start_object(masks)
        elif tool.mode:
            masks.mode = tool.mode
        else:
            self._take_up(masks, tool)
        self.changed.emit()

    @guarded
    def paint_class(self, index: int) -> None:
        """Take the brush in hand, with a class to paint."""
        self.use("paint")
        self.masks().selected_label = index
        self.changed.emit()

    def select(self, masks: Labels) -> None:
        """Let the masks be the layer that keys and the mouse go to."""
        self._viewer.layers.selection.active = masks
        if not masks.visible:  # setting it again would change the mode
            masks.visible = True

    @guarded
    def put_down(self) -> None:
        """Use no tool: the mouse moves the view again."""
        self._let_go()
        masks = self._results.masks
        if masks is not None:
            masks.mode = "pan_zoom"
        self.changed.emit()

    def take_space(self) -> None:
        """Let the space key move the view while it is held, if a tool of ours is in use."""
        masks = self._results.masks
        if self._tool is not None and masks is not None:
            masks.bind_key("Space", self._hold_to_move, overwrite=True)

    def _start_object(self, masks: Labels) -> None:
        new_id = self._results.specimen.history.new_id()
        self._results.make_room(new_id)
        masks.selected_label = new_id
        masks.mode = "paint"

    def _take_up(self, masks: Labels, tool: Tool) -> None:
        masks.mode = "pick"
        self._tool = tool
        if self._gestures is not None:
            self._gestures.active = True
        self.take_space()

    def _let_go(self) -> None:
        masks = self._results.masks
        if self._tool is not None and masks is not None:
            masks.bind_key("Space", None)
        self._tool = None
        if self._gestures is not None:
            self._gestures.active = False

    def _hold_to_move(self, masks: Labels) -> Generator[None, None, None]:
        """What napari does with the space key in its own modes, for our tools too."""
        tool = self._tool
        self._let_go()
        masks.mode = "pan_zoom"
        yield
        if tool is not None:
            self._take_up(masks, tool)

    @guarded
    def _on_mode_changed(self, event: Any) -> None:
        masks = self._results.masks
        if self._tool is not None and masks is not None and str(masks.mode) != "pick":
            self._let_go()
        self.changed.emit()

    @guarded
    def _on_label_selected(self, event: Any) -> None:
        """A class that there is not cannot be painted."""
        masks, classes = self._results.masks, self._results.specimen.classes
        if masks is not None and classes > 1:
            if masks.selected_label >= classes:
                wanted, masks.selected_label = masks.selected_label, classes - 1
                raise ValueError(f"There is no class {wanted}: choose one from 0 to {classes - 1}.")
            self.changed.emit()
