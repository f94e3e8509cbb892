"""How the plugin knows its own layers again: by what they carry, never by their names."""

from __future__ import annotations

from typing import Literal

from napari.layers import Image, Labels, Layer

KEY = "napari_unet"
Role = Literal[
    "probability",
    "masks",
    "known",
    "old mask",
    "new mask",
    "difference",
    "learning",
    "border weights",
    "uncertainty",
]
"""The last six are there for a while only, see `passing`, `weights` and `unsure`."""


def claim(layer: Image | Labels, role: Role, image: Image) -> None:
    """Write into a layer what it is, and of which image.

    Its own id is part of it: napari copies the metadata of a layer that is duplicated, and a copy
    is the user's, not ours.
    """
    mark = {"role": role, "layer": str(layer.unique_id), "image": str(image.unique_id)}
    layer.metadata = {**layer.metadata, KEY: mark}


def role_of(layer: Layer) -> Role | None:
    """What a layer is to us; None if it is the user's."""
    mark = layer.metadata.get(KEY, {})
    if mark.get("layer") != str(layer.unique_id):
        return None
    role: Role = mark["role"]
    return role
