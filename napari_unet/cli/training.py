"""``napari-unet train`` and ``napari-unet fine-tune``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from napari_unet.cli.options import (
    FLAT,
    OF_THE_NETWORK,
    FineTuneOptions,
    Images,
    Json,
    Labels,
    ModelName,
    NetworkName,
    NetworkOptions,
    RecipeName,
    Switch,
    TrainOptions,
    WrongCall,
    chosen,
    most,
    over,
)
from napari_unet.cli.progress import run, run_in_silence
from napari_unet.cli.report import print_proof, print_scores, proof_content, write_json
from napari_unet.jobs.failure import failed
from napari_unet.models.library import DEFAULT_MODEL
from napari_unet.schema.events import Event, StepDone, Validated
from napari_unet.schema.recipe import DEFAULT_RECIPE
from napari_unet.schema.settings import FineTuneSettings, TrainSettings
from napari_unet.session.wording import many

if TYPE_CHECKING:
    from napari_unet.models.model import Model

NewModel = Annotated[
    Path, Parameter(help="The new model file (.safetensors); a model is never overwritten.")
]


class History:
    """Remembers how a training went."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.steps = 0
        self.loss: float | None = None
        self.tests: list[dict[str, object]] = []

    def listen(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case StepDone(step=step, loss=loss):
                self.steps, self.loss = step, loss
            case Validated(step=step, scores=scores):
                self.tests.append({"step": step, **scores.model_dump()})

    def content(self) -> dict[str, object]:
        """For the JSON file."""
        seconds = round(time.monotonic() - self.started, 1)
        return {"steps": self.steps, "seconds": seconds, "loss": self.loss, "tests": self.tests}


def train(
    *,
    images: Images,
    out: NewModel,
    network: NetworkName | None = None,
    recipe: RecipeName = DEFAULT_RECIPE,
    labels: Labels = None,
    val_images: Path | None = None,
    val_labels: Path | None = None,
    class_names: Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")] = (),
    json_: Json = None,
    settings: Annotated[TrainOptions, FLAT] = TrainOptions(),  # noqa: B008 (frozen)
    shape: Annotated[NetworkOptions, OF_THE_NETWORK] = NetworkOptions(),  # noqa: B008 (frozen)
) -> bool:
    """Train a new network on folders of images and labels.

    Options that are left out are as the recipe says, a network that is left out too. Labels are
    objects, or classes where --classes says how many. Colour images are turned grey. With --seconds
    and no --steps, the time alone ends the training. Ctrl-C keeps the best so far.

    On two GPUs: `torchrun --nproc_per_node=2 -m napari_unet train ...`. Each process takes one, and
    its share of every batch, which has to be a multiple of their number; the first one judges and
    writes the model. Tried with processes on the CPU so far, where the model is that of one process
    up to rounding.

    Parameters
    ----------
    val_images
        Folder of images that are never trained on: the parameters that do best on them are kept.
    val_labels
        Their labels. Left out, they lie beside these images as `<stem>_masks`.
    class_names
        What the classes are called, one name for each from class 0 on; see --classes.
    """
    from napari_unet.images.pairs import pair
    from napari_unet.networks.build import network_settings
    from napari_unet.training.distributed import together
    from napari_unet.training.folders import model_from_folders
    from napari_unet.training.recipes import read_recipe

    if val_labels and not val_images:
        raise WrongCall("Give --val-images with --val-labels, or neither.")
    _check_free(out)
    pairs = pair(images, labels)
    judged = pair(val_images, val_labels) if val_images else []
    data = f"{many(len(pairs), 'image')} of '{images.resolve().name}'"
    taken = read_recipe(recipe)
    network = network or taken.network
    sized = network_settings(network, chosen(taken.network_settings), **chosen(shape))
    if len(class_names) not in (0, sized.classes):
        raise WrongCall(
            f"--class-names gives {len(class_names)} names, and --classes is {sized.classes}: name "
            "each class, the first included."
        )
    plan = _limited(over(taken.train, settings), settings)
    history = History()
    with together(plan.device) as world:
        job = model_from_folders(
            network,
            sized,
            plan,
            pairs,
            judged,
            name=out.stem,
            data=data,
            class_names=class_names,
            world=world,
        )
        model = run(job, "train", history.listen) if world.is_first else run_in_silence(job)
    if not world.is_first:
        return True
    written = _write(model, out)
    scores = model.card.scores
    if scores is not None:
        held_out = many(len(judged), "held-out image")
        print_scores("", [(held_out, scores)], model.card.names_of_classes)
    print(f"{many(history.steps, 'step')} on {many(len(pairs), 'image')} -> {written}")
    made = {"model": str(written), "network": network, "images": len(pairs), **history.content()}
    write_json(json_, made | {"scores": scores and scores.model_dump()})
    return written == out


def fine_tune(
    *,
    images: Images,
    out: NewModel,
    labels: Labels = None,
    model: ModelName = DEFAULT_MODEL,
    known: Path | None = None,
    keep_anyway: Switch = False,
    json_: Json = None,
    settings: Annotated[FineTuneOptions, FLAT] = FineTuneOptions(),  # noqa: B008 (frozen)
) -> bool:
    """Teach a model your corrections, and prove on held-out pixels what it learnt.

    The model itself is never changed. A new one is written if it is better on what was held out
    from training; if not, nothing is, the last lines say why, and the exit status is 1. With
    --steps and no --seconds, the steps alone end it. Ctrl-C keeps the best so far.

    Where the model was fine-tuned itself, training starts from the base that it descends from, if
    that is in the library; --go-on starts from the model. The proof compares with the model always.

    Parameters
    ----------
    known
        Folder with the same file stems: 0 where you do not vouch for the labels. Left out, it is
        read from `<stem>_known` beside the labels, and all pixels count where there is none.
    keep_anyway
        Write the new model even if it is not better.
    """
    from napari_unet.images.pairs import pair
    from napari_unet.models.library import load_model
    from napari_unet.training.distributed import is_one_of_many
    from napari_unet.training.finetune import fine_tuning
    from napari_unet.training.folders import corrections_in

    if is_one_of_many():
        raise WrongCall("One process is enough for a fine-tuning: call it without torchrun.")
    _check_free(out)
    loaded = load_model(model)
    corrections = corrections_in(pair(images, labels, known), loaded.card.classes)
    history = History()
    base = _base(loaded, settings)
    job = fine_tuning(loaded, corrections, _budgeted(settings), base=base)
    tuned = run(job, "fine-tune", history.listen)
    better = tuned.proof.accepted
    written = _write(tuned.model, out) if better or keep_anyway else None
    print_proof(tuned.proof, loaded.card.names_of_classes)
    outcome = " and nothing was written (see --keep-anyway)"
    if written:
        outcome = f"{'' if better else ', and the new one is kept anyway'} -> {written}"
    print(f"{many(tuned.steps, 'step')} on {many(len(corrections), 'image')}{outcome}")
    made: dict[str, object] = {"out": str(written) if written else None}
    made |= {"parent": tuned.model.card.parent, "seed": settings.seed}
    made |= {"images": len(corrections), **history.content()}
    write_json(json_, made | proof_content(tuned.proof))
    return written == out


def _base(model: Model, settings: FineTuneSettings) -> Model | None:
    """What training starts from instead of the model, which is said; None is the model itself."""
    from napari_unet.models.library import list_models, load_model
    from napari_unet.session.lineage import base_of
    from napari_unet.session.teaching import start_text

    base = base_of(list_models(), model.card)
    if base is None or not settings.starts_from_base:
        return None
    print(start_text(base))
    return load_model(base.path)


def _limited(settings: TrainSettings, given: TrainSettings) -> TrainSettings:
    """Let a limit that is given count alone: others, the recipe's too, do not end it before."""
    limits = chosen(given).keys() & {"steps", "epochs", "seconds"}
    if not limits or "epochs" in limits:
        return settings
    steps = settings.steps if "steps" in limits else most(TrainSettings, "steps")
    return settings.model_copy(update={"steps": steps, "epochs": None})


def _budgeted(settings: FineTuneSettings) -> FineTuneSettings:
    """Where only steps are given, let no time end the training before them."""
    given = settings.model_fields_set
    if "steps" not in given or "seconds" in given:
        return settings
    return settings.model_copy(update={"seconds": most(FineTuneSettings, "seconds")})


def _check_free(out: Path) -> None:
    """Find what is in the way before the training, not after it."""
    if out.exists():
        raise ValueError(f"'{out}' exists, and a model is never overwritten; name another file.")
    if not out.parent.is_dir():
        raise ValueError(f"There is no folder '{out.parent}'; make it first.")
    try:
        TemporaryFile(dir=out.parent).close()
    except OSError as error:
        raise ValueError(
            f"Nothing can be saved in '{out.parent}' ({error.strerror}); name another folder."
        ) from error


def _write(model: Model, out: Path) -> Path:
    """Write a trained model, elsewhere where its place does not take it; returns its file."""
    from napari_unet.models.archive import write_model

    try:
        write_model(model, out)
    except (OSError, ValueError) as error:
        elsewhere = Path(mkdtemp(prefix="napari-unet-")) / out.name
        write_model(model, elsewhere)
        notice = f"The model is in '{elsewhere}' instead: move it from there."
        print(f"napari-unet: {failed(error).sentence} {notice}", file=sys.stderr)
        return elsewhere
    return out
