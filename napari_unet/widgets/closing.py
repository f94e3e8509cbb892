"""Ends the work with the window that shows it: napari tells a panel nothing of that."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QWidget

from napari_unet.widgets.runner import guarded


class Closing(QObject):
    """Sees when the window is gone that a panel was in.

    A window that is closed may ask whether it should be, and events go on meanwhile: only when it
    hides it is gone. It may be deleted then, and its panels with it; so this must not be one's own.

    Parameters
    ----------
    close
        Called when the window is gone.
    """

    def __init__(self, close: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._close = close
        self._gone = False

    def watch(self, panel: QWidget) -> None:
        """Watch the window that a panel will be shown in, docked or floating beside it."""
        panel.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See panels come, and windows come and go."""
        if isinstance(watched, QWidget):
            is_window = watched.parentWidget() is None
            if event.type() == QEvent.Type.Show:
                self._gone = False
                _outermost(watched).installEventFilter(self)
            elif event.type() == QEvent.Type.Hide and is_window and not event.spontaneous():
                self._gone = True  # one that is only minimised hides by itself
                QTimer.singleShot(0, self._on_hidden)
        return False

    @guarded
    def _on_hidden(self) -> None:
        if self._gone:
            self._close()


def _outermost(widget: QWidget) -> QWidget:
    """The window of a widget; that of a floating panel is not the panel's own."""
    outer = widget.parentWidget()
    return widget if outer is None else _outermost(outer)
