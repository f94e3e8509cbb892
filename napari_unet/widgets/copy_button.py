"""A small menu that copies what was done last, as Python or as a command."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from qtpy.QtWidgets import QApplication, QMenu, QPushButton, QVBoxLayout, QWidget

from napari_unet.widgets.parts import button
from napari_unet.widgets.runner import Latest, guarded, tell


class Script(NamedTuple):
    """A text to copy, and what is to be said of it."""

    text: str
    note: str = ""


Write = Callable[[], Script]
"""Writes a script, in a thread."""


class CopyButton(QWidget):
    """Copies what was done last, so that it can be done again without the window.

    Parameters
    ----------
    tooltip
        What is copied.
    why_not
        Why nothing can be copied now, in one sentence; empty if it can.
    python, command
        What says, when it is chosen, how such a script is written.
    """

    def __init__(
        self,
        tooltip: str,
        why_not: Callable[[], str],
        python: Callable[[], Write],
        command: Callable[[], Write],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._tooltip, self._why_not = tooltip, why_not
        self._later = Latest(0, self)
        self.button: QPushButton = button("Copy as …", tooltip, name="flat")
        self.menu = QMenu(self.button)
        for text, written in (("Copy as Python", python), ("Copy as command", command)):
            self.menu.addAction(text).triggered.connect(partial(self._on_chosen, written))
        self.button.setMenu(self.menu)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.button)
        self.refresh()

    @guarded
    def refresh(self) -> None:
        """Let it be pressed if there is something to copy, else say why not."""
        reason = self._why_not()
        self.button.setEnabled(not reason)
        self.button.setToolTip(reason or self._tooltip)

    @guarded
    def _on_chosen(self, written: Callable[[], Write]) -> None:
        if reason := self._why_not():
            raise ValueError(reason)
        self._later.ask(written(), _copy, at_once=True)


def _copy(script: Script) -> None:
    QApplication.clipboard().setText(script.text)
    tell(" ".join(["Copied.", script.note]).strip())
