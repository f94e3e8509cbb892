"""How long each network takes for an image of 512 x 512 pixels.

``python -m benchmarks.speed --out benchmarks/speed.json`` predicts a whole image in one tile, what
a network is shown around it included, as the panel does; folded, batch 1. The networks take turns,
so that what else the machine does falls on all of them. On the CPU it is the time of the processor
in one thread; with ``--device cuda`` it is the time on the clock until the GPU is done.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np
import torch

from napari_unet.inference.tiled import predict_tiles
from napari_unet.networks.build import build_network, fuse, network_settings, on_device
from napari_unet.networks.network import Network
from napari_unet.schema.catalog import NETWORKS, resolve

SIDE_PX = 512
RUNS = 7
Row = dict[str, Any]


class Candidate(NamedTuple):
    """A network of one size."""

    network: str
    size: str
    """'ours', the settings of the starter models, or 'paper'."""
    settings: dict[str, Any]
    level: int | None = None
    """The head to stop at; None is all."""


def candidates() -> list[Candidate]:
    """Every network in our size, UNet++ head by head, and those of papers in theirs."""
    heads = {"features": 16, "normalization": "kernel", "deep_supervision": True}
    nested = {"features": 32, "normalization": "none", "deep_supervision": True}
    papers = [name for name in NETWORKS if name not in ("unet", "unet++")]
    return [
        *(Candidate(name, "ours", _ours(name)) for name in NETWORKS),
        *(Candidate("unet++", "ours", heads, level) for level in (1, 2, 3, 4)),
        Candidate("unet++", "paper", nested),
        *(Candidate(name, "paper", {}) for name in papers),
    ]


def _ours(name: str) -> dict[str, Any]:
    wanted = {"features": 16, "normalization": "kernel", "dropout": 0.0}
    fixed = resolve(NETWORKS, name).fixed
    return {field: value for field, value in wanted.items() if field not in fixed}


def built(candidate: Candidate) -> tuple[Network, int]:
    """The network as it predicts, and how many parameters it has when it is trained."""
    settings = network_settings(candidate.network, **candidate.settings)
    network = build_network(candidate.network, settings)
    return fuse(network), sum(parameter.numel() for parameter in network.parameters())


def seconds(network: Network, image: np.ndarray, level: int | None) -> float:
    """For one image, by the clock that fits the device."""
    device = next(network.parameters()).device
    clock: Callable[[], float] = process_time if device.type == "cpu" else perf_counter
    start = clock()
    for _ in predict_tiles(network, image, tile_px=SIDE_PX, level=level):
        pass  # what it yields has come back from the device
    return clock() - start


def measure(device: torch.device) -> list[Row]:
    """A row for each candidate, with the milliseconds of every run."""
    torch.set_num_threads(1)
    image = np.random.default_rng(0).random((1, SIDE_PX, SIDE_PX), dtype=np.float32)
    rows: list[Row] = []
    networks = []
    for candidate in candidates():
        network, parameters = built(candidate)
        networks.append(on_device(network, device))
        rows.append({**candidate._asdict(), "parameters": parameters, "ms": []})
        seconds(networks[-1], image, candidate.level)  # the first run also allocates
    for _ in range(RUNS):
        for network, row in zip(networks, rows, strict=True):
            row["ms"].append(round(seconds(network, image, row["level"]) * 1000, 1))
    return rows


def main() -> None:
    """Measure on one device; what was measured on others stays in the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    device = torch.device(given.device)
    named = "CPU, one thread" if device.type == "cpu" else torch.cuda.get_device_name(device)
    found = json.loads(given.out.read_text()) if given.out.exists() else {}
    found[device.type] = {"device": named, "rows": measure(device)}
    given.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
