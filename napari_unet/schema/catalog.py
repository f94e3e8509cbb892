"""What can be chosen by name: networks and losses, each "module:Class".

Adding one is a file and a line here; ``tests/test_catalog.py`` picks it up.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

NETWORKS: Mapping[str, str] = MappingProxyType(
    {
        "unet": "napari_unet.networks.unet:UNet",
        "unet++": "napari_unet.networks.unetplusplus:UNetPlusPlus",
        "fcn-32s": "napari_unet.networks.fcn:FCN32s",
        "fcn-16s": "napari_unet.networks.fcn:FCN16s",
        "fcn-8s": "napari_unet.networks.fcn:FCN8s",
    }
)

LOSSES: Mapping[str, str] = MappingProxyType(
    {
        "border-weighted-ce": "napari_unet.losses.cross_entropy:BorderWeightedCrossEntropy",
        "border-weighted-ce+dice": "napari_unet.losses.combined:BorderWeightedCrossEntropyDice",
        "dice": "napari_unet.losses.dice:DiceLoss",
        "bce+dice": "napari_unet.losses.combined:BCEDiceLoss",
    }
)


def resolve(catalog: Mapping[str, str], name: str) -> Any:
    """The class behind a name of a catalogue.

    Raises
    ------
    ValueError
        If there is no such name; the sentence lists those that there are.
    """
    if name not in catalog:
        raise ValueError(f"There is no '{name}'. Choose one of: {', '.join(catalog)}.")
    module, _, attribute = catalog[name].partition(":")
    return getattr(import_module(module), attribute)
