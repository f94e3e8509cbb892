"""The button that shows what the network would learn from, patch by patch."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_unet.jobs.messages import Done, Ending, Message
from napari_unet.schema.events import Patches
from napari_unet.schema.requests import Previewed
from napari_unet.widgets.desk import Desk
from napari_unet.widgets.parts import Explanation, Running, button
from napari_unet.widgets.patches import PatchGrid
from napari_unet.widgets.runner import guarded

_SHOW, _HIDE = "Show what it sees", "Hide what it sees"
_MEANING = (
    "Every step learns from patches like these: turned, bent, darker or brighter at random. "
    "Outlined is what it is to find. What is veiled does not count: it was not confirmed, or is "
    "held back to judge by."
)


class WhatItSees(QWidget):
    """Shows patches of the corrections as the next fine-tuning would draw them.

    Parameters
    ----------
    desk
        What is confirmed, and how it would be taught.
    """

    grown = Signal(object)
    """A widget of it that its user should see now."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._patches: Patches | None = None
        self.show_patches = button(_SHOW, "Draw patches as the next fine-tuning would draw them.")
        self.reason = Explanation()
        self.running = Running("Stop", "Draw nothing.")
        self.new_title = Explanation("From your corrections")
        self.old_title = Explanation("From what it has learnt before")
        self.new, self.old = PatchGrid(), PatchGrid()
        self.meaning, self.input = Explanation(), Explanation()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        for widget in (
            self.show_patches,
            self.reason,
            self.running,
            self.new_title,
            self.new,
            self.old_title,
            self.old,
            self.meaning,
            self.input,
        ):
            rows.addWidget(widget)
        self.show_patches.clicked.connect(self._on_clicked)
        self.running.stop.clicked.connect(self._on_stop_clicked)
        desk.changed.connect(self.refresh)
        desk.progressed.connect(self._on_progressed)
        self.refresh()

    @property
    def _drawing(self) -> bool:
        wanted = self._desk.session.wanted
        return wanted is not None and wanted.kind == "preview"

    @guarded
    def refresh(self) -> None:
        """Show everything as it is now."""
        shown, drawing = self._patches, self._drawing
        reason = "" if shown or drawing else self._desk.teacher.why_not()
        self.show_patches.setText(_SHOW if shown is None else _HIDE)
        self.show_patches.setVisible(not drawing)
        self.show_patches.setEnabled(not reason)
        self.reason.say(reason)
        self.running.setVisible(drawing)
        self._on_progressed()
        for widget in (self.new_title, self.new):
            widget.setVisible(shown is not None)
        for widget in (self.old_title, self.old):
            widget.setVisible(shown is not None and shown.replayed > 0)
        self.meaning.say(_MEANING if shown else "")
        self.input.setVisible(bool(self.input.text()) and shown is not None)

    @guarded
    def _on_progressed(self) -> None:
        if self._drawing:
            session = self._desk.session
            self.running.show_progress(session.progress, session.ending)

    @guarded
    def _on_clicked(self) -> None:
        if self._patches is None:
            self._desk.teacher.preview(self._hear)
        else:
            self._patches = None
            self.refresh()

    @guarded
    def _on_stop_clicked(self) -> None:
        self._desk.session.cancel()

    @guarded
    def _hear(self, message: Message) -> None:
        match message:
            case Patches():
                self._patches = message
                fresh = len(message.images) - message.replayed
                self.new.show_patches(message, range(fresh))
                self.old.show_patches(message, range(fresh, len(message.images)))
            case Done(result=Previewed(sentence=sentence)):
                self.input.setText(f"Input: {sentence}.")
        if isinstance(message, Ending):
            self.refresh()
            if self._patches is not None:
                self.grown.emit(self.new)
