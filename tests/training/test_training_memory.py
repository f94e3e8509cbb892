"""Where memory is too short for a batch, training goes on with parts of it."""

from types import SimpleNamespace

import pytest
import torch

from napari_unet.images.samples import cells
from napari_unet.losses.dice import DiceLoss
from napari_unet.networks.build import build_network
from napari_unet.schema.events import Notice, finish
from napari_unet.schema.settings import AugmentSettings, NetworkSettings, TrainSettings
from napari_unet.training import memory, step
from napari_unet.training.examples import make_example
from napari_unet.training.memory import Learner
from napari_unet.training.patches import PatchSampler
from napari_unet.training.train import make_optimizer, parameters_of, train

SETTINGS = TrainSettings(
    steps=4, batch=6, patch_px=32, optimizer="sgd", learning_rate=0.1, device="cpu"
)


@pytest.fixture(autouse=True)
def exactly(monkeypatch):
    """In full precision, so that what differs is what was computed otherwise."""
    monkeypatch.setattr(step, "half_precision", lambda device: None)


def sampler():
    examples = [make_example(*cells((48, 48), seed=seed)) for seed in range(3)]
    return PatchSampler(examples, batch=6, patch_px=32, settings=AugmentSettings())


def network(most=None, error=MemoryError, name="unet++", dropout=0.0):
    """One that finds no memory for more patches at a time."""
    heads = name == "unet++"
    shape = NetworkSettings(features=4, depth=3, deep_supervision=heads, dropout=dropout)
    built = build_network(name, shape, 0)
    heads = built.heads

    def short(image, level=None):
        if most is not None and len(image) > most:
            raise error("DefaultCPUAllocator: can't allocate memory")
        return heads(image, level)

    built.heads = short
    return built


def trained(network):
    """Its parameters, and what was said."""
    said = []
    finish(train(network, sampler(), SETTINGS), said.append)
    return parameters_of(network), [event.text for event in said if isinstance(event, Notice)]


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, RuntimeError])
def test_r3_1_short_of_memory_it_learns_the_same_in_parts(error):
    expected, silent = trained(network())
    found, said = trained(network(most=2, error=error))
    assert silent == []
    assert said == [
        "Memory was short: going on with 3 of 6 patches at a time.",
        "Memory was short: going on with 2 of 6 patches at a time.",
    ]
    start = parameters_of(network())
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=1e-5)
    assert any(not torch.allclose(start[n], v, atol=1e-3) for n, v in expected.items())


def test_r3_1_what_is_left_out_by_chance_is_so_in_both_passes():
    """A part that was computed twice with two draws would have no gradient of anything."""
    learner = Learner(network(name="unet", dropout=0.5), parts=6)
    batch = sampler().draw(0)
    torch.manual_seed(3)
    DiceLoss()(learner.heads(batch.images)[-1], batch.targets, batch.weight_maps).backward()
    found = [p.grad.clone() for p in learner.parameters() if p.grad is not None]
    learner.network.zero_grad()
    torch.manual_seed(3)
    heads = [learner.network.heads(one)[-1] for one in batch.images.split(1)]
    DiceLoss()(torch.cat(heads), batch.targets, batch.weight_maps).backward()
    expected = [p.grad for p in learner.parameters() if p.grad is not None]
    torch.testing.assert_close(found, expected)


def test_r3_1_without_memory_for_a_single_patch_it_says_so():
    with pytest.raises(MemoryError, match="allocate memory"):
        trained(network(most=0))


def test_r3_1_the_cpu_is_the_last_way_out(monkeypatch):
    """Of a network that says it is on a GPU until it is moved."""
    moved, model = [], network()
    monkeypatch.setattr(model, "cpu", lambda: moved.append("network"))
    learner, batch = Learner(model), sampler().draw(0)
    optimizer = make_optimizer(model, SETTINGS.model_copy(update={"optimizer": "adamw"}))
    finish(learner.step(batch, DiceLoss(), optimizer, 0.01))

    def short(*arguments):
        if not moved:
            raise torch.OutOfMemoryError
        return 0.5

    on_gpu = SimpleNamespace(device=torch.device("cuda"))
    monkeypatch.setattr(memory, "train_step", short)
    monkeypatch.setattr(learner, "parameters", lambda: iter([on_gpu]))
    said = []
    assert finish(learner.step(batch, DiceLoss(), optimizer, 0.01), said.append) == 0.5
    assert [one.text.split(": ")[1] for one in said] == [
        "going on with 3 of 6 patches at a time.",
        "going on with 2 of 6 patches at a time.",
        "going on with 1 of 6 patches at a time.",
        "going on with the CPU.",
    ]
