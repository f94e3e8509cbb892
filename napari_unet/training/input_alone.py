"""What is left of a fine-tuning that taught a model nothing: the input that was found for it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from napari_unet.models.model import Model
from napari_unet.schema.input import AutoInput, InputSettings
from napari_unet.schema.proof import Proof
from napari_unet.training.card import training_record
from napari_unet.training.judging import Judgement
from napari_unet.training.lesson import Lesson
from napari_unet.training.proof import prove
from napari_unet.training.train import Trained


def told(proof: Proof, found: AutoInput | None) -> Proof:
    """The same proof, with the input that was found for the model; said where it is another."""
    if found is None:
        return proof
    changed = found.sentence != InputSettings().sentence
    line = proof.sentence + (f" Input: {found.sentence}." if changed else "")
    return proof.model_copy(update={"auto_input": found, "sentence": line})


def input_alone(
    old: Model, seeing: Model, before: Judgement, now: Judgement, lesson: Lesson
) -> tuple[Model, Proof] | None:
    """The old parameters with the input that was found, if that is better than what was.

    Parameters
    ----------
    old
        The model as it was.
    seeing
        The same with the input that was found.
    before, now
        How good each of them is on what is held out.
    lesson
        What was to be learnt.
    """
    proof = prove(before, now, lesson.is_held_out)
    if not proof.accepted:
        return None
    card = seeing.card.model_copy(
        update={
            "id": uuid4().hex,
            "name": f"{old.card.name.removesuffix(' (tuned)')} (tuned)",
            "parent": old.card.id,
            "created": datetime.now(UTC),
            "description": f"'{old.card.name}', shown images in another way; nothing was learnt.",
            "scores": now.scores.plain,
            "scores_by_kind": {},
            "training": training_record(Trained(parameters={}), lesson.corrections),
        }
    )
    line = f"{proof.sentence} Training taught it nothing more: its parameters are the old ones."
    proof = proof.model_copy(update={"sentence": line})
    return Model(card, seeing.parameters, seeing.pack), proof
