"""What a fine-tuning needs to go on after a crash, in a folder that outlives the engine.

The folder holds the request with its arrays, what joined the training since, and its state: nothing
else is needed, neither the window nor the images.
"""

from __future__ import annotations

import logging
from pathlib import Path

from napari_unet import disk
from napari_unet.schema.requests import FineTuneRequest, Joining

REQUEST, STATE = "request.json", "state"
"""Names of files; beside the state lies a small file of JSON that says how far it is."""
_JOINED = "joined-"
"""Begin of the names of files, of which each holds what joined, in the order in which it came."""

_logger = logging.getLogger(__name__)


def taken_up(request: FineTuneRequest) -> FineTuneRequest:
    """The request that was interrupted in the folder of this one; else this one, which is kept.

    A disk that cannot keep it does not end the training: it only starts anew after a crash.

    Parameters
    ----------
    request
        Its folder, `FineTuneRequest.safe`, is there; None keeps nothing.

    Raises
    ------
    ValueError
        If the files of the interrupted one are damaged.
    """
    if request.safe is None:
        return request
    folder = Path(request.safe)
    path = folder / REQUEST
    if path.exists():
        kept = FineTuneRequest.model_validate_json(
            path.read_text(encoding="utf-8"), context={"folder": folder}
        )
        return kept.model_copy(update={"safe": request.safe, "view": request.view})
    kept = request.model_copy(update={"view": None})
    try:
        disk.write_text(path, kept.model_dump_json(context={"folder": folder}))
    except OSError as error:
        _logger.warning("A crash would lose this training: %s", error)
        return request.model_copy(update={"safe": None})
    return request


def state_of(request: FineTuneRequest) -> Path | None:
    """The file of the training's state; None where nothing is kept."""
    return None if request.safe is None else Path(request.safe) / STATE


def joined_before(request: FineTuneRequest) -> list[Joining]:
    """What has joined the training in the folder of a request before it was interrupted.

    Raises
    ------
    ValueError
        If its files are damaged.
    """
    if request.safe is None:
        return []
    folder = Path(request.safe)
    return [
        Joining.model_validate_json(path.read_text(encoding="utf-8"), context={"folder": folder})
        for path in _joined(folder)
    ]


def keep_joining(request: FineTuneRequest, joining: Joining) -> None:
    """Keep what joins a training, so that it is learnt again if the training has to go on.

    Raises
    ------
    OSError
        If the disk does not allow it.
    """
    if request.safe is None:
        return
    folder = Path(request.safe)
    text = joining.model_dump_json(context={"folder": folder})
    disk.write_text(folder / f"{_JOINED}{len(_joined(folder)):04}.json", text)


def _joined(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{_JOINED}*.json"))
