"""Networks run on a device that was seen to compute, and to learn, what the CPU does."""

import pytest
import torch

from napari_unet import device
from napari_unet.device import choose_device


@pytest.fixture
def apple(monkeypatch):
    """A computer with an Apple GPU, which here is the CPU; gives what is to be wrong with it."""

    def make(trial=None, error=None):
        def go_wrong(kind):
            if kind == "mps" and isinstance(error, Exception):
                raise error
            return honest[trial]("cpu") + (error if kind == "mps" else 0)

        honest = {name: getattr(device, name) for name in ("_try_step", "_try_training")}
        for name, does in honest.items():
            monkeypatch.setattr(device, name, lambda kind, does=does: does("cpu"))
        if trial is not None:
            monkeypatch.setattr(device, trial, go_wrong)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)

    return make


def test_r7_4_an_apple_gpu_that_computes_and_learns_as_the_cpu_does_is_used(apple):
    apple()
    assert choose_device("auto")[:2] == (torch.device("mps"), "GPU: Apple")


@pytest.mark.parametrize(
    ("trial", "error", "reason"),
    [
        ("_try_step", 0.01, "computed wrong values in a test step"),
        ("_try_training", 0.01, "learned something else than the CPU in a test training"),
        ("_try_training", float("nan"), "learned something else than the CPU in a test training"),
        ("_try_training", RuntimeError("not implemented\nmore"), r"failed a test step \(not impl"),
    ],
)
def test_r7_4_one_that_does_not_gives_way_to_the_cpu_with_the_reason(apple, trial, error, reason):
    apple(trial, error)
    with pytest.raises(ValueError, match=f"^'mps' cannot be used: the GPU {reason}.*'auto' or"):
        choose_device("mps")
    chosen = choose_device("auto")
    assert chosen.device == torch.device("cpu")
    assert "GPU" in chosen.why


def test_r7_4_the_test_training_learns_for_twenty_steps():
    losses = device._try_training("cpu")
    assert len(losses) == 20
    assert losses[-1] < 0.5 * losses[0]


def test_r7_1_a_gpu_that_is_there_but_fails_is_not_used(monkeypatch):
    """``is_available`` alone does not count."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    step = device._try_step

    def too_old(kind):
        if kind == "cuda":
            raise RuntimeError("no kernel image is available for execution on the device")
        return step(kind)

    monkeypatch.setattr(device, "_try_step", too_old)
    chosen = choose_device()
    assert chosen.device == torch.device("cpu")
    assert "no kernel image is available" in chosen.why


def test_r7_5_each_call_chooses_anew(apple):
    """So that another device can be chosen while the program runs."""
    apple()
    wishes = ["mps", "cpu", "mps"]
    assert [choose_device(wish).device.type for wish in wishes] == wishes


@pytest.mark.parametrize(
    ("can", "half"),
    [
        ({"amx_bf16": True}, torch.bfloat16),
        ({"avx512_bf16": True, "amx_bf16": False}, torch.bfloat16),
        ({"avx2": True}, None),
        ({}, None),
    ],
)
def test_r7_3_a_cpu_that_computes_with_bfloat16_learns_in_it(monkeypatch, can, half):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: can)
    assert device.half_precision(torch.device("cpu")) is half
