"""The state of a training on the disk, so that it can go on after a crash."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from napari_unet import disk
from napari_unet.networks.network import Network
from napari_unet.schema.scores import Scores
from napari_unet.training.curve import Curve
from napari_unet.training.distributed import ALONE, World

if TYPE_CHECKING:
    from napari_unet.training.train import Trained


def save_checkpoint(
    path: Path, network: Network, optimizer: torch.optim.Optimizer, state: Trained, total: int
) -> None:
    """Write all that a run needs to go on as if nothing had happened.

    Beside it lies a small file of JSON that says how many of the ``total`` steps are done, for
    programs that have no torch.
    """
    buffer = io.BytesIO()
    content = {
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "best": state.parameters,
        "scores": state.scores.model_dump() if state.scores else None,
        "step": state.step,
        "behind": state.behind,
        "seconds": state.elapsed(),
        "curve": asdict(state.curve),
        "tests": state.tests,
        "random": torch.get_rng_state(),  # what dropout draws from
    }
    torch.save(content, buffer)
    done = json.dumps({"step": state.step, "steps": total})
    disk.write_text(path.with_name(f"{path.name}.json"), done)
    disk.write_bytes(path, buffer.getvalue())


def try_to_save(
    path: Path, network: Network, optimizer: torch.optim.Optimizer, state: Trained, total: int
) -> str:
    """The same where the disk may not allow it, which does not end the run.

    Returns
    -------
    Why it could not be saved, in one sentence; empty if it was.
    """
    try:
        save_checkpoint(path, network, optimizer, state, total)
    except OSError as error:
        return f"Training goes on, but a crash would lose it. {error.strerror or error}."
    return ""


def load_checkpoint(
    path: Path,
    network: Network,
    optimizer: torch.optim.Optimizer,
    state: Trained,
    world: World = ALONE,
) -> None:
    """Bring a run to where it was; does nothing where there is no checkpoint.

    Raises
    ------
    ValueError
        If not all processes of the run find the same one.
    """
    if path.exists():
        _load(path, network, optimizer, state, world)
    if world.agree(lambda: state.step) != state.step:
        raise ValueError(
            "The processes do not find the same state of the run: keep it in a folder that all see."
        )


def _load(
    path: Path, network: Network, optimizer: torch.optim.Optimizer, state: Trained, world: World
) -> None:
    content = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(content["network"])
    optimizer.load_state_dict(content["optimizer"])
    state.parameters = content["best"]
    state.scores = Scores(**content["scores"]) if content["scores"] else None
    state.step, state.seconds = content["step"], content["seconds"]
    state.behind = content["behind"]
    if "random" in content:  # those of older versions lack it
        state.curve, state.tests = Curve(**content["curve"]), content["tests"]
        if world.is_first:  # whose it was
            torch.set_rng_state(content["random"])
