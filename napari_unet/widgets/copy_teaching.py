"""Copies how the model was fine-tuned last."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from napari_unet.session.taught import Taught, as_command, as_python, checked, why_not
from napari_unet.widgets.copy_button import CopyButton, Script, Write

if TYPE_CHECKING:
    from napari_unet.widgets.desk import Desk

_TIP = "Copy the last fine-tuning: Python, or commands, that teach the same corrections again."
_NOTE = "It teaches what is corrected when it is run."


def copy_teaching(desk: Desk) -> CopyButton:
    """Make the button that copies how the model of a desk was fine-tuned last."""
    python, command = (partial(_written, desk, written) for written in (as_python, as_command))
    made = CopyButton(_TIP, lambda: why_not(desk.teacher.taught), python, command)
    desk.changed.connect(made.refresh)
    return made


def _written(desk: Desk, written: Callable[[Taught], str]) -> Write:
    """What is written is checked in a thread: that reads the files."""
    taught = desk.teacher.taught
    if taught is None:
        raise ValueError(why_not(None))
    return lambda: Script(written(checked(taught)), _NOTE)
