"""``napari-unet corrections``: list what was corrected on this computer, and save it as files."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from cyclopts import App

from napari_unet.cli.options import Switch
from napari_unet.cli.report import print_table

if TYPE_CHECKING:
    from napari_unet.session.journal import Found, Identity

corrections = App(name="corrections", help="What was corrected on this computer, as plain files.")

_UNKNOWN = "(an image without file)"


@corrections.command(name="list")
def list_corrections(*, json_: Switch = False) -> None:
    """List the corrections of all images, the newest first.

    The last column is the name by which `corrections export` finds them.

    Parameters
    ----------
    json_
        Print all that is known of them, as JSON.
    """
    from napari_unet.session.journal import all_journals

    found = all_journals()
    if json_:
        print(json.dumps([_content(journal) for journal in found], indent=1))
    elif not found:
        print("Nothing has been corrected on this computer yet.")
    else:
        header = ["image", "corrected", "confirmed", "last change", "name"]
        print_table(header, [_row(journal) for journal in found])


@corrections.command(name="export")
def export_corrections(
    name: str, /, *, out: Path, image: Path | None = None, channel: int | None = None
) -> None:
    """Save corrections as plain files that `train` and `fine-tune` read, and ImageJ opens.

    Writes `<stem>.tif`, the image; `<stem>_masks.tif`, its labels; and `<stem>_known.tif`: 1 where
    the mask was confirmed, 2 where it was corrected, 3 for both, 4 where nobody can know; 8 is
    added in random audits. Of a stack it writes each plane of which something was said. No file is
    overwritten.

    Parameters
    ----------
    name
        As `corrections list` says it; or the image's file, or a journal's.
    out
        Folder for the files; made if it is not there.
    image
        Where the image is now, if it was moved.
    channel
        The only channel to save, counted from 1; left out, all of them.
    """
    from napari_unet.images.axes import plane
    from napari_unet.images.pixel_size import pixel_size_um
    from napari_unet.session.exchange import export
    from napari_unet.session.history import History
    from napari_unet.session.journal import read

    identity, entries = read(_chosen(name))
    source = image or Path(identity.path or _UNKNOWN)
    pixels = _pixels(source, identity, is_given=image is not None)
    history = History(identity.shape)
    labels = history.replay(entries)
    only = None if channel is None else channel - 1

    def image_of(place: tuple[int, ...]) -> np.ndarray:
        index = int(np.ravel_multi_index(place, identity.shape[:-2])) if place else 0
        return plane(pixels, identity.axes, index, only)

    size = pixel_size_um(source)
    saved = export(out, source.stem, identity.axes, labels, history.states, image_of, size)
    if saved.note:
        print(saved.note, file=sys.stderr)
    for triple in saved.triples:
        print(f"{triple.image}, {triple.masks.name}, {triple.known.name}")


def _row(journal: Found) -> list[object]:
    when = datetime.fromtimestamp(journal.last).strftime("%Y-%m-%d %H:%M")
    image = journal.identity.path or _UNKNOWN
    return [image, journal.corrections, journal.confirmations, when, _name(journal.path)]


def _content(journal: Found) -> dict[str, object]:
    return {
        "name": _name(journal.path),
        "image": journal.identity.path,
        "shape": journal.identity.shape,
        "axes": journal.identity.axes,
        "corrections": journal.corrections,
        "confirmations": journal.confirmations,
        "last": datetime.fromtimestamp(journal.last).isoformat(timespec="seconds"),
        "journal": str(journal.path),
        "open": journal.busy,
    }


def _name(path: Path) -> str:
    """A short name for a journal: its image's digits and its generation."""
    return f"{path.parent.name[:8]}-{int(path.stem)}"


def _chosen(name: str) -> Path:
    """The journal that a person means; of an image the newest."""
    from napari_unet.session.journal import all_journals

    if name.endswith(".journal"):
        return Path(name)
    wanted = Path(name).resolve()
    for journal in all_journals():
        path = journal.identity.path
        if name in (_name(journal.path), path) or (path and Path(path).resolve() == wanted):
            return journal.path
    raise ValueError(f"There are no corrections of '{name}': see `napari-unet corrections list`.")


def _pixels(source: Path, identity: Identity, *, is_given: bool) -> np.ndarray:
    """The image that was corrected, and no other."""
    from napari_unet.images.axes import spatial_shape
    from napari_unet.images.files import read_image
    from napari_unet.images.fingerprint import fingerprint

    if not source.is_file():
        raise ValueError(f"There is no file '{source}': say with --image where the image is now.")
    pixels = read_image(source)
    fits = pixels.ndim == len(identity.axes)
    if not fits or spatial_shape(pixels.shape, identity.axes) != identity.shape:
        raise ValueError(
            f"'{source}' has the shape {pixels.shape}, and what was corrected "
            f"{identity.shape}: say with --image where that image is."
        )
    if fingerprint(pixels, identity.axes) != identity.content:
        if not is_given:
            raise ValueError(
                f"'{source}' has changed since it was corrected: say with --image which file to "
                "take."
            )
        print(f"'{source}' is not quite the image that was corrected.", file=sys.stderr)
    return pixels
