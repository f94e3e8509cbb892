"""OME-Zarr images: what their axes mean, and how large their pixels are at every level."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from napari_unet.images.extra import ome_zarr_records, zarr

OME = ".ome"
"""What stands before the ending of OME files: ``cells.ome.zarr``."""
_OF_TYPE = {"time": "T", "channel": "C"}
_CHANNEL_NAMES = ("c", "ch", "channel", "channels")


class OmeZarr(NamedTuple):
    """What an OME-Zarr image says of itself."""

    path: Path
    """Its folder."""
    version: str
    """Of the format: "0.4" or "0.5"."""
    multiscale: Any
    """As the package yaozarrs has it: axes, and for each level where it is and its scale."""

    @property
    def levels(self) -> list[Path]:
        """The arrays, the finest first."""
        return [self.path / level.path for level in self.multiscale.datasets]

    @property
    def zarr_format(self) -> int:
        """The version of zarr that belongs to the version of the format."""
        return 2 if self.version == "0.4" else 3

    @property
    def axes(self) -> str:
        """Letters of `napari_unet.images.axes`, by types and names of the axes.

        Raises
        ------
        ValueError
            If one is neither time, channel nor space, or the planes do not lie last.
        """
        axes = self.multiscale.axes
        spatial = iter(_spatial([axis.name for axis in axes if axis.type == "space"]))
        letters = "".join(
            next(spatial) if axis.type == "space" else _other(axis.type, axis.name) for axis in axes
        )
        understood = "?" not in letters and len(set(letters)) == len(letters)
        if not (understood and letters.replace("C", "").endswith("YX")):
            names = ", ".join(axis.name for axis in axes)
            raise ValueError(
                f"The axes of '{self.path}' ({names}) are not understood: name them with --axes, "
                "a letter of T, C, Z, Y, X for each."
            )
        return letters


def read_ome_zarr(path: Path) -> OmeZarr | None:
    """Read what an OME-Zarr image says of itself; None if a folder is none.

    Parameters
    ----------
    path
        A folder: an image of OME-Zarr 0.4 or 0.5, or something else.

    Raises
    ------
    ValueError
        If it is an OME-Zarr of another version, or a damaged one; the sentence names it.
    """
    if not path.is_dir():
        return None
    try:
        said = dict(zarr().open_group(path, mode="r").attrs)
    except (OSError, ValueError, LookupError, TypeError):
        return None  # an array by itself, or no zarr: who opens it says what is wrong
    version = "0.5" if "ome" in said else "0.4"
    said = said.get("ome", said)
    if "multiscales" not in said:
        return None
    try:
        image = ome_zarr_records(version).Image.model_validate(said)
    except ValueError as error:
        raise ValueError(
            f"'{path}' is no OME-Zarr of version 0.4 or 0.5 ({_first_line(error)}): name one of "
            f"the arrays in it, such as '{path / '0'}', and --axes."
        ) from error
    return OmeZarr(path, version, image.multiscales[0])


def _spatial(names: Sequence[str]) -> str:
    """The letters of the axes in space: by their names, or where these say nothing by place."""
    named = "".join(names).upper()
    return named if sorted(named) == sorted("ZYX"[-len(names) :]) else "ZYX"[-len(names) :]


def _other(kind: str | None, name: str) -> str:
    """The letter of an axis that is not in space; ? if nobody knows."""
    return _OF_TYPE.get(kind or "", "C" if name.lower() in _CHANNEL_NAMES else "?")


def _first_line(error: ValueError) -> str:
    """What pydantic found first, on one line."""
    errors: list[dict[str, object]] = getattr(error, "errors", list)()
    return " ".join(str(errors[0]["msg"] if errors else error).split()).rstrip(".")
