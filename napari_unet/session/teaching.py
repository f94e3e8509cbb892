"""What corrections are taught to, and with which loss: the choices that there are, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from napari_unet.models.library import Entry
from napari_unet.schema.catalog import LOSSES, NETWORKS
from napari_unet.schema.settings import FineTuneSettings, LossSettings

_NOTHING_YET = "A new network knows nothing yet: correct more, and give it more time."


_FEW = (
    "Choose it where the model finds some of the cells: it needs few corrections and little time."
)
_BASE = (
    "As a rule: all corrections at hand are learnt anew, from the model that this one comes from."
)
_ON = (
    "Choose it where earlier corrections are no longer at hand: a model that is tuned again and "
    "again is drawn towards what it learnt first."
)
GO_ON = "go on"
"""Not the name of a network: to go on from the chosen model although it has a base."""


class Option(NamedTuple):
    """Something that can be chosen."""

    title: str
    when: str
    """When to choose it."""


def starts(has_base: bool = False) -> Mapping[str | None, Option]:
    """What fine-tuning can start from: a name of the catalogue is a new network.

    None is the model itself, or its base where it has one; then `GO_ON` is the model itself.
    """
    options: dict[str | None, Option] = {None: Option("This model", _FEW)}
    if has_base:
        options = {None: Option("The base of this model", _BASE), GO_ON: Option("This model", _ON)}
    for name, entry in NETWORKS.items():
        options[name] = Option(f"A new {entry.title}", f"{entry.when} {_NOTHING_YET}")
    return options


def losses() -> Mapping[str | None, Option]:
    """The losses of the catalogue."""
    return {name: Option(entry.title, entry.when) for name, entry in LOSSES.items()}


def verb(settings: FineTuneSettings) -> str:
    """What is done with corrections, as a button says it."""
    if settings.network is None:
        return "Fine-tune"
    return f"Teach a new {NETWORKS[settings.network].title}"


def start_of(settings: FineTuneSettings, has_base: bool) -> str | None:
    """Which of `starts` is chosen."""
    return GO_ON if settings.go_on and has_base and not settings.network else settings.network


def start_text(base: Entry | None) -> str:
    """What fine-tuning starts from if not from the chosen model; empty if it does from that."""
    if base is None:
        return ""
    return f"Starts from its base, '{base.card.name}', with all corrections at hand."


def unusual(settings: FineTuneSettings, has_base: bool = False, joins: bool = False) -> str:
    """What was chosen that is not as usual, in one line; empty if nothing was.

    A model that has no base goes on from itself in any case.
    """
    parts = []
    if settings.network is not None:
        parts.append(f"starts from a new {NETWORKS[settings.network].title}")
    elif settings.go_on and has_base:
        parts.append("goes on from the chosen model")
    if settings.loss.loss != LossSettings().loss:
        parts.append(f"loss: {LOSSES[settings.loss.loss].title}")
    if settings.network is None and not settings.auto_input:
        parts.append("input left as it is")
    if joins:
        parts.append("new regions join a running training")
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]
