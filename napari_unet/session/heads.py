"""Which heads a model has: only a UNet++ with deep supervision can stop at a shallower one."""

from __future__ import annotations

from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import PredictSettings


def heads_of(card: ModelCard) -> tuple[str, ...]:
    """The values of `PredictSettings.head` that a model understands, without the first."""
    shape = card.network_settings
    return tuple(f"L{level}" for level in range(1, shape.depth)) if shape.deep_supervision else ()


def with_heads_of(card: ModelCard | None, settings: PredictSettings) -> PredictSettings:
    """The same settings, but all heads where the one that was chosen is not there."""
    if card is not None and settings.head in ("accurate", *heads_of(card)):
        return settings
    return settings.model_copy(update={"head": "accurate"})


def why_no_choice(card: ModelCard | None) -> dict[str, str]:
    """Why heads cannot be chosen, by the name of the setting; nothing where they can."""
    if card is None or heads_of(card):
        return {}
    return {"head": "This model has one head only; a UNet++ with deep supervision has several."}
