"""Packages that not everybody has: loaded where they are needed, and asked for if they are not."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def zarr() -> Any:
    """The package zarr, which reads and writes arrays that do not fit into memory."""
    return _needed("zarr")


def array_options(zarr_format: int, axes: str) -> dict[str, Any]:
    """What a new zarr array is made with, so that others can read it.

    Parameters
    ----------
    zarr_format
        3, or 2, which cannot say what its axes are.
    axes
        A letter for each.
    """
    if zarr_format == 2:
        return {"zarr_format": 2, "chunk_key_encoding": {"name": "v2", "separator": "/"}}
    return {"zarr_format": 3, "dimension_names": list(axes.lower())}


def ome_zarr_records(version: str) -> Any:
    """The records of OME-Zarr, "0.4" or "0.5", with which its metadata is read and written."""
    return _needed("yaozarrs." + {"0.4": "v04", "0.5": "v05"}[version])


def _needed(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise ValueError(
            "Images that do not fit into memory need zarr: install napari-unet-finetune[zarr]."
        ) from error
