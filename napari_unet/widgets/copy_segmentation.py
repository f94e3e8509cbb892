"""Copies how the chosen image was segmented."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from napari_unet.session.script import as_command, as_python, command_note
from napari_unet.session.segmentation import Segmentation, segmentation_of, why_not
from napari_unet.widgets.copy_button import CopyButton, Script, Write

if TYPE_CHECKING:
    from napari_unet.widgets.desk import Desk

_TIP = "Copy how this image was segmented: Python, or a command, that makes the same mask again."
_NOT_BY_HAND = "What was corrected by hand is not in it."


def copy_segmentation(desk: Desk) -> CopyButton:
    """Make the button that copies how the chosen image was segmented."""
    python, command = (partial(_written, desk, written) for written in (_python, _command))
    made = CopyButton(_TIP, partial(_why_not, desk), python, command)
    desk.changed.connect(made.refresh)
    return made


def _why_not(desk: Desk) -> str:
    stage = desk.stage
    work = stage.work
    return why_not(work and work.specimen.last_run, stage.path if stage.image else "")


def _written(desk: Desk, written: Callable[[Segmentation], Script]) -> Write:
    """Take down what was done, so that its script can be written in a thread."""
    work = desk.stage.work
    run = work.specimen.last_run if work else None
    if work is None or run is None:
        raise ValueError(_why_not(desk))
    specimen = work.specimen
    find_out = partial(segmentation_of, work.identity, run, specimen.mask)
    note = _NOT_BY_HAND if any(specimen.history.tally) else ""
    return lambda: _noted(written(find_out()), note)


def _noted(script: Script, note: str) -> Script:
    return script._replace(note=" ".join(filter(None, (script.note, note))))


def _python(done: Segmentation) -> Script:
    return Script(as_python(done))


def _command(done: Segmentation) -> Script:
    return Script(as_command(done), command_note(done))
