"""What can be chosen by name: networks and losses, and when to choose which.

Adding one is a file and an entry here; its contract tests, the command line and the pages of the
documentation pick it up. Reading this imports no torch, so that the window can show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

Border = Literal["none", "2015", "2019"]


class Entry(NamedTuple):
    """One thing that can be chosen."""

    path: str
    """Where it is, "module:Class"."""
    title: str
    """What people call it."""
    when: str
    """When to choose it: one sentence for a biologist."""
    border: Border = "none"
    """Losses only: the border weights that belong to it."""


NETWORKS: Mapping[str, Entry] = MappingProxyType(
    {
        "unet": Entry(
            "napari_unet.networks.unet:UNet",
            "U-Net",
            "Choose it before the others: it learns most kinds of cells from few annotated images.",
        ),
        "unet-2015": Entry(
            "napari_unet.networks.unet_2015:UNet2015",
            "U-Net (2015)",
            "Choose it where your methods section has to mean the network of the paper exactly.",
        ),
        "unet-keras": Entry(
            "napari_unet.networks.unet_keras:UNetKeras",
            "U-Net (Keras)",
            "Choose it to repeat work that was done with one of the many U-Nets written in Keras.",
        ),
        "unet++": Entry(
            "napari_unet.networks.unetplusplus:UNetPlusPlus",
            "UNet++",
            "Choose it to see where the network is unsure, or to make it faster later by stopping "
            "at a shallow head.",
        ),
        "fcn-32s": Entry(
            "napari_unet.networks.fcn:FCN32s",
            "FCN-32s",
            "Choose it as the plainest baseline: it tells where things are, not their outlines.",
        ),
        "fcn-16s": Entry(
            "napari_unet.networks.fcn:FCN16s",
            "FCN-16s",
            "Choose it to compare with the literature, between FCN-32s and FCN-8s.",
        ),
        "fcn-8s": Entry(
            "napari_unet.networks.fcn:FCN8s",
            "FCN-8s",
            "Choose it to compare with the classic before U-Net; thin gaps are not its strength.",
        ),
    }
)

LOSSES: Mapping[str, Entry] = MappingProxyType(
    {
        "border-weighted-ce+dice": Entry(
            "napari_unet.losses.combined:BorderWeightedCrossEntropyDice",
            "Border-weighted cross entropy + Dice",
            "Choose it first: it keeps touching cells apart and is steady in short trainings.",
            border="2015",
        ),
        "border-weighted-ce": Entry(
            "napari_unet.losses.cross_entropy:BorderWeightedCrossEntropy",
            "Border-weighted cross entropy (2015)",
            "Choose it to train as in the U-Net paper, where cells touch and must be told apart.",
            border="2015",
        ),
        "border-weighted-ce-2019": Entry(
            "napari_unet.losses.cross_entropy:BorderWeightedCrossEntropy2019",
            "Border-weighted cross entropy (2019)",
            "Choose it to train as U-Net's Fiji plugin does: for crowded cells in a lot of empty "
            "background.",
            border="2019",
        ),
        "ce": Entry(
            "napari_unet.losses.cross_entropy:CrossEntropy",
            "Cross entropy",
            "Choose it for classes that cover about the same area each.",
        ),
        "bce": Entry(
            "napari_unet.losses.binary:BinaryCrossEntropy",
            "Binary cross entropy",
            "Choose it where objects and background cover about the same area.",
        ),
        "weighted-bce": Entry(
            "napari_unet.losses.binary:WeightedBinaryCrossEntropy",
            "Weighted binary cross entropy",
            "Choose it where missing an object is worse than making one up, or the reverse, and "
            "you can say by how much.",
        ),
        "balanced-bce": Entry(
            "napari_unet.losses.binary:BalancedBinaryCrossEntropy",
            "Balanced binary cross entropy",
            "Choose it where objects cover a small part of the image and you do not want to say "
            "how small.",
        ),
        "focal": Entry(
            "napari_unet.losses.focal:FocalLoss",
            "Focal loss",
            "Choose it for a few small objects in a lot of background (strong imbalance).",
        ),
        "dice": Entry(
            "napari_unet.losses.dice:DiceLoss",
            "Dice loss",
            "Choose it where objects cover less of the image than background does (mild "
            "imbalance) and overlap is what you report.",
        ),
        "bce+dice": Entry(
            "napari_unet.losses.combined:BCEDiceLoss",
            "Half binary cross entropy + Dice",
            "Choose it to compare with published results of UNet++, which was trained with it.",
        ),
        "tversky": Entry(
            "napari_unet.losses.overlap:TverskyLoss",
            "Tversky loss",
            "Choose it in place of Dice where missed pixels are worse than made-up ones, as with "
            "thin or faint objects.",
        ),
        "sensitivity-specificity": Entry(
            "napari_unet.losses.overlap:SensitivitySpecificityLoss",
            "Sensitivity-specificity loss",
            "Choose it where you report sensitivity and specificity and know which matters more.",
        ),
    }
)


def resolve(catalog: Mapping[str, Entry], name: str) -> Any:
    """The class behind a name of a catalogue.

    Raises
    ------
    ValueError
        If there is no such name; the sentence lists those that there are.
    """
    module, _, attribute = catalog[known(catalog, name)].path.partition(":")
    return getattr(import_module(module), attribute)


def known(catalog: Mapping[str, Entry], name: str) -> str:
    """The name itself, if it is one of a catalogue.

    Raises
    ------
    ValueError
        If there is no such name; the sentence lists those that there are.
    """
    if name not in catalog:
        raise ValueError(f"There is no '{name}'. Choose one of: {', '.join(catalog)}.")
    return name
