"""Which image files are segmented, and where their results are written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from napari_unet.images.files import KNOWN, MASKS, PROBABILITIES, SUFFIXES
from napari_unet.images.ome_labels import masks_in
from napari_unet.images.ome_zarr import OME
from napari_unet.images.stores import ZARR, is_group, is_large, is_store
from napari_unet.inference.written import Targets


def image_files(given: Iterable[Path], out: Path) -> list[Path]:
    """List images to segment, those of a folder in its place; former results are left out.

    Parameters
    ----------
    given
        Image files and folders.
    out
        Where the results will be.

    Raises
    ------
    ValueError
        If there is no image, two would get the same results, or one would be overwritten.
    """
    found: list[Path] = []
    for path in given:
        found += _of_folder(path) if path.is_dir() and not is_store(path) else [path]
    named: dict[str, Path] = {}
    for path in found:
        other = named.setdefault(_stem(path).lower(), path)
        if other is not path:
            raise ValueError(f"'{other}' and '{path}' have the same name: do one after the other.")
    images = {path.resolve() for path in found}
    for path in found:
        for target in targets_of(path, out)[:2]:
            if overwritten := images & {target.resolve(), *target.resolve().parents}:
                raise ValueError(
                    f"'{overwritten.pop()}' is an image, which the result of '{path.name}' would "
                    "overwrite: choose another folder for results."
                )
    return found


def targets_of(image: Path, out: Path) -> Targets:
    """Where the results of an image are written in a folder.

    They are files; of large images zarr arrays, and of an OME-Zarr the masks are labels in another.
    """
    stem, unfinished = _stem(image), out / f"{_stem(image)}_unfinished.json"
    if is_group(image):
        masks = out / f"{stem}{MASKS}{image.name.removeprefix(stem) or ZARR}"
        return Targets(masks_in(masks), out / f"{stem}{PROBABILITIES}{ZARR}", unfinished)
    end = ZARR if is_large(image) else ".tif"
    masks, probabilities = (out / f"{stem}{what}{end}" for what in (MASKS, PROBABILITIES))
    return Targets(masks, probabilities, unfinished)


def _stem(image: Path) -> str:
    """The name of an image without its endings, of which an OME-Zarr has two."""
    return image.stem.removesuffix(OME) if is_group(image) else image.stem


def _of_folder(folder: Path) -> list[Path]:
    found = [
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in (*SUFFIXES, ZARR)
        and not path.name.startswith(".")
        and not path.stem.removesuffix(OME).endswith((MASKS, PROBABILITIES, KNOWN))
    ]
    if not found:
        raise ValueError(f"'{folder}' holds no images; put PNG, TIFF, JPEG or zarr into it.")
    return found
