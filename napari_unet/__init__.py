"""Segment, correct and fine-tune U-Nets on your own microscopy images, inside napari.

Importing this package imports nothing heavy; torch is loaded when a function first needs it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WHERE = {
    "list_models": "napari_unet.models.library",
    "load_model": "napari_unet.models.library",
    "predict": "napari_unet.inference.predict",
    "predict_into": "napari_unet.inference.into",
    "fine_tune": "napari_unet.training.finetune",
    "evaluate": "napari_unet.training.evaluate",
}

__all__ = [
    "__version__",
    "evaluate",
    "fine_tune",
    "list_models",
    "load_model",
    "predict",
    "predict_into",
]

if TYPE_CHECKING:
    from napari_unet.inference.into import predict_into
    from napari_unet.inference.predict import predict
    from napari_unet.models.library import list_models, load_model
    from napari_unet.training.evaluate import evaluate
    from napari_unet.training.finetune import fine_tune


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'napari_unet' has no attribute '{name}'")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
