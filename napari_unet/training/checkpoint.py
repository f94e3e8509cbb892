"""The state of a training on the disk, so that it can go on after a crash."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from napari_unet import disk
from napari_unet.networks.network import Network
from napari_unet.schema.model_card import Scores

if TYPE_CHECKING:
    from napari_unet.training.train import Trained


def save_checkpoint(
    path: Path, network: Network, optimizer: torch.optim.Optimizer, state: Trained
) -> None:
    """Write all that a run needs to go on as if nothing had happened."""
    buffer = io.BytesIO()
    content = {
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "best": state.parameters,
        "scores": state.scores.model_dump() if state.scores else None,
        "step": state.step,
        "behind": state.behind,
        "seconds": state.elapsed(),
    }
    torch.save(content, buffer)
    disk.write_bytes(path, buffer.getvalue())


def load_checkpoint(
    path: Path, network: Network, optimizer: torch.optim.Optimizer, state: Trained
) -> None:
    """Bring a run to where it was; does nothing where there is no checkpoint."""
    if not path.exists():
        return
    content = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(content["network"])
    optimizer.load_state_dict(content["optimizer"])
    state.parameters = content["best"]
    state.scores = Scores(**content["scores"]) if content["scores"] else None
    state.step, state.seconds = content["step"], content["seconds"]
    state.behind = content["behind"]
