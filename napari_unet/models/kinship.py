"""Whether two models are near enough to each other for models in between."""

from __future__ import annotations

from napari_unet.schema.model_card import ModelCard


def why_not_between(old: ModelCard, new: ModelCard) -> str:
    """Why there is no model between two, in one sentence; empty if there is.

    Parameters need the same network to have a mean, and the same input to be asked the same thing.
    """
    if (old.network, old.network_settings) != (new.network, new.network_settings):
        return "Between two networks of different shape there is nothing: keep one or the other."
    if (old.input, old.percentiles, old.rgb) != (new.input, new.percentiles, new.rgb):
        return "The new model is shown images in another way: there is nothing in between."
    return ""
