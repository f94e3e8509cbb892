"""Where networks run: chosen by trying it, not by asking for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from napari_unet.schema.settings import Device


class Chosen(NamedTuple):
    """The device that works, and why it is that one."""

    device: torch.device
    name: str
    """For people: "GPU: NVIDIA RTX 3060" or "CPU"."""
    why: str
    """One sentence."""


def choose_device(wish: Device = "auto") -> Chosen:
    """Find the fastest device that really computes what the CPU computes.

    A small convolution is run forward and backward on the device and compared with the CPU, so a
    card that the installed torch does not support is found out before the work starts. An Apple
    GPU also has to learn what the CPU learns: in some versions only its training was wrong.

    Raises
    ------
    ValueError
        If the wish is a device that does not work; the sentence says why.
    """
    if wish == "cpu":
        return Chosen(torch.device("cpu"), "CPU", "You chose the CPU.")
    reasons = []
    for kind in ["cuda", "mps"] if wish == "auto" else [wish]:
        problem = _problem(kind)
        if problem is None:
            name = f"GPU: {torch.cuda.get_device_name()}" if kind == "cuda" else "GPU: Apple"
            return Chosen(torch.device(kind), name, "It computes the same as the CPU, faster.")
        reasons.append(problem)
    if wish != "auto":
        raise ValueError(f"'{wish}' cannot be used: {reasons[0]} Choose 'auto' or 'cpu'.")
    return Chosen(torch.device("cpu"), "CPU", next((r for r in reasons if r), "No GPU was found."))


def _problem(kind: str) -> str | None:
    """Why this kind of device cannot be used; None if it can."""
    if kind == "cuda" and not torch.cuda.is_available():
        if torch.version.cuda is None and torch.version.hip is None:
            return "this torch was built without GPU support."
        return "no GPU was found."
    if kind == "mps" and not torch.backends.mps.is_available():
        return "this computer has no Apple GPU."
    try:
        if not _agrees(_try_step, kind):
            return "the GPU computed wrong values in a test step."
        if kind == "mps" and not _agrees(_try_training, kind):
            return "the GPU learned something else than the CPU in a test training."
    except RuntimeError as error:
        return f"the GPU failed a test step ({str(error).splitlines()[0]})."
    return None


def _agrees(trial: Callable[[str], torch.Tensor], kind: str) -> bool:
    """Whether a device gives what the CPU gives; a value that is no number agrees with none."""
    return (trial(kind) - trial("cpu")).abs().max().item() < 1e-3


def _try_step(kind: str) -> torch.Tensor:
    """Gradient of a small convolution, on the CPU; the same on every device that works."""
    convolution, ramp = _small_convolution(kind)
    convolution(ramp).relu().mean().backward()
    return torch.as_tensor(convolution.weight.grad).cpu()


def _try_training(kind: str, steps: int = 20) -> torch.Tensor:
    """Losses of a small training as ours are, the memory channels-last and the rule AdamW."""
    convolution, ramp = _small_convolution(kind)
    convolution.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    shown = ramp.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(convolution.parameters(), 0.02)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (convolution(shown).relu() - 0.5).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach().cpu())
    return torch.stack(losses)


def _small_convolution(kind: str) -> tuple[nn.Conv2d, torch.Tensor]:
    """A convolution of four features and an image for it, both always the same."""
    ramp = torch.linspace(-1, 1, 2 * 16 * 16).view(1, 2, 16, 16).to(kind)
    convolution = nn.Conv2d(2, 4, 3, bias=False)
    with torch.no_grad():
        convolution.weight.copy_(torch.linspace(-1, 1, convolution.weight.numel()).view(4, 2, 3, 3))
    return convolution.to(kind), ramp


def half_precision(device: torch.device) -> torch.dtype | None:
    """The short float in which training is faster here without being worse; None if there is none.

    bfloat16 on GPUs and on CPUs that compute with it (AMX, AVX-512 BF16); it needs no loss scaling.
    """
    has_it = False
    if device.type == "cuda":
        has_it = torch.cuda.is_bf16_supported(including_emulation=False)
    elif device.type == "cpu":
        can = torch.cpu.get_capabilities()
        has_it = can.get("amx_bf16", False) or can.get("avx512_bf16", False)
    return torch.bfloat16 if has_it else None
