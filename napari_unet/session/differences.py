"""Two models beside each other: their scores, and what differs in how they were made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pydantic.fields import FieldInfo

from napari_unet.schema.catalog import NETWORKS
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.proof import HeldOutScores
from napari_unet.schema.scores import Scores
from napari_unet.schema.settings import MaskSettings, NetworkSettings, Record, TrainSettings
from napari_unet.session.lineage import learnt_text, measured


class Row(NamedTuple):
    """One thing of two models beside each other."""

    title: str
    first: str
    second: str


class Comparison(NamedTuple):
    """Two models beside each other."""

    scores: tuple[Row, ...]
    same_pixels: bool
    """Whether both were measured on the same pixels; if not, scores say little of the two."""
    settings: tuple[Row, ...]
    """What differs in how they were made and how they see images."""


def compare(first: ModelCard, second: ModelCard) -> Comparison:
    """Put the scores of two models beside each other, and what differs in how they were made."""
    one, other, same = _measured(first, second)
    return Comparison(
        scores=tuple(_score_rows(one, other)),
        same_pixels=same,
        settings=tuple(row for row in _rows(first, second) if row.first != row.second),
    )


def _measured(first: ModelCard, second: ModelCard) -> tuple[Scores | None, Scores | None, bool]:
    """The scores of both, if possible those that a proof has measured on the same pixels."""
    for old, new in ((first, second), (second, first)):
        training = new.training
        proof = training.proof if training else None
        if training and proof and old.id == (training.chosen or new.parent):
            scores = proof.before, proof.after
            return (*(scores if old is first else scores[::-1]), True)
    images = [card.training.images if card.training else () for card in (first, second)]
    return measured(first), measured(second), bool(images[0]) and images[0] == images[1]


def _score_rows(first: Scores | None, second: Scores | None) -> Iterator[Row]:
    for name, field in HeldOutScores.model_fields.items():
        values = [getattr(scores, name, None) for scores in (first, second)]
        if name != "images" and any(isinstance(value, float) for value in values):
            shown = ("–" if value is None else f"{value:.2f}" for value in values)
            yield Row(field.title or name, *shown)


def _rows(first: ModelCard, second: ModelCard) -> Iterator[Row]:
    """All that both cards say of how the models were made and see images."""
    both = (first, second)
    networks = [NETWORKS[c.network].title if c.network in NETWORKS else c.network for c in both]
    yield Row("Network", *networks)
    yield from _of(NetworkSettings, *(card.network_settings.model_dump() for card in both))
    yield Row("Input", *(card.input.sentence for card in both))
    yield from _of(MaskSettings, *(card.mask.model_dump() for card in both))
    yield Row("Learnt from", *(learnt_text(card) for card in both))
    if first.training and second.training:
        yield Row("Steps made", _text(first.training.steps), _text(second.training.steps))
    yield from _of(TrainSettings, first.recipe, second.recipe)
    for package in sorted(first.versions.keys() & second.versions.keys()):
        yield Row(package, first.versions[package], second.versions[package])


def _of(
    record: type[Record], first: Mapping[str, object], second: Mapping[str, object]
) -> Iterator[Row]:
    """The fields of a record of settings, those of records in it too.

    An older card says nothing of fields that came later: they are left out.
    """
    for name, field in record.model_fields.items():
        if name not in first or name not in second:
            continue
        values = first[name], second[name]
        inner = _inner(field)
        if inner is not None:
            yield from _of(inner, *(v if isinstance(v, Mapping) else {} for v in values))
        else:
            yield Row(field.title or name, *(_text(value) for value in values))


def _inner(field: FieldInfo) -> type[Record] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Record) else None


def _text(value: object) -> str:
    """A value as a person reads it; a dash where there is none."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.9g}" if isinstance(value, int | float) else str(value)
