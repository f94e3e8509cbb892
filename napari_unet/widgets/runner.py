"""The border between threads and the window: everything that crosses it does so here."""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from typing import Any, TypeVar

from napari.utils.notifications import (
    Notification,
    NotificationSeverity,
    notification_manager,
    show_info,
    show_warning,
)
from qtpy.QtCore import QObject, Qt, QTimer, Signal
from qtpy.QtWidgets import QApplication

from napari_unet.disk import NotSaved

T = TypeVar("T")
log = logging.getLogger(__name__)


def guarded(slot: Callable[..., Any]) -> Callable[..., None]:
    """Make a method safe to be called by a signal: it reports what goes wrong and returns.

    With PyQt5 an exception that leaves a slot ends the whole program. Arguments of the signal that
    the method does not take are dropped.
    """
    takes = sum(
        p.kind is p.POSITIONAL_OR_KEYWORD for p in inspect.signature(slot).parameters.values()
    )

    @wraps(slot)
    def safe(*arguments: Any) -> None:
        try:
            slot(*arguments[:takes])
        except Exception as error:  # noqa: BLE001 - the one place where all of them end
            report(error)

    return safe


def report(error: Exception) -> None:
    """Tell the user what went wrong: our own sentences as they are, all else with its details."""
    if isinstance(error, ReferenceError):  # the viewer, which is held weakly, is gone
        return
    if isinstance(error, ValueError):
        show_warning(str(error))
        return
    if isinstance(error, NotSaved):
        show_warning(f"{error}.")
        return
    log.error("A slot of the U-Net panel failed.", exc_info=error)
    details = "".join(traceback.format_exception(error))
    report_failure(f"Something went wrong in U-Net: {error}", details)


class Failure(Notification):
    """An error that is shown with the name of the plugin instead of that of a Python object."""

    @property
    def source(self) -> str:
        """What napari writes beside it."""
        return "U-Net"


def report_failure(sentence: str, details: str) -> None:
    """Show one sentence as an error, with a button that copies the details for a report."""
    copy = ("Copy details", lambda *_: QApplication.clipboard().setText(details))
    actions = (copy,) if details else ()
    notification_manager.dispatch(Failure(sentence, NotificationSeverity.ERROR, actions))


def tell(sentence: str) -> None:
    """Show one sentence that asks for nothing."""
    show_info(sentence)


class Bridge(QObject):
    """Carries calls from any thread into the thread of the window."""

    _called = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._called.connect(self._on_called, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[[], None]) -> None:
        """Have a function called in the thread of the window, soon; from any thread."""
        try:
            self._called.emit(call)
        except RuntimeError:  # the window is gone, and this object's Qt half with it
            log.debug("A call came after the window was closed.")

    @guarded
    def _on_called(self, call: Callable[[], None]) -> None:
        call()


class Throttle(QObject):
    """Calls functions so rarely that the window keeps up; of many only the newest is called."""

    def __init__(self, wait_ms: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._newest: Callable[[], None] = _nothing
        self._timer = QTimer(self, singleShot=True, interval=wait_ms)
        self._timer.timeout.connect(self._on_waited)

    def call(self, function: Callable[[], None]) -> None:
        """Call a function now; if one was called less than the waiting time ago, then after it."""
        if self._timer.isActive():
            self._newest = function
            return
        self._timer.start()
        function()

    def drop(self) -> None:
        """Call nothing of what still waits."""
        self._timer.stop()
        self._newest = _nothing

    @guarded
    def _on_waited(self) -> None:
        newest, self._newest = self._newest, _nothing  # what it holds may be large
        if newest is not _nothing:
            self.call(newest)


class Latest(QObject):
    """Does the newest piece of work in a thread; what older pieces still answer is dropped.

    Parameters
    ----------
    wait_ms
        Work starts when so long nothing newer was asked for.
    """

    failed = Signal()
    """The work ended in an error, which has been reported."""

    def __init__(self, wait_ms: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = Bridge(self)
        self._thread = ThreadPoolExecutor(1, "napari-unet")
        self._generation = 0
        self._begin: Callable[[], object] = _nothing
        self._wait_ms = wait_ms
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._on_waited)

    def ask(
        self, work: Callable[[], T], answer: Callable[[T], None], *, at_once: bool = False
    ) -> None:
        """Have ``answer`` called in the thread of the window with what ``work`` gives."""
        self._generation += 1
        self._begin = partial(self._thread.submit, self._work, self._generation, work, answer)
        self._timer.start(0 if at_once else self._wait_ms)

    def drop(self) -> None:
        """Drop all work; what a piece that runs still answers is not heard."""
        self._generation += 1
        self._timer.stop()
        self._begin = _nothing

    @guarded
    def _on_waited(self) -> None:
        begin, self._begin = self._begin, _nothing  # what it holds may be large
        begin()

    def _work(self, generation: int, work: Callable[[], T], answer: Callable[[T], None]) -> None:
        if generation != self._generation:
            return
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - reported in the thread of the window
            self._bridge.post(partial(self._fail, generation, error))
        else:
            self._bridge.post(partial(self._answer, generation, answer, result))

    def _answer(self, generation: int, answer: Callable[[T], None], result: T) -> None:
        if generation == self._generation:
            answer(result)

    def _fail(self, generation: int, error: Exception) -> None:
        report(error)
        if generation == self._generation:
            self.failed.emit()


def _nothing() -> None:
    """What is done when nothing was asked for."""
