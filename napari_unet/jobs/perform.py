"""The generator behind each request: the only place where jobs meet torch."""

from __future__ import annotations

import gc
import sys
import time
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from napari_unet import memory
from napari_unet.jobs.job import Job
from napari_unet.jobs.safekeeping import joined_before, keep_joining, state_of, taken_up
from napari_unet.schema.events import Progress
from napari_unet.schema.requests import (
    Blended,
    BlendRequest,
    Checked,
    CheckRequest,
    CompareRequest,
    FineTuned,
    FineTuneRequest,
    Predicted,
    PredictRequest,
    Previewed,
    PreviewRequest,
    ProbeRequest,
    Request,
)

if TYPE_CHECKING:
    from napari_unet.models.model import Model


def perform(request: Request, folder: Path) -> Job:
    """Do what was asked: segment planes, learn corrections, compare models, or try the device.

    Parameters
    ----------
    request
        What was asked.
    folder
        Where a new model is written; it exists.

    Raises
    ------
    ValueError
        If the model, an image or a setting cannot be used; the sentence says what helps.
    """
    match request:
        case PredictRequest():
            return (yield from _predict(request))
        case FineTuneRequest():
            return (yield from _fine_tune(request, folder))
        case CompareRequest():
            return (yield from _compare(request))
        case PreviewRequest():
            return (yield from _preview(request))
        case BlendRequest():
            return (yield from _blend(request, folder))
        case ProbeRequest():
            return (yield from _probe(request))
        case CheckRequest():
            return (yield from _check(request))


def warm_up() -> None:
    """Import ahead what the first job would otherwise wait for (torch takes seconds)."""
    for name in ("models.library", "inference.predict", "training.finetune"):
        import_module(f"napari_unet.{name}")


def give_memory_back() -> None:
    """Free what a job has left behind; the last two models stay loaded."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
    memory.give_back()


def _predict(request: PredictRequest) -> Job:
    yield Progress(phase="model", done=0, total=1)
    from napari_unet.inference.predict import predict_planes

    model = _load(request.model)
    yield from predict_planes(
        model,
        request.planes,
        request.settings,
        region=request.region,
        look_first=request.look_first,
    )
    return Predicted(model_id=model.card.id, settings=request.settings)


def _fine_tune(request: FineTuneRequest, folder: Path) -> Job:
    begun = time.monotonic()
    yield Progress(phase="model", done=0, total=1)
    from napari_unet.models.archive import write_model
    from napari_unet.models.library import file_name
    from napari_unet.training.finetune import fine_tuning
    from napari_unet.training.joining import Joins

    request = taken_up(request)
    model = _load(request.model)
    base = None if request.base is None else _load(request.base)
    tuned = yield from fine_tuning(
        model,
        request.corrections,
        request.settings,
        request.view,
        base=base,
        checkpoint=state_of(request),
        joins=Joins(joined_before(request), partial(keep_joining, request)),
        spent=time.monotonic() - begun,
    )
    # where it outlives the engine: its user may decide on it the next time
    path = Path(request.safe or folder) / file_name(tuned.model.card)
    write_model(tuned.model, path)
    return FineTuned(
        path=str(path),
        card=tuned.model.card,
        proof=tuned.proof,
        steps=tuned.steps,
        seconds=tuned.seconds,
    )


def _compare(request: CompareRequest) -> Job:
    yield Progress(phase="model", done=0, total=1)
    from napari_unet.inference.compare import comparing

    old, new = _load(request.old), _load(request.new)
    yield from comparing(old, new, request.plane, request.settings, request.region)
    return Predicted(model_id=new.card.id, settings=request.settings)


def _blend(request: BlendRequest, folder: Path) -> Job:
    yield Progress(phase="model", done=0, total=1)
    from napari_unet.models.archive import write_model
    from napari_unet.models.library import file_name
    from napari_unet.training.blending import SHARES, blending

    old, new = _load(request.old), _load(request.new)
    made = yield from blending(old, new, request.corrections, request.device)
    stops = []
    for model, proof in made:
        path = folder / file_name(model.card)
        write_model(model, path)
        stops.append(FineTuned(path=str(path), card=model.card, proof=proof, steps=0, seconds=0))
    return Blended(shares=list(SHARES), stops=stops)


def _preview(request: PreviewRequest) -> Job:
    yield Progress(phase="model", done=0, total=1)
    from napari_unet.training.preview import previewing

    model, base = _load(request.model), None if request.base is None else _load(request.base)
    sentence = yield from previewing(model, request.corrections, request.settings, base)
    return Previewed(sentence=sentence)


def _probe(request: ProbeRequest) -> Job:
    yield Progress(phase="model", done=0, total=1)
    from napari_unet.training.probe import probing

    return (yield from probing(_load(request.model), request.settings))


def _check(request: CheckRequest) -> Job:
    yield Progress(phase="device", done=0, total=1)
    from napari_unet.device import choose_device

    chosen = choose_device(request.device)
    return Checked(device=str(chosen.device), name=chosen.name, why=chosen.why)


def _load(name: str) -> Model:
    from napari_unet.models.library import find

    path = find(name)
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read(path: Path, changed_ns: int) -> Model:
    """The model of a file; the last two stay loaded while their files are the same."""
    from napari_unet.models.archive import read_model

    return read_model(path)
