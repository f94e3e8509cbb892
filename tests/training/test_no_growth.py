"""A training holds no more memory at its end than at its beginning."""

import torch

from napari_unet.images.samples import cells
from napari_unet.networks.build import build_network
from napari_unet.schema.events import StepDone, finish
from napari_unet.schema.settings import AugmentSettings, NetworkSettings, TrainSettings
from napari_unet.training.examples import make_example
from napari_unet.training.patches import PatchSampler
from napari_unet.training.train import train
from tests.live_memory import held, mark

EXAMPLES = [make_example(*cells((48, 48), seed=seed)) for seed in range(2)]


def after_each_epoch(epochs, keep=lambda: None):
    """What is held after each epoch, which is one step here."""
    network = build_network("unet", NetworkSettings(features=2, depth=2), 0)
    sampler = PatchSampler(EXAMPLES, batch=2, patch_px=32, settings=AugmentSettings())
    settings = TrainSettings(epochs=epochs, batch=2, optimizer="adamw", device="cpu")

    def listen(event):
        if isinstance(event, StepDone):
            keep()
            mark()

    found = held(lambda: finish(train(network, sampler, settings), listen))[1]
    assert len(found) == epochs
    return found


def test_r3_4_after_epoch_20_it_holds_what_it_held_after_epoch_2():
    found = after_each_epoch(20)
    assert found[-1] == found[1] > 0


def test_r3_4_a_tensor_kept_of_each_epoch_would_be_found_out():
    kept = []
    found = after_each_epoch(4, lambda: kept.append(torch.zeros(1)))
    assert found[-1] > found[1]
