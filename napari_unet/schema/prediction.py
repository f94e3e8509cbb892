"""A prediction: probabilities, and which model and settings made them."""

from __future__ import annotations

from pydantic import ConfigDict

from napari_unet.schema.arrays import Array
from napari_unet.schema.settings import PredictSettings, Record

Box = tuple[int, int, int, int]
"""A rectangle of pixels: y start, x start, y stop, x stop."""


class Prediction(Record):
    """Probabilities, and which model and settings made them.

    Parameters
    ----------
    probabilities
        float32, (class, y, x), or (plane, class, y, x) for a stack; one class is the probability
        of *object*, more are classes of which the first is background.
    model_id, settings
        What made them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    probabilities: Array
    model_id: str
    settings: PredictSettings
