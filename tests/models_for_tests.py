"""Tiny seeded models that tests share."""

from napari_unet.models.model import Model
from napari_unet.networks.build import build_network
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import NetworkSettings


def tiny_model(network="unet", seed=0, name="Tiny", rgb="luminance", **settings):
    """A model of two features and three levels, with freshly drawn parameters."""
    settings = NetworkSettings(**{"features": 2, "depth": 3, **settings})
    parameters = build_network(network, settings, seed).state_dict()
    card = ModelCard(name=name, network=network, network_settings=settings, rgb=rgb)
    return Model(card, parameters)
