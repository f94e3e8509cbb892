"""The proof of a fine-tuning: what it changed, and whether the new model is to be kept."""

from __future__ import annotations

from pydantic import Field

from napari_unet.schema.input import AutoInput
from napari_unet.schema.scores import Scores
from napari_unet.schema.settings import Record


class HeldOutScores(Scores):
    """Scores of one model on what was held out from training, with those that it is judged by.

    The first four are None where masks hold classes.
    """

    ap50: float | None = Field(
        None, title="AP50", description="TP / (TP + FP + FN) at IoU 0.5, all held-out objects."
    )
    boundary_f1: float | None = Field(
        None, title="Outline F1", description="Outlines that lie within 2 pixels of the true ones."
    )
    touching_pairs: int | None = Field(
        None, title="Touching", description="Pairs of true objects that touch."
    )
    merged_pairs: int | None = Field(
        None, title="Merged", description="Touching pairs that are one object in the mask."
    )

    @property
    def plain(self) -> Scores:
        """Those of them that every model has on its card."""
        return Scores(**self.model_dump(include=set(Scores.model_fields)))


ADVICE = "Correct one more region."
"""What a person can do when nothing better came out: part of the sentence of a refusal."""


class Proof(Record):
    """What fine-tuning changed: both models on the same objects, and the verdict.

    A model that is refused can be kept all the same, if a person wants it.
    """

    before: HeldOutScores
    after: HeldOutScores
    held_out: bool = True
    """False: there were no held-out pixels, so these are the pixels that it was trained on."""
    held_out_objects: int = 0
    """True objects that both were scored on, pieces of objects included."""
    interval: tuple[float, float] | None = None
    """95 % interval of the difference of the object F1; None of masks of classes."""
    collapsed: bool = False
    """The new mask has less than half of the true object, or of the true background."""
    replay_before: float | None = None
    """IoU on images like those that the model was trained on before; None if there are none."""
    replay_after: float | None = None
    auto_input: AutoInput | None = None
    """The input that was found for both; None if nobody looked for one."""
    accepted: bool = True
    reason: str = ""
    """Why it was refused, as half a sentence; empty if it was accepted."""
    sentence: str = ""
    """The verdict in one sentence."""
