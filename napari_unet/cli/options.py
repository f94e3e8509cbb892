"""Options of the command line, made from the records of settings (rule 3: declared once)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from napari_unet.schema.catalog import LOSSES, NETWORKS
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import (
    AugmentSettings,
    FineTuneSettings,
    LossSettings,
    MaskSettings,
    NetworkSettings,
    Record,
    TrainSettings,
)
from napari_unet.training.recipes import recipe_names


class WrongCall(ValueError):
    """The options of a call do not go together; the sentence says what to do."""


FLAT = Parameter(name="*")
"""The fields of a record become options of the verb itself."""

OF_THE_MODEL = Parameter(name="*", show_default=False)
"""The same; what is left out is as the model's card says."""

OF_THE_NETWORK = Parameter(name="*", show_default=False)
"""The same; what is left out is as the network's paper says."""

_HIDDEN = Parameter(parse=False)

Switch = Annotated[bool, Parameter(negative="")]
"""An option that is off where it is not given."""

ModelName = Annotated[str, Parameter(help="Name of a model of the library, or a model file.")]
NetworkName = Annotated[str, Parameter(choices=tuple(NETWORKS), help="Network to train.")]
RecipeName = Annotated[
    str,
    Parameter(
        help="Name of a recipe, or a file like one (.toml): what is not given here is as it says. "
        f"({', '.join(f'`{name}`' for name in recipe_names())})"
    ),
]
Images = Annotated[Path, Parameter(help="Folder of images (png, tif).")]
Labels = Annotated[
    Path | None,
    Parameter(
        help="Folder of labels with the same file stems: 0 is background, every other number one "
        "object, or with --classes every number one class. Left out, they lie beside the images as "
        "`<stem>_masks`."
    ),
]
Json = Annotated[Path | None, Parameter(help="Also write what is printed to this file, as JSON.")]


def _same(record: type[Record], field: str) -> Any:
    """A field exactly as another record declares it, to annotate it anew."""
    return record.model_fields[field]


class LossOptions(LossSettings):
    """The loss, chosen from the catalogue."""

    loss: Annotated[str, Parameter(choices=tuple(LOSSES))] = _same(LossSettings, "loss")


class TrainOptions(TrainSettings):
    """How a network is trained, without names within names."""

    loss: Annotated[LossOptions, FLAT] = LossOptions()
    augment: Annotated[AugmentSettings, FLAT] = AugmentSettings()


class FineTuneOptions(FineTuneSettings):
    """How a model learns corrections, without names within names."""

    network: Annotated[str | None, Parameter(choices=tuple(NETWORKS))] = _same(
        FineTuneSettings, "network"
    )
    loss: Annotated[LossOptions, FLAT] = LossOptions()


class NetworkOptions(NetworkSettings):
    """The shape of a network; what the images decide is no option."""

    in_channels: Annotated[int, _HIDDEN] = _same(NetworkSettings, "in_channels")
    classes: Annotated[
        int,
        Parameter(
            help="1: every number of the labels is one object. More: the numbers are classes that "
            "exclude each other, 0 to one less than this; the first is usually background."
        ),
    ] = _same(NetworkSettings, "classes")


def chosen(record: Record) -> dict[str, Any]:
    """The options that were given, by the name of their field."""
    return {name: getattr(record, name) for name in record.model_fields_set}


def mask_of_call(card: ModelCard, given: MaskSettings) -> MaskSettings:
    """How probabilities become objects: as is given, and for the rest as the model's card says."""
    if given.objects_of is not None and card.classes == 1:
        raise WrongCall(
            f"--objects-of is for models of classes, and '{card.name}' finds objects: leave it out."
        )
    return card.mask.model_copy(update=chosen(given))


def over(base: Record, given: Record) -> Any:
    """A record with the options that were given put over its own values."""
    update = {
        name: over(getattr(base, name), value) if isinstance(value, Record) else value
        for name, value in chosen(given).items()
    }
    return base.model_copy(update=update)


def most(record: type[Record], field: str) -> Any:
    """The largest value that a field of a record allows."""
    rules = record.model_fields[field].metadata
    return next(rule.le for rule in rules if hasattr(rule, "le"))
