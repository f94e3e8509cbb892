"""A prediction: probabilities, and which model and settings made them."""

from __future__ import annotations

from napari_unet.schema.arrays import Array, ArrayRecord
from napari_unet.schema.settings import PredictSettings

Box = tuple[int, int, int, int]
"""A rectangle of pixels: y start, x start, y stop, x stop."""


class Prediction(ArrayRecord):
    """Probabilities, and which model and settings made them.

    Parameters
    ----------
    probabilities
        float32, (class, y, x), or (plane, class, y, x) for a stack; one class is the probability
        of *object*, more are classes of which the first is background.
    model_id, settings
        What made them.
    """

    probabilities: Array
    model_id: str
    settings: PredictSettings
