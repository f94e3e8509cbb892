"""``napari-unet doctor``."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from napari_unet.cli.report import scores_text
from napari_unet.models.library import list_models, own_folder
from napari_unet.schema.settings import Device

DISTRIBUTION = "napari-unet-finetune"
_WAIT_S = 60


def doctor(*, device: Device = "auto") -> bool:
    """Check this computer: print one block of text to paste into a report.

    Names versions, the Qt binding and the graphics driver, tries the device for real by training
    and predicting for a second, and lists the models.

    Parameters
    ----------
    device
        The device to try; 'auto' tries the GPU first.
    """
    healthy = True
    for title, lines in (
        ("System", _system()),
        ("Packages", _packages()),
        ("Window", _window()),
        ("Models", _models()),
    ):
        _print_section(title, lines)
    try:
        _print_section("Device", _device(device))
    except (ValueError, RuntimeError) as error:
        _print_section("Device", iter([f"does not work: {error}"]))
        healthy = False
    return healthy


def _print_section(title: str, lines: Iterator[str]) -> None:
    for number, line in enumerate(lines):
        print(f"{'' if number else title:10}{line}", flush=True)


def _system() -> Iterator[str]:
    yield f"{DISTRIBUTION} {version(DISTRIBUTION)}"
    yield f"Python {platform.python_version()} ({sys.executable})"
    yield f"{platform.platform()}, {os.cpu_count()} cores"


def _packages() -> Iterator[str]:
    """The versions of all that the package needs, as its own metadata lists it."""
    needed = [line for line in requires(DISTRIBUTION) or () if "extra ==" not in line]
    names = sorted({re.split(r"[^\w.-]", line)[0].lower() for line in needed} | {"npe2", "vispy"})
    found = [f"{name} {_version(name)}" for name in names]
    for start in range(0, len(found), 5):
        yield ", ".join(found[start : start + 5])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is missing"


def _window() -> Iterator[str]:
    """What the window needs, tried in a process of its own: a broken driver may end it."""
    command = [sys.executable, "-m", "napari_unet.cli.window_probe"]
    try:
        tried = subprocess.run(
            command, capture_output=True, text=True, timeout=_WAIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        yield f"does not answer within {_WAIT_S} s"
        return
    yield from tried.stdout.splitlines()
    if tried.returncode:
        yield f"no window can be opened here (exit status {tried.returncode}):"
        yield from [line for line in tried.stderr.splitlines() if line.strip()][-4:]


def _models() -> Iterator[str]:
    for entry in list_models():
        scores = entry.card.scores
        told = f", {scores_text(scores)}" if scores else ""
        yield f"{entry.name} ({'shipped' if entry.shipped else 'your own'}{told})"
    yield f"your own are in {own_folder()}"


def _device(device: Device) -> Iterator[str]:
    from napari_unet.training.trial import trial

    tried = trial(device)
    yield f"{tried.device.name}: {tried.device.why}"
    yield (
        f"trained {tried.steps} steps in {tried.train_s:.1f} s, and the loss "
        f"{'fell' if tried.learned else 'rose'}; "
        f"predicted 256 x 256 pixels in {tried.predict_s:.2f} s"
    )
