"""What tiles cost: the default network over a large image, against the network itself and MONAI.

``python -m benchmarks.tiling --out benchmarks/tiling.json`` predicts an image of 2048 x 2048 pixels
(``--side`` for others) from its grey values to probabilities in memory, in one thread, by the time
of the processor. Every second tile is followed by the bare network on pixels that are there, of the
very shape that the tile is shown, so that what else the machine does falls on both. MONAI's sliding
window, where MONAI is installed, runs the same folded network, in windows of 512 pixels and in
windows of the size that our tiles show it; all take three turns. What is in the file already is not
measured again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch

from napari_unet import memory
from napari_unet.inference.predict import predict_planes
from napari_unet.inference.tiled import cut
from napari_unet.models.model import Model
from napari_unet.networks.build import build_network, fuse, network_settings, on_device
from napari_unet.networks.network import Network
from napari_unet.schema.events import TileDone
from napari_unet.schema.model_card import ModelCard
from napari_unet.schema.settings import PredictSettings

WINDOW_PX, OVERLAP = 512, 0.25
EVERY, TURNS = 2, 3
BARE_PX = (512, 736, 1248)
Row = dict[str, Any]


def default_model() -> Model:
    """The default network; what its parameters are does not change the time."""
    settings = network_settings("unet")
    card = ModelCard(name="default", network="unet", network_settings=settings)
    return Model(card, build_network("unet", settings).state_dict())


def image_of(side: int) -> np.ndarray:
    """Noise as a camera gives it, uint16 (y, x)."""
    return np.random.default_rng(0).integers(100, 4000, (side, side), dtype=np.uint16)


@contextmanager
def memory_as_it_comes() -> Iterator[None]:
    """As the C library has it by itself after a while: only the largest parts go back when free."""
    memory.set_up(large_bytes=32 << 20)
    yield
    memory.set_up()


def bare_seconds(network: Network, shape: tuple[int, int]) -> float:
    """The network alone, on pixels that are there already."""
    shown = torch.rand(1, 1, *shape).contiguous(memory_format=torch.channels_last)
    with memory_as_it_comes():
        start = process_time()
        with torch.inference_mode():
            network.probabilities(shown)
        return process_time() - start


def widest(network: Network, side: int, tile_px: int) -> int:
    """The side of the largest square that a tile shows the network."""
    return max(t.read[2] - t.read[0] for t in cut(network, (side,) * 2, (side,) * 2, tile_px))


def tiled(model: Model, network: Network, image: np.ndarray, tile_px: int) -> Row:
    """Seconds of the whole image, and of tiles beside those of the bare network."""
    size = (image.shape[0], image.shape[1])
    shapes = {
        tile.core: (tile.read[2] - tile.read[0], tile.read[3] - tile.read[1])
        for tile in cut(network, size, size, tile_px)
    }
    pairs, total, index = [], 0.0, 0
    job = predict_planes(model, [image], PredictSettings(tile_px=tile_px, device="cpu"))
    start = process_time()
    for event in job:
        if not isinstance(event, TileDone):
            continue
        seconds = process_time() - start
        total += seconds
        if index % EVERY == 1 or len(shapes) == 1:  # the first tile also reads the percentiles
            bare = bare_seconds(network, shapes[event.box])
            pairs.append([round(seconds, 3), round(bare, 3), int(np.prod(shapes[event.box]))])
        index += 1
        start = process_time()
    seen = sum(height * width for height, width in shapes.values())
    return {"side": image.shape[0], "tile": tile_px,
            "window": widest(network, image.shape[0], tile_px), "s": round(total, 2), "seen": seen,
            "tile, bare, pixels": pairs}  # fmt: skip


def monai(network: Network, image: np.ndarray, window_px: int) -> float:
    """Seconds of MONAI's sliding window, the image normalised and on the CPU already."""
    from monai.inferers import sliding_window_inference

    shown = torch.from_numpy(image.astype(np.float32) / 4000)[None, None]

    def predictor(window: torch.Tensor) -> torch.Tensor:
        return network.probabilities(window.contiguous(memory_format=torch.channels_last))

    with memory_as_it_comes():
        start = process_time()
        with torch.inference_mode():
            sliding_window_inference(
                shown, (window_px,) * 2, 1, predictor, overlap=OVERLAP, mode="gaussian"
            )
        return round(process_time() - start, 2)


def measure(found: Row, side: int, tiles: list[int], save: Callable[[], None]) -> None:
    """All that is not in ``found`` yet, on an image of one size."""
    model, image = default_model(), image_of(side)
    network = on_device(fuse(model.network()), torch.device("cpu"))
    bare_seconds(network, (256, 256))  # the first run also allocates
    if "bare" not in found:
        found["bare"] = {px: round(px * px / bare_seconds(network, (px, px))) for px in BARE_PX}
        save()
    rows, theirs = found.setdefault("tiled", []), found.setdefault("monai", {})
    windows = [WINDOW_PX, *(widest(network, image.shape[0], tile_px) for tile_px in tiles)]
    for turn in range(TURNS):
        for tile_px in tiles:
            if sum(row["tile"] == tile_px for row in rows) <= turn:
                rows.append(tiled(model, network, image, tile_px))
                save()
        for window_px in windows if find_spec("monai") is not None else ():
            if len(seconds := theirs.setdefault(str(window_px), [])) <= turn:
                seconds.append(monai(network, image, window_px))
                save()


def main() -> None:
    """Measure what the file does not hold yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=2048)
    parser.add_argument("--tiles", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    memory.set_up()
    torch.set_num_threads(1)
    found = json.loads(given.out.read_text()) if given.out.exists() else {}

    def save() -> None:
        given.out.write_text(json.dumps(found, indent=1) + "\n")

    measure(found.setdefault(str(given.side), {}), given.side, given.tiles, save)


if __name__ == "__main__":
    main()
