"""The file of a model: safetensors, with the card in its head."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from json import JSONDecodeError
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from napari_unet import disk
from napari_unet.schema.model_card import FORMAT_VERSION, ModelCard

if TYPE_CHECKING:
    from torch import Tensor

    from napari_unet.models.model import Model

SUFFIX = ".safetensors"


def read_card(path: Path) -> ModelCard:
    """Read what a model is, without torch and without its parameters.

    Raises
    ------
    ValueError
        If the file is no model of ours, or was made by a newer version; the sentence says which.
    """
    return _card(path, _head(path))


def _head(path: Path) -> dict[str, str]:
    if not path.is_file():
        raise ValueError(f"There is no model file '{path}'; check its name.")
    try:
        with safe_open(path, framework="np") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError, UnicodeDecodeError) as error:
        raise ValueError(f"'{path.name}' is damaged or no model file; get it again.") from error


def _card(path: Path, head: Mapping[str, str]) -> ModelCard:
    if "card" not in head:
        raise ValueError(f"'{path.name}' is no model of napari_unet: it has no card.")
    try:
        version = json.loads(head["card"])["format_version"]
        if version > FORMAT_VERSION:
            raise ValueError(
                f"'{path.name}' was made by a newer version; update napari-unet-finetune."
            )
        return ModelCard.model_validate_json(head["card"])
    except (KeyError, TypeError, RecursionError, JSONDecodeError, ValidationError) as error:
        raise ValueError(f"The card of '{path.name}' is damaged; get the file again.") from error


def read_model(path: Path) -> Model:
    """Read a model; every byte is checked before it is used.

    Raises
    ------
    ValueError
        If the file is damaged, no model of ours, or made by a newer version.
    """
    import torch
    from safetensors.torch import load

    from napari_unet.models.model import Model
    from napari_unet.models.pack import PREFIX, Pack

    head = _head(path)
    card = _card(path, head)
    try:
        tensors = load(path.read_bytes())
        digest = _digest(head["card"], tensors)
    except (SafetensorError, KeyError, RuntimeError, TypeError) as error:
        raise ValueError(f"'{path.name}' is damaged; get the file again.") from error
    if head.get("sha256") != digest:
        raise ValueError(f"'{path.name}' is damaged (its checksum differs); get the file again.")
    if not all(torch.isfinite(value).all() for value in tensors.values()):
        raise ValueError(f"'{path.name}' holds parameters that are no numbers; it cannot be used.")
    parameters = {name: v for name, v in tensors.items() if not name.startswith(PREFIX)}
    model = Model(card, parameters, Pack.of_tensors(tensors))
    model.network()
    return model


def write_model(model: Model, path: Path) -> None:
    """Write a model to a file, whole or not at all.

    Raises
    ------
    ValueError
        If the file exists: a model is never overwritten.
    """
    from safetensors.torch import save

    if path.exists():
        raise ValueError(f"'{path}' exists, and a model is never overwritten; name another file.")
    card = model.card.model_dump_json()
    pack = {} if model.pack is None else model.pack.tensors()
    tensors = {name: v.contiguous() for name, v in (*model.parameters.items(), *pack.items())}
    head = {"card": card, "sha256": _digest(card, tensors)}
    disk.write_bytes(path, save(tensors, metadata=head))


def _digest(card: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(card.encode())
    for name in sorted(tensors):
        array: np.ndarray = tensors[name].detach().cpu().numpy()
        digest.update(f"{name}{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
