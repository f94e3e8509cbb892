"""How large a pixel is, as far as an image file says so."""

from __future__ import annotations

import math
import re
import struct
from pathlib import Path

import tifffile

_UM = {"nm": 1e-3, "um": 1.0, "µm": 1.0, "μm": 1.0, "micron": 1.0, "microns": 1.0, "mm": 1e3}
_UM |= {r"\u00b5m": 1.0, "cm": 1e4, "m": 1e6, "inch": 25_400.0, "pm": 1e-6, "å": 1e-4}
"""Units of length by the names that ImageJ and OME give them, in micrometres."""
_CENTIMETRE = 3
"""Of the resolution in a TIFF. Inches are left out: they are those of a printer or a screen."""
_SQUARE = 0.01
"""Sides of a pixel that differ by no more are equal."""


def pixel_size_um(path: Path) -> float | None:
    """Read the side of a pixel in micrometres from a TIFF; None if nobody knows.

    Nobody does where the file says nothing, where pixels are not square, and of other formats.
    """
    if path.suffix.lower() not in (".tif", ".tiff"):
        return None
    try:
        with tifffile.TiffFile(path) as tif:
            sides = _ome(tif) or _imagej(tif) or _plain(tif)
    except (OSError, ValueError, LookupError, TypeError, ZeroDivisionError, struct.error):
        return None
    if sides is None or not all(math.isfinite(side) and side > 0 for side in sides):
        return None
    return sides[0] if math.isclose(*sides, rel_tol=_SQUARE) else None


def _ome(tif: tifffile.TiffFile) -> tuple[float, float] | None:
    said = [re.search(rf'\bPhysicalSize{axis}="([^"]+)"', tif.ome_metadata or "") for axis in "XY"]
    if said[0] is None or said[1] is None:
        return None
    unit = re.search(r'\bPhysicalSizeXUnit="([^"]+)"', tif.ome_metadata or "")
    um = _UM.get(unit.group(1).lower(), math.nan) if unit else 1.0
    return float(said[0].group(1)) * um, float(said[1].group(1)) * um


def _imagej(tif: tifffile.TiffFile) -> tuple[float, float] | None:
    unit = str((tif.imagej_metadata or {}).get("unit", "")).lower()
    return _resolution(tif, _UM[unit]) if unit in _UM else None


def _plain(tif: tifffile.TiffFile) -> tuple[float, float] | None:
    unit = tif.pages.first.tags.get("ResolutionUnit")
    is_length = unit is not None and int(unit.value) == _CENTIMETRE and not tif.is_imagej
    return _resolution(tif, 1e4) if is_length else None


def _resolution(tif: tifffile.TiffFile, unit_um: float) -> tuple[float, float] | None:
    """Both sides of a pixel, from how many there are in a unit of length."""
    tags = [tif.pages.first.tags.get(f"{axis}Resolution") for axis in "XY"]
    if tags[0] is None or tags[1] is None:
        return None
    x, y = (tag.value[1] / tag.value[0] * unit_um for tag in tags)
    return x, y
