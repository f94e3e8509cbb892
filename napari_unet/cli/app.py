"""Reads a call of ``napari-unet``, runs its verb, and says in one sentence what went wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import pydantic
from cyclopts import App, CycloptsError, Parameter

from napari_unet import __version__, memory
from napari_unet.cli.corrections import corrections
from napari_unet.cli.demo import demo
from napari_unet.cli.doctor import doctor
from napari_unet.cli.evaluate import evaluate
from napari_unet.cli.models import models
from napari_unet.cli.options import WrongCall
from napari_unet.cli.predict import predict
from napari_unet.cli.training import fine_tune, train
from napari_unet.jobs.failure import failed
from napari_unet.schema.events import StopEarly
from napari_unet.schema.settings.record import option

DONE, WORK_FAILED, WRONG_CALL = 0, 1, 2

app = App(
    name="napari-unet",
    help="Segment microscopy images with U-Nets, and teach them your corrections.",
    version=__version__,
    default_parameter=Parameter(name_transform=option),
    help_format="markdown",
    exit_on_error=False,
    print_error=False,
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)
for verb in (demo, predict, train, fine_tune, evaluate, corrections, models, doctor):
    app.command(verb)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb.

    Parameters
    ----------
    arguments
        The words after ``napari-unet``; None takes those that the program was called with.

    Returns
    -------
    0: done; 1: the work failed; 2: the call was wrong. A sentence on stderr says why.
    """
    memory.set_up()
    try:
        return _finished(app(arguments))
    except CycloptsError as error:
        return _complain(_what_is_wrong(error), WRONG_CALL)
    except WrongCall as error:
        return _complain(str(error), WRONG_CALL)
    except (KeyboardInterrupt, StopEarly):
        return _complain("Stopped before there was anything to keep.", WORK_FAILED)
    except Exception as error:
        if os.environ.get("NAPARI_UNET_DEBUG"):
            raise
        return _complain(failed(error).sentence, WORK_FAILED)


def _finished(answer: object) -> int:
    """Verbs return nothing, or False if a part of the work failed and that was said."""
    return WORK_FAILED if answer is False else DONE


def _complain(sentence: str, status: int) -> int:
    if _is_first_to_complain():
        print(f"napari-unet: {sentence}", file=sys.stderr)
    return status


def _is_first_to_complain() -> bool:
    """Of several processes that fail together one says why; torch is loaded for them only."""
    if os.environ.get("WORLD_SIZE", "1") == "1":
        return True
    from napari_unet.training.distributed import is_first_to_fail

    return is_first_to_fail()


def _what_is_wrong(error: CycloptsError) -> str:
    cause = error.__cause__
    if not isinstance(cause, pydantic.ValidationError):
        error.verbose = False
        return f"{error} (see: {' '.join(['napari-unet', *(error.command_chain or ())])} --help)"
    first = cause.errors()[0]
    name = option(str(first["loc"][-1])) if first["loc"] else "value"
    return f"--{name} cannot be {first['input']}: {first['msg'][0].lower()}{first['msg'][1:]}."
