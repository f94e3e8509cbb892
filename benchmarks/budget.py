"""Whether fine-tuning ends when its time is up, and whether it can be stopped at any second.

``python -m benchmarks.budget --out benchmarks/budget.json`` asks the engine of the window, a
process of its own, to fine-tune the starter models on a synthetic image that is confirmed as a
whole, with more steps than any time allows, and takes the time on the clock from the request to the
answer. Then it stops fine-tunings at random seconds, and predicts with the model that there is.
Rows that the file already holds are not measured again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from queue import SimpleQueue
from threading import Timer
from time import monotonic
from typing import Any

import numpy as np

from napari_unet.images.samples import cells
from napari_unet.inference.predict import predict
from napari_unet.jobs.engine.client import Engine
from napari_unet.jobs.messages import Done, Ending, Message
from napari_unet.models.library import find
from napari_unet.schema.correction import Correction
from napari_unet.schema.requests import CheckRequest, FineTuned, FineTuneRequest, Request
from napari_unet.schema.settings import FineTuneSettings

MODELS = ("nuclei-unet", "nuclei-unetplusplus")
SIDES = (256, 1024)
SECONDS = (20, 60, 120)
ENDLESS = 100_000
STOPS, STOPPED_WITHIN_S = 8, 30
Row = dict[str, Any]


def request(model: str, side: int, seconds: float) -> FineTuneRequest:
    """Teach a model one image, all of it."""
    image, labels = cells((side, side), look="phase", seed=0)
    known = np.ones(labels.shape, np.uint8)
    correction = Correction(image_id=f"{side} px", image=image, labels=labels, known=known)
    settings = FineTuneSettings(seconds=seconds, steps=ENDLESS, device="cpu")
    return FineTuneRequest(model=str(find(model)), corrections=[correction], settings=settings)


def answer(engine: Engine, asked: Request, stop_at: float | None = None) -> tuple[Ending, float]:
    """How a job ended, and after how many seconds."""
    endings: SimpleQueue[Ending] = SimpleQueue()

    def hear(message: Message) -> None:
        if isinstance(message, Ending):
            endings.put(message)

    begun = monotonic()
    engine.submit(asked, hear)
    if stop_at is not None:
        Timer(stop_at, engine.cancel).start()
    return endings.get(), monotonic() - begun


def tuned(ending: Ending) -> FineTuned | None:
    """The new model, if there is one."""
    result = ending.result if isinstance(ending, Done) else None
    return result if isinstance(result, FineTuned) else None


def kept(engine: Engine, times: Sequence[int], known: Sequence[Row]) -> Iterator[Row]:
    """Fine-tunings that are given some time, without those that are known already."""
    there = [(row["model"], row["side"], row["asked"]) for row in known]
    for asked in product(MODELS, SIDES, times):
        if asked not in there:
            ending, took = answer(engine, request(*asked))
            result = tuned(ending)
            row = dict(zip(("model", "side", "asked"), asked, strict=True))
            yield {**row, "took": took, "steps": result.steps if result else None}


def stopped(engine: Engine) -> Iterator[Row]:
    """Fine-tunings that are stopped at random."""
    random = np.random.default_rng(0)
    image, _ = cells((256, 256), look="phase", seed=1)
    for at in sorted(random.uniform(0, STOPPED_WITHIN_S, STOPS)):
        ending, took = answer(engine, request(MODELS[0], 256, 2 * STOPPED_WITHIN_S), float(at))
        result = tuned(ending)
        found = predict(image, model=result.path if result else MODELS[0])
        yield {
            "at": float(at),
            "after": float(took - at),
            "steps": result.steps if result else None,
            "predicts": bool(np.isfinite(found.probabilities).all()),
        }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=int, nargs="*", default=SECONDS)
    given = parser.parse_args()
    out, engine = given.out, Engine()
    rows: dict[str, list[Row]] = {"kept": [], "stopped": []}
    if out.exists():
        rows = json.loads(out.read_text())
    try:
        answer(engine, CheckRequest(device="cpu"))  # as the panel does when it opens
        jobs = {"stopped": stopped(engine), "kept": kept(engine, given.seconds, rows["kept"])}
        for name, made in jobs.items():
            for row in made if name == "kept" or not rows[name] else ():
                rows[name].append(row)
                print(row, flush=True)
                out.write_text(json.dumps(rows, indent=1))
    finally:
        engine.close()


if __name__ == "__main__":
    main()
