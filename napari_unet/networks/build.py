"""Build a network by its name, and make it faster without changing its answers."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from napari_unet.networks.blocks import StandardizedConv2d
from napari_unet.networks.network import Network
from napari_unet.schema.catalog import NETWORKS, resolve
from napari_unet.schema.settings import NetworkSettings


def network_settings(
    name: str, suggested: Mapping[str, Any] = MappingProxyType({}), **given: Any
) -> NetworkSettings:
    """The shape of a network: what is given, and for the rest what its paper says.

    Parameters
    ----------
    name
        Its name in `napari_unet.schema.catalog.NETWORKS`.
    suggested
        What comes before its paper, by the name of the setting: that of a recipe, say, which was
        made for another network. What is part of what this one is stays as it is.
    given
        What somebody wants of this network.

    Raises
    ------
    ValueError
        If there is no such network, or what is given is out of range.
    """
    network: type[Network] = resolve(NETWORKS, name)
    open_to_it = {key: value for key, value in suggested.items() if key not in network.fixed}
    return NetworkSettings(**{**dict(network.defaults), **open_to_it, **given})


def build_network(name: str, settings: NetworkSettings, seed: int = 0) -> Network:
    """Build a network of the catalogue with freshly drawn parameters.

    Parameters
    ----------
    name
        Its name in `napari_unet.schema.catalog.NETWORKS`.
    settings
        Its shape.
    seed
        Same seed, same parameters; the global random state is left as it was.

    Raises
    ------
    ValueError
        If there is no such network, or it is not itself with these settings.
    """
    network: type[Network] = resolve(NETWORKS, name)
    for field in sorted(network.fixed):
        value = getattr(network.defaults, field)
        if getattr(settings, field) != value:
            raise ValueError(_not_itself(name, field, value))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return network(settings)


def _not_itself(name: str, field: str, value: object) -> str:
    """Say that a setting is part of what a network is, and which networks leave it open."""
    title = (NetworkSettings.model_fields[field].title or field).lower()
    always = f"without {title}" if value is False else f"with {title} '{value}'"
    others = [other for other in NETWORKS if field not in resolve(NETWORKS, other).fixed]
    return (
        f"'{name}' is always built {always}: leave it out, or choose the network "
        f"{' or '.join(others)}."
    )


def on_device(network: Network, device: torch.device) -> Network:
    """The network on a device, its memory laid out channels-last, which convolutions like best."""
    network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def fuse(network: Network) -> Network:
    """A copy for prediction only, what normalises it folded into its convolutions."""
    fused = copy.deepcopy(network).eval().requires_grad_(False)
    for part in fused.modules():
        if isinstance(part, nn.Sequential):
            _fuse_sequence(part)
    return fused


def _fuse_sequence(sequence: nn.Sequential) -> None:
    for i, part in enumerate(sequence):
        if isinstance(part, StandardizedConv2d):
            sequence[i] = part.plain().requires_grad_(False)
        elif isinstance(part, nn.BatchNorm2d):
            sequence[i - 1] = fuse_conv_bn_eval(cast(nn.Conv2d, sequence[i - 1]), part)
            sequence[i] = nn.Identity()
