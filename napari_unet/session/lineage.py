"""Which models descend from which: the family of a model, and the base that it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from napari_unet.models.library import Entry
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.scores import Scores
from napari_unet.session.wording import many, when_text


class Relative(NamedTuple):
    """A model of a family."""

    entry: Entry
    generation: int
    """Trainings between it and the base of the family."""


def base_of(models: Sequence[Entry], card: ModelCard) -> Entry | None:
    """The oldest forebear of a model that is still in the library; None where it has none there."""
    by_id = {entry.card.id: entry for entry in models}
    seen, found = {card.id}, None
    while card.parent in by_id and card.parent not in seen:
        found = by_id[card.parent]
        card = found.card
        seen.add(card.id)
    return found


def family(models: Sequence[Entry], card: ModelCard) -> list[Relative]:
    """All models of the library that descend from the base of this one, in the order of a tree.

    Each comes before those that were made from it; those of one parent come by age.
    """
    base = base_of(models, card)
    first = base or next((entry for entry in models if entry.card.id == card.id), None)
    return [] if first is None else list(_descent(models, first, 0, {first.card.id}))


def _descent(
    models: Sequence[Entry], entry: Entry, generation: int, seen: set[str]
) -> Iterator[Relative]:
    yield Relative(entry, generation)
    children = [one for one in models if one.card.parent == entry.card.id]
    for child in sorted(children, key=lambda one: one.card.created):
        if child.card.id not in seen:
            seen.add(child.card.id)
            yield from _descent(models, child, generation + 1, seen)


def line_text(entry: Entry) -> str:
    """When a model was made, on what, and how good it is, in one line."""
    parts = (made_text(entry), learnt_text(entry.card), score_text(entry.card))
    return ", ".join(part for part in parts if part)


def made_text(entry: Entry) -> str:
    """When a model was made, in this computer's time; of those that ship with us, just that."""
    created = entry.card.created.astimezone().replace(tzinfo=None)
    return "ships with the program" if entry.shipped else when_text(created)


def learnt_text(card: ModelCard) -> str:
    """What a model was taught, in few words; empty where nobody corrected anything for it."""
    images = card.training.images if card.training else ()
    text = many(len(images), "image") if images else ""
    if images and card.classes == 1:
        text += f", {many(sum(one.objects for one in images), 'object')}"
    joined = card.training.joined if card.training else ()
    if joined:
        text += f", {many(sum(one.regions for one in joined), 'region')} joined later"
    return text


def score_text(card: ModelCard) -> str:
    """How good a model is, by one score; of a model that was compared with another, both."""
    proof = card.training.proof if card.training else None
    scores = measured(card)
    if scores is None:
        return ""
    name, value = scores.headline
    before = f"{proof.before.headline[1]:.2f} -> " if proof else ""
    return f"{name} {before}{value:.2f}"


def measured(card: ModelCard) -> Scores | None:
    """The scores of a model that say most: of its proof, else those it was published with."""
    proof = card.training.proof if card.training else None
    return proof.after if proof else card.scores
