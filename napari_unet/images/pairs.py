"""Folders of images with their labels: which files belong together."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from napari_unet.images.codecs import plane_size
from napari_unet.images.files import KNOWN, MASKS, SUFFIXES, split_end

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pair:
    """An image and its labels, as files that have the same name."""

    stem: str
    image: Path
    labels: Path
    known: Path | None = None


def pair(
    images: str | Path, labels: str | Path | None = None, known: str | Path | None = None
) -> list[Pair]:
    """Find the labels of each image of a folder: the file of the same name in another folder.

    Parameters
    ----------
    images
        Folder with PNG, TIFF or JPEG files.
    labels
        Folder with their labels, where ``<name>_masks`` also counts as labels of ``<name>``. In the
        folder of the images, which None is, only that does.
    known
        Folder that says which pixels are known, also by name; ``<name>_known`` counts too. None
        takes those that lie beside the labels under that name, and all pixels where none does.

    Returns
    -------
    list of Pair
        Sorted by name. Labels without an image are left out, and logged.

    Raises
    ------
    ValueError
        If a folder is missing or empty, an image has no labels, or they differ in size.
    """
    images, labels = Path(images), Path(labels or images)
    pictures = _files(images)
    alone = _same(labels, images)
    masks = _files(labels, MASKS, alone=alone)
    _check_all_there(pictures, masks, f"labels in '{labels}'", MASKS if alone else "")
    if known is None:
        vouched = _files(labels, KNOWN, alone=True)
    else:
        known = Path(known)
        alone = _same(known, images) or _same(known, labels)
        vouched = _files(known, KNOWN, alone=alone)
        _check_all_there(pictures, vouched, f"known pixels in '{known}'", KNOWN if alone else "")
    left_out = sorted(masks.keys() - pictures.keys())
    if left_out:
        logger.warning("Without image, left out: %s of '%s'.", ", ".join(left_out), labels)
    pairs = [
        Pair(stem, image, masks[stem], vouched.get(stem))
        for stem, image in sorted(pictures.items())
    ]
    for one in pairs:
        _check_same_size(one)
    return pairs


def _files(folder: Path, end: str = "", *, alone: bool = False) -> dict[str, Path]:
    """The image files of a folder by their names without ending.

    Parameters
    ----------
    folder
        The folder.
    end
        What is taken off a name, for example "_masks".
    alone
        Only files of that end, of which there may be none.
    """
    if not folder.is_dir():
        raise ValueError(f"There is no folder '{folder}'; check its name.")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        # The same letter can be written as one or as two characters; file systems differ.
        stem, its_end = split_end(unicodedata.normalize("NFC", path.stem))
        if its_end not in ({end} if alone else {end, ""}):
            continue
        if stem in found:
            raise ValueError(
                f"'{found[stem].name}' and '{path.name}' in '{folder}' have the same name; take "
                "one away."
            )
        found[stem] = path
    if not found and not alone:
        raise ValueError(f"'{folder}' holds no images; put PNG, TIFF or JPEG files into it.")
    return found


def _same(one: Path, other: Path) -> bool:
    return one.is_dir() and other.is_dir() and one.samefile(other)


def _check_all_there(
    pictures: Mapping[str, Path], partners: Mapping[str, Path], what: str, end: str
) -> None:
    missing = sorted(pictures.keys() - partners.keys())
    if missing:
        more = f" and {len(missing) - 1} more have" if len(missing) > 1 else " has"
        behind = f" with '{end}' behind it" if end else ""
        raise ValueError(
            f"'{pictures[missing[0]]}'{more} no {what}; add files of the same name{behind}, or "
            f"take the image{'s' * (len(missing) > 1)} away."
        )


def _check_same_size(one: Pair) -> None:
    size = plane_size(one.image)
    for partner in (one.labels, one.known):
        if partner is not None and plane_size(partner) != size:
            raise ValueError(
                f"'{partner}' is {_text(plane_size(partner))} pixels, its image '{one.image.name}' "
                f"{_text(size)}; save it in the size of the image."
            )


def _text(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
