"""What corrections teach: accuracy by corrected regions, seconds of training, and who trains.

A row is one training: a kind of image, who trains (the product, or what somebody would do without
it), how regions of 256 x 256 pixels were corrected, how many, seconds of training, a seed.

- ``python -m benchmarks.learning --base`` trains the model that knows fluorescence only, into
  ``runs/``; stained tissue and brightfield need it. Interrupted, it goes on when given again.
- ``python -m benchmarks.learning`` makes every row that is not there yet, one file a row in
  ``benchmarks/learning/``; ``--kinds --who --hands --regions --seconds --seeds`` choose some, and
  ``--part 1 4`` the first of four parts of these, so that several processes work side by side.
  A row is made again where its file was deleted, and never otherwise.
- ``python -m benchmarks.learning_tables`` writes the page.

Seconds are those of the processor, with one thread, so that other work beside does not count.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple, cast
from unittest.mock import patch

import torch

import napari_unet
from benchmarks.kinds import KINDS, base_model, fingerprint, mask_of, score, train_fluorescence
from benchmarks.regions import Hand, correct, regions
from benchmarks.rivals import RIVALS, everything
from napari_unet import disk, memory
from napari_unet.models.model import Model
from napari_unet.schema.correction import Correction
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.training.auto_input import find_input, shown_so
from napari_unet.training.finetune import fine_tune

ROWS = Path(__file__).with_name("learning")
COUNTS, SECONDS, SEEDS = (1, 2, 4, 8), (5, 20, 60), range(5)
CEILING_S = 600
Row = dict[str, Any]


class Cell(NamedTuple):
    """One row of the benchmark."""

    kind: str
    who: str
    """ "product", one of `RIVALS`, "ceiling" (all training images), "base" (nothing learnt), or
    "input" (nothing learnt, but the input chosen that suits the corrections)."""
    hand: str = "none"
    regions: int = 0
    seconds: int = 0
    seed: int = 0

    @property
    def name(self) -> str:
        """Of its file."""
        return "-".join(map(str, self)).replace(" ", "_")


WHO = ("input", "product", *RIVALS, "ceiling")
HANDS = {"product": ("dense", "strokes"), "only strokes": ("strokes",)}
"""How corrections are made for whom; for all others by outlines."""


def with_input(base: Model, corrections: Sequence[Correction]) -> Model:
    """The base, shown what suits these corrections; its parameters stay as they are."""
    card = shown_so(base.card, find_input(base, corrections, "cpu"))
    return Model(card, base.parameters)


def cells(
    kinds: Sequence[str] = tuple(KINDS),
    who: Sequence[str] = WHO,
    hands: Sequence[str] = ("dense", "strokes"),
    counts: Sequence[int] = COUNTS,
    seconds: Sequence[int] = SECONDS,
    seeds: Sequence[int] = SEEDS,
) -> Iterator[Cell]:
    """All rows that these values ask for: one seed after the other, the ceilings last."""
    for kind in kinds:
        yield Cell(kind, "base")
    if "input" in who and "dense" in hands:
        for seed, kind in product(seeds, kinds):
            yield Cell(kind, "input", "dense", 1, 0, seed)
    for seed, kind, one, count, s in product(seeds, kinds, who, counts, seconds):
        if one not in ("input", "ceiling"):
            for hand in HANDS.get(one, ("dense",)):
                if hand in hands:
                    yield Cell(kind, one, hand, count, s, seed)
    if "ceiling" in who:
        for seed, kind in product(seeds, kinds):
            yield Cell(kind, "ceiling", "dense", 0, CEILING_S, seed)


def measure(cell: Cell) -> Row:
    """Train as a cell says, and score on the val images of its kind and on old kinds."""
    kind = KINDS[cell.kind]
    base = base_model(kind.base)
    with processor_time():
        model, said = _taught(cell, base)
    return {
        **cell._asdict(),
        **said,
        "new": score(model, kind.images("val")),
        "old": score(_shown_as(model, base), kind.old_images()),
        "base": fingerprint(base),
        "base_has_pack": base.pack is not None,
        "program": program(),
        "torch": torch.__version__,
        "machine": platform.machine(),
        "processor": torch.cpu.get_capabilities().get("cpu_name", ""),
    }


@contextmanager
def processor_time() -> Iterator[None]:
    """Let budgets of time be those of the processor: other work beside does not count."""
    with patch.object(time, "monotonic", time.process_time):
        yield


def _shown_as(model: Model, base: Model) -> Model:
    """A model that is shown images as another one is: old ones need no other input than before."""
    card = model.card.model_copy(update={"input": base.card.input, "mask": base.card.mask})
    return Model(card, model.parameters)


def _taught(cell: Cell, base: Model) -> tuple[Model, Row]:
    """The model that a cell asks for, and what there is to say about its training."""
    if cell.who == "base":
        return base, {}
    images = KINDS[cell.kind].images("train")
    if cell.who == "ceiling":
        return everything(base, images, cell.seconds, cell.seed), {"images": len(images)}
    done = [
        correct(place, cast(Hand, cell.hand), partial(mask_of, base), cell.seed)
        for place in regions(images, cell.regions, cell.seed)
    ]
    corrections = [one.correction for one in done]
    said: Row = {
        "hand_s": sum(one.seconds for one in done),
        "strokes": sum(one.strokes for one in done),
        "objects": sum(one.objects for one in done),
    }
    start = time.process_time()
    if cell.who == "input":
        model = with_input(base, corrections)
        said |= {"input": model.card.input.sentence}
    elif cell.who == "product":
        settings = FineTuneSettings(seconds=cell.seconds, seed=cell.seed, device="cpu")
        result = fine_tune(base, corrections, settings)
        model = result.model
        said |= {"proof": result.proof.model_dump(mode="json"), "steps": result.steps}
    else:
        model = RIVALS[cell.who](base, corrections, cell.seconds, cell.seed)
    return model, {**said, "training_s": time.process_time() - start}


@cache
def program() -> str:
    """Eight digits that tell apart rows which different states of the package have made."""
    package = Path(napari_unet.__file__).parent
    rooms = ("augment", "images", "inference", "losses", "models", "networks", "schema", "training")
    digest = hashlib.sha256()
    for path in sorted(path for room in rooms for path in (package / room).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def make(wanted: Sequence[Cell], rows: Path = ROWS) -> None:
    """Make the rows that are not there yet; each is written down at once."""
    rows.mkdir(exist_ok=True)
    for cell in wanted:
        path = rows / f"{cell.name}.json"
        if not path.exists():
            row = measure(cell)
            disk.write_text(path, json.dumps(row, indent=1) + "\n")
            print(time.strftime("%H:%M:%S"), json.dumps(row), flush=True)


def main() -> None:
    """Make the rows that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", action="store_true")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--who", nargs="+", choices=WHO, default=list(WHO))
    parser.add_argument("--hands", nargs="+", choices=["dense", "strokes"])
    parser.add_argument("--regions", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--seconds", type=int, nargs="+", default=SECONDS)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--part", type=int, nargs=2, metavar=("N", "OF"), default=(1, 1))
    given = parser.parse_args()
    memory.set_up()
    torch.set_num_threads(1)
    program()
    if given.base:
        print(train_fluorescence())
        return
    hands = given.hands or ["dense", "strokes"]
    wanted = list(cells(given.kinds, given.who, hands, given.regions, given.seconds, given.seeds))
    number, parts = given.part
    make(wanted[number - 1 :: parts])


if __name__ == "__main__":
    main()
