"""What is installed and which device works, as one block of text for a report."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from napari_unet.schema.requests import Checked

PACKAGES = (
    "napari-unet-finetune",
    "napari",
    "numpy",
    "torch",
    "scikit-image",
    "qtpy",
    "PyQt5",
    "PyQt6",
    "PySide6",
)


def versions() -> dict[str, str]:
    """The versions of the packages that matter and are installed; none of them is imported."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def setup_report(checked: Checked | None) -> str:
    """Everything about this installation that helps to understand a problem.

    Parameters
    ----------
    checked
        What trying the device gave; None while that is not known.
    """
    device = f"{checked.name} ({checked.device}). {checked.why}" if checked else "not tried yet"
    lines = {
        "system": platform.platform(),
        "python": sys.version.split()[0],
        **versions(),
        "device": device,
    }
    return "\n".join(f"{name}: {value}" for name, value in lines.items())
