"""A trained model as one thing: its card and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from napari_unet.models.pack import Pack
from napari_unet.networks.build import build_network
from napari_unet.networks.network import Network
from napari_unet.schema.model_card import ModelCard


@dataclass(frozen=True)
class Model:
    """A trained model: what its card says, and the parameters that do it.

    Parameters
    ----------
    card
        What it is, what it saw, what it descends from.
    parameters
        Every tensor of its network's state, by name.
    pack
        Pictures of what it knows, shown again while it learns more; None is none.
    """

    card: ModelCard
    parameters: Mapping[str, Tensor]
    pack: Pack | None = None

    def network(self) -> Network:
        """A network with a copy of these parameters, on the CPU.

        Raises
        ------
        ValueError
            If the parameters are not those of the network that the card names.
        """
        network = build_network(self.card.network, self.card.network_settings)
        try:
            network.load_state_dict(dict(self.parameters), strict=True)
        except RuntimeError as error:
            raise ValueError(
                f"The parameters of '{self.card.name}' do not fit its network "
                f"({self.card.network}); get the model file again."
            ) from error
        return network
